/** Which objects a list or watch is about: namespace, selectors, the name in the path. */
import * as fe from '../../machinery/meta/field-error.ts';
import { FieldSelector } from '../../machinery/meta/fields.ts';
import type { Selector } from '../../machinery/meta/labels.ts';
import { isDns1123Label, isPathSegmentName } from '../../machinery/meta/names.ts';
import { badRequest } from '../../machinery/meta/status-error.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { StoredObject } from '../storage/cache/stored-object.ts';
import type { ListOptions } from './options.ts';

export interface Selection {
  /** Of the request; '' for all. */
  readonly namespace: string;
  /** Where the objects stand: `namespace`, or the one that the field selector asks for. */
  readonly scope: string;
  readonly labels: Selector;
  readonly fields: FieldSelector;
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
  if (field === 'metadata.name' || field === 'metadata.namespace') return;
  const { selectableFields, unknownFieldText } = resource.definition;
  const known = Object.keys(resource.conversion?.fieldNames ?? selectableFields);
  if (known.includes(field)) return;
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

/** The objects selected, in key order, using an index where one serves. */
export function* selected(
  resource: ServedResource,
  selection: Selection,
): Generator<StoredObject, void, undefined> {
  for (const o of candidates(resource, selection, false)) if (selection.matches(o)) yield o;
}

/**
 * The objects among which a list looks for the selected ones, in key order: those of the namespace,
 * of an index value, or the one of that name. `continued`: of a later page, which uses no index.
 */
export function* candidates(
  resource: ServedResource,
  selection: Selection,
  continued: boolean,
): Generator<StoredObject, void, undefined> {
  const { cache } = resource.store;
  const { scope, fields } = selection;
  if (!continued) {
    const name = selectedName(resource, selection);
    if (name !== undefined) {
      const o = cache.get(scope, name);
      if (o !== undefined) yield o;
      return;
    }
    for (const field of cache.spec.indexedFields) {
      const value = fields.exactValue(field);
      if (value === undefined) continue;
      for (const o of cache.indexed(field, value) ?? []) {
        if (scope === '' || o.namespace === scope) yield o;
      }
      return;
    }
  }
  yield* cache.objects(continued ? selection.namespace : scope);
}
