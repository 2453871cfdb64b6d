/**
 * Server-side apply: merges a configuration into an object, tells conflicts, and removes what
 * the applier no longer names. Rules and texts as in the real server (KEP-555).
 */
import { deepCopy } from '../meta/copy.ts';
import { jsonEqual } from '../meta/equality.ts';
import { quote } from '../meta/field-error.ts';
import { badRequest, StatusError } from '../meta/status-error.ts';
import type { KubeObject, ManagedFieldsEntry } from '../schema/wire.ts';
import { difference, forEachPath, isEmptySet, leaf } from './field-set.ts';
import { lastAppliedFields, syncLastApplied } from './last-applied.ts';
import { ListElementError } from './list-element.ts';
import {
  disown,
  type FieldOwnership,
  filterOf,
  type Ownership,
  storedManagers,
  stripIdentity,
  trackUpdate,
} from './managed-fields.ts';
import { encodeManagers, type Manager, type Managers, managerId } from './managers.ts';
import { fieldSetOf } from './named-fields.ts';
import { pathText } from './path-element.ts';
import { prune } from './prune.ts';
import { shapeOf } from './shape.ts';
import { merge } from './typed-merge.ts';
import { typeProblems } from './typed-validate.ts';

/** An apply request. */
export interface Apply extends FieldOwnership {
  /** The stored object in `apiVersion`; undefined: the apply creates it. Not changed. */
  readonly live: KubeObject | undefined;
  /** The configuration as it was sent, only its syntax checked. Not changed. */
  readonly config: KubeObject;
  /** The kind expected, such as `Deployment`. */
  readonly kind: string;
  readonly manager: string;
  /** Takes over what others own instead of telling conflicts. */
  readonly force: boolean;
}

/**
 * The object after the apply, managedFields set; shares nothing with the inputs. It still has to
 * be decoded and defaulted, as a body that was sent.
 * Throws StatusError: 400 for a wrong kind or managedFields in the configuration, 409 with one
 * cause per field for conflicts, 500 when the configuration does not fit the type (as the real
 * server answers it).
 */
export function applyPatch(apply: Apply): KubeObject {
  checkConfig(apply);
  try {
    return applyChecked(apply);
  } catch (e) {
    if (!(e instanceof ListElementError)) throw e;
    throw untypedLive(apply, e.message);
  }
}

/** A stored object that its type does not describe: as long as nobody owns it, nobody can. */
function untypedLive({ live, apiVersion, kind, type }: Apply, message: string): StatusError {
  const meta = live?.metadata;
  const object = `(${meta?.namespace ?? ''}/${meta?.name ?? ''}; ${kindText(apiVersion, kind)})`;
  const problems =
    live === undefined ? undefined : typeProblems(shapeOf(type), withoutManaged(live));
  const what =
    storedManagers(meta?.managedFields).size === 0
      ? `failed to create manager for existing fields: failed to convert new object ${object} to smd typed`
      : `failed to create typed live object ${object}`;
  return new StatusError('', `${what}: ${problems ?? message}`);
}

function applyChecked(apply: Apply): KubeObject {
  const { config, live } = apply;
  const managers = storedManagers(live?.metadata?.managedFields);
  const start: KubeObject =
    live === undefined ? { apiVersion: apply.apiVersion, kind: apply.kind } : withoutManaged(live);
  if (managers.size === 0 && live !== undefined) {
    trackUpdate({ ...apply, manager: 'before-first-apply' }, undefined, start, managers);
  }
  const result = applyWithUpgrade(apply, start, managers);
  const out = deepCopy(result.object) as KubeObject;
  if (apply.manager === 'kubectl') syncLastApplied(out, config);
  const entries = encodeManagers(result.managers);
  if (entries !== undefined) out.metadata = { ...out.metadata, managedFields: entries };
  return out;
}

function checkConfig(apply: Apply): void {
  const { config } = apply;
  const [apiVersion, kind] = [textOf(config.apiVersion), textOf(config.kind)];
  if (apiVersion !== apply.apiVersion || kind !== apply.kind) {
    throw badRequest(`invalid object type: ${kindText(apiVersion, kind)}`);
  }
  if (Array.isArray(config.metadata?.managedFields)) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const problems = typeProblems(shapeOf(apply.type), config);
  if (problems !== undefined) {
    const name = `${textOf(config.metadata?.namespace)}/${textOf(config.metadata?.name)}`;
    throw new StatusError(
      '',
      `failed to create typed patch object (${name}; ${kindText(apiVersion, kind)}): ${problems}`,
    );
  }
}

/** What counts as no text at all when it is none: nobody has checked a configuration's types. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** `apps/v1, Kind=Deployment`; the core group is the empty one: `/v1, Kind=Pod`. */
function kindText(apiVersion: string, kind: string): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function withoutManaged(obj: KubeObject): KubeObject {
  if (obj.metadata?.managedFields === undefined) return obj;
  const { managedFields: _, ...metadata } = obj.metadata;
  return { ...obj, metadata };
}

interface Applied {
  readonly object: unknown;
  readonly managers: Managers;
}

class Conflicts extends Error {
  readonly list: readonly Ownership[];

  constructor(list: readonly Ownership[]) {
    super('conflicts');
    this.list = list;
  }
}

/**
 * kubectl may take over what its own client-side apply set: conflicts on fields that still have
 * the value noted in the last-applied annotation do not count.
 */
function applyWithUpgrade(apply: Apply, start: KubeObject, managers: Managers): Applied {
  try {
    return applyOnce(apply, start, new Map(managers), apply.force);
  } catch (e) {
    if (!(e instanceof Conflicts)) throw e;
    const allowed =
      apply.manager === 'kubectl'
        ? lastAppliedFields(shapeOf(apply.type), apply.apiVersion, start)
        : undefined;
    if (allowed === undefined) throw conflictError(e.list);
    const rest = e.list
      .map((c) => ({ ...c, set: difference(c.set, allowed) }))
      .filter((c) => !isEmptySet(c.set));
    if (rest.length > 0) throw conflictError(rest);
    return applyOnce(apply, start, new Map(managers), true);
  }
}

function applyOnce(apply: Apply, start: KubeObject, managers: Managers, force: boolean): Applied {
  const shape = shapeOf(apply.type);
  const entry: Manager = {
    manager: apply.manager === '' ? 'unknown' : apply.manager,
    operation: 'Apply',
    apiVersion: apply.apiVersion,
    subresource: apply.subresource ?? '',
    time: undefined,
    set: leaf,
  };
  const id = managerId(entry);
  const last = managers.get(id);
  const set = filterOf(apply.resetFields)(fieldSetOf(shape, apply.config));
  managers.set(id, { ...entry, time: last?.time, set });
  const merged = merge(shape, start, apply.config);
  const next = last === undefined ? merged : prune(apply, merged, managers, last);
  disown(
    apply,
    start,
    next,
    managers,
    id,
    force
      ? undefined
      : (conflicts) => {
          throw new Conflicts(conflicts);
        },
  );
  const unchanged = jsonEqual(start, next);
  const mine = stripIdentity(set);
  if (isEmptySet(mine)) managers.delete(id);
  else managers.set(id, { ...entry, time: unchanged ? last?.time : apply.now, set: mine });
  return { object: next, managers };
}

/** 409 that names every field and its manager. */
function conflictError(conflicts: readonly Ownership[]): StatusError {
  const sorted = conflicts.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const causes: { reason: string; message: string; field: string }[] = [];
  const lines: string[] = [];
  for (const c of sorted) {
    const who = managerText(c.manager);
    lines.push(`conflicts with ${who}:`);
    forEachPath(c.set, (path) => {
      const field = pathText(path);
      lines.push(`- ${field}`);
      causes.push({ reason: 'FieldManagerConflict', message: `conflict with ${who}`, field });
    });
  }
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${causes[0]!.message}: ${causes[0]!.field}`
      : `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`;
  return new StatusError('Conflict', message, { causes });
}

function managerText(m: Manager): string {
  const name = quote(m.manager);
  const who = m.subresource === '' ? name : `${name} with subresource ${quote(m.subresource)}`;
  return m.operation === 'Update' ? `${who} using ${m.apiVersion}` : who;
}

/**
 * Puts back the times of `prev` when nothing but times changed, so that an apply or update
 * without effect writes nothing. `next` in place; true when it equals `prev` then.
 */
export function keepTimesWhenUnchanged(next: KubeObject, prev: KubeObject): boolean {
  const a = next.metadata?.managedFields ?? [];
  const b = prev.metadata?.managedFields ?? [];
  if (a.length !== b.length) return false;
  const timeless = (e: ManagedFieldsEntry): ManagedFieldsEntry => ({ ...e, time: '' });
  for (let i = 0; i < a.length; i++) {
    if (!jsonEqual(timeless(a[i]!), timeless(b[i]!))) return false;
  }
  if (!jsonEqual(withoutManaged(next), withoutManaged(prev))) return false;
  if (a.length > 0) next.metadata!.managedFields = b;
  return true;
}
