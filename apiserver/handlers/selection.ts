/** Which objects a list or watch is about: namespace, selectors, the name in the path. */
import * as fe from '../../machinery/meta/field-error.ts';
import { FieldSelector } from '../../machinery/meta/fields.ts';
import type { Selector } from '../../machinery/meta/labels.ts';
import { isDns1123Label, isPathSegmentName } from '../../machinery/meta/names.ts';
import { badRequest } from '../../machinery/meta/status-error.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { StoredObject } from '../storage/cache/stored-object.ts';
import type { Trigger } from '../storage/cache/watchers.ts';
import type { ListOptions } from './list-options.ts';

export interface Selection {
  /** Of the request; '' for all. */
  readonly namespace: string;
  /** Where the objects stand: `namespace`, or the one that the field selector asks for. */
  readonly scope: string;
  readonly labels: Selector;
  readonly fields: FieldSelector;
  /** The name in the path; '' for none. */
  readonly name: string;
  /** Nothing is left out but by namespace. */
  readonly everything: boolean;
  matches(o: StoredObject): boolean;
}

/** Throws 400 for a field that cannot be selected. */
export function selectionOf(
  resource: ServedResource,
  namespace: string,
  name: string,
  options: ListOptions,
): Selection {
  const { labelSelector: labels } = options;
  for (const r of options.fieldSelector.requirements) checkField(resource, r.field);
  const fields = inStoredNames(resource, options.fieldSelector);
  if (name !== '' && !fields.empty && fields.exactValue('metadata.name') !== name) {
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  }
  const everything = labels.empty && fields.empty && name === '';
  const terms = fields.requirements;
  return {
    namespace,
    scope: scopeOf(resource, namespace, fields),
    labels,
    fields,
    name,
    everything,
    matches(o) {
      if (everything) return true;
      if (name !== '' && o.name !== name) return false;
      for (const t of terms) {
        if (((o.field(t.field) ?? '') === t.value) !== (t.operator === '=')) return false;
      }
      return labels.empty || labels.matches(o.labels);
    },
  };
}

function scopeOf(resource: ServedResource, namespace: string, fields: FieldSelector): string {
  if (namespace !== '' || !resource.definition.namespaced) return namespace;
  const selected = fields.exactValue('metadata.namespace');
  return selected !== undefined && isDns1123Label(selected).length === 0 ? selected : '';
}

/** A version may call the fields of the stored object differently. */
function inStoredNames(resource: ServedResource, selector: FieldSelector): FieldSelector {
  const names = resource.conversion?.fieldNames;
  if (names === undefined || selector.empty) return selector;
  return new FieldSelector(
    selector.requirements.map((r) => ({ ...r, field: names[r.field] ?? r.field })),
  );
}

function checkField(resource: ServedResource, field: string): void {
  const { selectableFields, unknownFieldText, namespaced } = resource.definition;
  const known = Object.keys(resource.conversion?.fieldNames ?? selectableFields);
  if (field === 'metadata.name' || known.includes(field)) return;
  // Cluster-wide kinds with a list of their own leave it out of that.
  if (field === 'metadata.namespace' && (namespaced || known.length === 0)) return;
  if (unknownFieldText !== undefined) throw badRequest(unknownFieldText(field));
  if (known.length === 0) {
    throw badRequest(
      `${fe.quote(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  throw badRequest(`field label not supported: ${field}`);
}

/** The name of the one object that can be selected, where its key is known from the request. */
export function selectedName(resource: ServedResource, selection: Selection): string | undefined {
  const name = selection.fields.exactValue('metadata.name');
  const placed = selection.scope !== '' || !resource.definition.namespaced;
  return placed && name !== undefined && isPathSegmentName(name).length === 0 ? name : undefined;
}

/** What the objects selected have in common: the narrowest of what can be told apart cheaply. */
export function triggerOf(resource: ServedResource, selection: Selection): Trigger | undefined {
  const { fields, labels, name } = selection;
  if (name !== '') return { field: 'metadata.name', value: name };
  const { indexedFields } = resource.store.cache.spec;
  for (const field of ['metadata.name', ...indexedFields]) {
    const value = fields.exactValue(field);
    if (value !== undefined) return { field, value };
  }
  let any: Trigger | undefined;
  for (const { key, operator, values } of labels.requirements) {
    if (operator === '=' || operator === '==' || operator === 'in') return { label: key, values };
    if (operator === 'exists') any ??= { label: key, values: undefined };
  }
  for (const { field, operator, value } of fields.requirements) {
    if (operator === '=' && field !== 'metadata.namespace') return { field, value };
  }
  return any;
}

/** The objects selected, in key order, using an index where one serves; to be read at once. */
export function* selected(
  resource: ServedResource,
  selection: Selection,
): Generator<StoredObject, void, undefined> {
  for (const o of candidates(resource, selection).objects) if (selection.matches(o)) yield o;
}

/** Objects in key order, to be read at once, among which are all that are selected. */
export interface Candidates {
  readonly objects: Iterable<StoredObject>;
  /** Those are left out already that an index of labels showed not to be selected. */
  readonly narrowed: boolean;
}

/**
 * Where a list looks for the selected objects: in the namespace, at an index value, at the one of
 * that name. `from`: of a later page, from this key on behind the one of the namespace; it uses no
 * index of fields.
 */
export function candidates(
  resource: ServedResource,
  selection: Selection,
  from?: string,
): Candidates {
  const { cache } = resource.store;
  const { scope, fields, labels } = selection;
  if (from !== undefined) {
    return { objects: cache.objects(selection.namespace, from), narrowed: false };
  }
  const name = selectedName(resource, selection);
  if (name !== undefined) {
    const o = cache.get(scope, name);
    return { objects: o === undefined ? [] : [o], narrowed: false };
  }
  for (const field of cache.spec.indexedFields) {
    const value = fields.exactValue(field);
    if (value === undefined) continue;
    const found = cache.indexed(field, value) ?? [];
    const objects = scope === '' ? found : found.filter((o) => o.namespace === scope);
    return { objects, narrowed: false };
  }
  if (labels.empty) return { objects: cache.objects(scope), narrowed: false };
  return { objects: cache.labelled(scope, labels), narrowed: true };
}
