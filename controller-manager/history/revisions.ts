/**
 * Revisions of a pod template (ControllerRevision): the history of stateful sets and daemon sets.
 * The data is a patch that puts the template back, which `kubectl rollout undo` applies.
 */
import { deepEqual } from '../../machinery/meta/equality.ts';
import { newControllerRef } from '../../machinery/meta/owner.ts';
import { safeEncode } from '../../machinery/meta/random.ts';
import type {
  ControllerRevision,
  KubeObject,
  PodTemplateSpec,
} from '../../machinery/schema/wire.ts';
import { canonicalJson } from '../pods/template-hash.ts';

export const hashLabel = 'controller.kubernetes.io/hash';
const nameLimit = 223;

interface TemplatePatch {
  readonly spec?: { readonly template?: PodTemplateSpec & { $patch?: string } };
}

/** What a parent has in common for its revisions. */
export interface RevisionParent {
  readonly object: KubeObject;
  readonly apiVersion: string;
  readonly kind: string;
  readonly template: PodTemplateSpec;
  /** The label that holds the hash. */
  readonly hashLabel: string;
}

/** A revision for the parent's present template, not created yet. */
export function newRevision(
  parent: RevisionParent,
  number: number,
  collisions: number,
): ControllerRevision {
  const { namespace, name = '', annotations } = parent.object.metadata ?? {};
  const { template } = parent;
  const data = { spec: { template: { ...template, $patch: 'replace' } } };
  const hash = hashOf(data, collisions);
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name.slice(0, nameLimit)}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...template.metadata?.labels, [parent.hashLabel]: hash },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [newControllerRef(parent.object, parent.apiVersion, parent.kind)],
    },
    data,
    revision: number,
  };
}

/** FNV-32, written in the alphabet of names. */
function hashOf(data: object, collisions: number): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(canonicalJson(data) + String(collisions))) {
    hash = Math.imul(hash, 0x01000193) >>> 0;
    hash = (hash ^ byte) >>> 0;
  }
  return safeEncode(String(hash));
}

/** Oldest first. */
export function byNumber(a: ControllerRevision, b: ControllerRevision): number {
  const text = (r: ControllerRevision): string =>
    `${r.metadata?.creationTimestamp ?? ''} ${r.metadata?.name}`;
  return a.revision - b.revision || (text(a) < text(b) ? -1 : 1);
}

export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } =
    (revision.data as TemplatePatch | undefined)?.spec?.template ?? {};
  return template;
}

/** True when both put the same template back. */
export function sameRevision(a: ControllerRevision, b: ControllerRevision): boolean {
  return deepEqual(templateOf(a), templateOf(b));
}

export type RevisionAction =
  | { readonly type: 'none'; readonly revision: ControllerRevision }
  /** An old one becomes the newest again. */
  | { readonly type: 'renumber'; readonly revision: ControllerRevision }
  | { readonly type: 'create'; readonly revision: ControllerRevision };

/** How to come to a revision of the present template. `present` are all of the parent's. */
export function planRevision(
  parent: RevisionParent,
  present: readonly ControllerRevision[],
  collisions: number,
): RevisionAction {
  const ordered = present.toSorted(byNumber);
  const number = (ordered.at(-1)?.revision ?? 0) + 1;
  const wanted = newRevision(parent, number, collisions);
  const equal = ordered.findLast((r) => sameRevision(r, wanted));
  if (equal === undefined) return { type: 'create', revision: wanted };
  if (equal === ordered.at(-1)) return { type: 'none', revision: equal };
  return { type: 'renumber', revision: { ...equal, revision: number } };
}

/** Revisions beyond the limit, oldest first, of those that are not `live`. */
export function outdatedRevisions(
  present: readonly ControllerRevision[],
  live: ReadonlySet<string>,
  limit: number,
): ControllerRevision[] {
  const history = present.filter((r) => !live.has(r.metadata?.name ?? '')).toSorted(byNumber);
  return history.slice(0, Math.max(0, history.length - limit));
}
