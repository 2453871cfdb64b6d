/** Which objects a list or watch is about: namespace, selectors, the name in the path. */
import * as fe from '../../machinery/meta/field-error.ts';
import { FieldSelector } from '../../machinery/meta/fields.ts';
import type { Selector } from '../../machinery/meta/labels.ts';
import { badRequest } from '../../machinery/meta/status-error.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { StoredObject } from '../storage/cache/stored-object.ts';
import type { ListOptions } from './options.ts';

export interface Selection {
  /** '' for all. */
  readonly namespace: string;
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

/** The objects selected, in key order, using an index where one serves. */
export function* selected(
  resource: ServedResource,
  selection: Selection,
): Generator<StoredObject, void, undefined> {
  const { cache } = resource.store;
  const { namespace, fields } = selection;
  const exactName = fields.exactValue('metadata.name');
  if (exactName !== undefined && (namespace !== '' || !cache.spec.namespaced)) {
    const o = cache.get(namespace, exactName);
    if (o !== undefined && selection.matches(o)) yield o;
    return;
  }
  for (const field of cache.spec.indexedFields) {
    const value = fields.exactValue(field);
    if (value === undefined) continue;
    for (const o of cache.indexed(field, value) ?? []) {
      if ((namespace === '' || o.namespace === namespace) && selection.matches(o)) yield o;
    }
    return;
  }
  if (selection.everything) {
    yield* cache.objects(namespace);
    return;
  }
  for (const o of cache.objects(namespace)) if (selection.matches(o)) yield o;
}
