/** What the audit log tells of webhooks. */
import { isQualifiedName } from '../../../machinery/meta/names.ts';
import type { JsonPatchOperation } from '../../../machinery/patch/json-patch.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { Hook } from './hook.ts';

type Annotated = Pick<AdmissionAttributes, 'annotate'>;

const mutation = 'mutation.webhook.admission.k8s.io/';
const patch = 'patch.webhook.admission.k8s.io/';
const validating = 'validating.webhook.admission.k8s.io/';

/** `round`: 0, or 1 when the phase runs again; `index`: of the webhook among those of its type. */
export interface Turn {
  readonly round: number;
  readonly index: number;
}

function keyOf(prefix: string, { round, index }: Turn): string {
  return `${prefix}round_${round}_index_${index}`;
}

/** Whether a webhook has changed the object. */
export function annotateMutation(a: Annotated, hook: Hook, turn: Turn, mutated: boolean): void {
  const { configuration, name: webhook } = hook;
  a.annotate?.(keyOf(mutation, turn), escaped(JSON.stringify({ configuration, webhook, mutated })));
}

/** What a webhook has changed, for those who are told of requests' objects. */
export function annotatePatch(
  a: Annotated,
  hook: Hook,
  turn: Turn,
  operations: readonly JsonPatchOperation[],
): void {
  if (a.annotate === undefined) return;
  const { configuration, name: webhook } = hook;
  // Members of an operation in the order of Go's maps.
  const told = operations.map(({ from, op, path, value }) => ({ from, op, path, value }));
  const value = { configuration, webhook, patch: told, patchType: 'JSONPatch' };
  a.annotate(keyOf(patch, turn), escaped(JSON.stringify(value)), 'Request');
}

/** What a webhook notes itself; keys that are no qualified names are left out. */
export function annotateForWebhook(a: Annotated, key: string, value: string): void {
  if (isQualifiedName(key).length === 0) a.annotate?.(key, value);
}

/** As Go writes JSON: safe in HTML. */
function escaped(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A webhook failed, and that was ignored. */
export function annotateFailedOpen(a: Annotated, { type, name }: Hook, turn: Turn): void {
  a.annotate?.(keyOf(`failed-open.${type === 'admit' ? mutation : validating}`, turn), name);
}
