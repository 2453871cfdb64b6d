/** What an update may change: the version it is based on, the strategy's rules, validation. */
import { normalizeInPlace } from '../../../machinery/codec/decode.ts';
import { emptiedOf, holdsEmptied } from '../../../machinery/meta/emptied.ts';
import { jsonEqual, semanticEqual } from '../../../machinery/meta/equality.ts';
import * as fe from '../../../machinery/meta/field-error.ts';
import { nameIsDnsSubdomain, nameIsPathSegment } from '../../../machinery/meta/names.ts';
import {
  validateKubeFinalizers,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../../../machinery/meta/object-meta-validation.ts';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import { uintProblem } from '../../../machinery/meta/uint.ts';
import type { KubeObject, ObjectMeta } from '../../../machinery/schema/wire.ts';
import type {
  MetadataCheck,
  ResourceDefinition,
  UpdateStrategy,
  WriteContext,
} from '../resource.ts';
import { ensureNamespace } from './namespace.ts';
import { isInvalid, isModified, needsVersion } from './refusals.ts';
import type { StoredObjects } from './stored-objects.ts';

/** Refuses an update of another version than the stored one; sets the version where none is given. */
export function checkRevision(
  d: ResourceDefinition,
  next: KubeObject,
  prev: KubeObject,
  name: string,
  ctx: WriteContext,
): void {
  next.metadata ??= {};
  const asked = next.metadata.resourceVersion ?? '';
  checkVersionText(asked);
  if (asked === '' || asked === '0') {
    if (!d.unconditionalUpdate) {
      const at = fe.FieldPath.of('metadata', 'resourceVersion');
      const error = fe.invalidValue(at, 0, 'must be specified for an update');
      throw needsVersion(d, name, error, ctx);
    }
    next.metadata.resourceVersion = prev.metadata!.resourceVersion!;
    return;
  }
  if (asked !== prev.metadata!.resourceVersion) throw isModified(d, name, ctx);
}

/** Refuses what is no version at all. */
export function checkVersionText(version: string | undefined): void {
  if (version === undefined || version === '') return;
  const problem = uintProblem(version);
  // Answered 500 by the real server: the text of Go's parser comes through.
  if (problem !== undefined) throw new StatusError('', problem);
}

/** Makes `next` what is to be stored over `prev`, in place, and checks it. */
export function prepareUpdate(
  { definition: d, type }: StoredObjects,
  next: KubeObject,
  prev: KubeObject,
  strategy: UpdateStrategy<KubeObject> | 'main',
  ctx: WriteContext,
): void {
  const meta = next.metadata!;
  const old = prev.metadata!;
  ensureNamespace(d.namespaced ? ctx.namespace : '', meta);
  // Nothing stores it any more.
  delete meta.selfLink;
  setOrDelete(meta, 'generation', old.generation);
  if (strategy === 'main') {
    if (d.status !== false) keepStatus(next, prev);
    const asSent = d.countsDroppedFields && isNewGeneration(d, type, next, prev);
    d.prepareForUpdate?.(next, prev, ctx);
    if (d.countsDroppedFields ? asSent : isNewGeneration(d, type, next, prev)) {
      meta.generation = (old.generation ?? 0) + 1;
    }
  } else strategy.prepareForUpdate?.(next, prev, ctx);
  if (!meta.uid && old.uid !== undefined) meta.uid = old.uid;
  if (old.creationTimestamp !== undefined) meta.creationTimestamp = old.creationTimestamp;
  if (old.deletionTimestamp !== undefined) meta.deletionTimestamp = old.deletionTimestamp;
  if (old.deletionGracePeriodSeconds !== undefined) {
    meta.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
  }
  normalizeInPlace(next, type);
  // The kind has the same hooks for updates of the object itself.
  const rules: UpdateRules = strategy === 'main' ? d : strategy;
  const errors = [
    ...validateChangedMeta(d, meta, old, rules.metadataChecks ?? ['change']),
    ...(rules.validateUpdate?.(next, prev, ctx) ?? []),
  ];
  if (errors.length > 0) throw isInvalid(d, next, errors);
  for (const w of rules.warnings?.(next, prev) ?? []) ctx.warn(w);
  d.canonicalize?.(next);
}

type UpdateRules = Pick<
  UpdateStrategy<KubeObject>,
  'metadataChecks' | 'validateUpdate' | 'warnings'
>;

function isNewGeneration(
  { generationOf, generationTellsEmpty }: ResourceDefinition,
  type: StoredObjects['type'],
  next: KubeObject,
  prev: KubeObject,
): boolean {
  if (generationOf === undefined) return false;
  const [a, b] = [generationOf(next), generationOf(prev)];
  // What is stored has no empty lists.
  if (generationTellsEmpty && (holdsEmptied(a) || emptiedOf(next)?.some((name) => name in a))) {
    return true;
  }
  // Most writes change nothing here, which the cheaper comparison finds.
  return !jsonEqual(a, b) && !semanticEqual({ kind: 'struct', type }, a, b);
}

/** The checks of metadata that every update makes, and those that the kind repeats. */
function validateChangedMeta(
  { namespaced, nameRule = nameIsDnsSubdomain, anyFinalizer }: ResourceDefinition,
  next: ObjectMeta,
  prev: ObjectMeta,
  repeated: readonly MetadataCheck[],
): fe.FieldError[] {
  const common = validateObjectMeta(next, { namespaced, nameFn: nameIsPathSegment });
  const change = validateObjectMetaUpdate(next, prev);
  const finalizers = anyFinalizer ? [] : validateKubeFinalizers(next.finalizers);
  const again = repeated.flatMap((check) => [
    ...(check === 'change' ? change : validateObjectMeta(next, { namespaced, nameFn: nameRule })),
    ...finalizers,
  ]);
  return [...common, ...change, ...again];
}

type WithStatus = KubeObject & { status?: unknown };

function keepStatus(next: WithStatus, prev: WithStatus): void {
  if (prev.status === undefined) delete next.status;
  else next.status = prev.status;
}

function setOrDelete(meta: ObjectMeta, key: 'generation', value: number | undefined): void {
  if (value === undefined) delete meta[key];
  else meta[key] = value;
}
