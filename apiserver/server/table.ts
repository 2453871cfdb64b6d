/** Server-side tables (meta.k8s.io/v1 Table): what `kubectl get` prints. */
import type { KubeObject, ListMeta } from '../../machinery/schema/wire.ts';
import { fieldDescription } from '../openapi/descriptions.ts';
import type { Cell, Column, RowCondition } from '../registry/resource.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { StoredObject } from '../storage/cache/stored-object.ts';

export type IncludeObject = 'Metadata' | 'Object' | 'None';

interface Row {
  cells: (string | number | boolean | null)[];
  conditions?: readonly RowCondition[];
  object: unknown;
}

/** A Table of stored objects or of plain values. `definitions`: list the columns too. */
export function table(
  resource: ServedResource,
  items: readonly (StoredObject | KubeObject)[],
  metadata: ListMeta,
  include: IncludeObject,
  nowMs: number,
  definitions: boolean,
): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: definitions ? columnDefinitions(resource) : null,
    rows: items.map((o) => row(resource, o, include, nowMs)),
  };
}

const definitionsOf = new WeakMap<object, object[]>();

function columnDefinitions(resource: ServedResource): object[] {
  let made = definitionsOf.get(resource.definition);
  if (made === undefined) {
    made = resource.definition.columns
      .filter((c) => c.undeclared !== true)
      .map((c) => ({
        name: c.name,
        type: c.type ?? 'string',
        format: c.format ?? '',
        description: c.description.startsWith('@')
          ? fieldDescription(c.description.slice(1))
          : c.description,
        priority: c.priority ?? 0,
      }));
    definitionsOf.set(resource.definition, made);
  }
  return made;
}

function row(
  resource: ServedResource,
  item: StoredObject | KubeObject,
  include: IncludeObject,
  nowMs: number,
): Row {
  let parsed: KubeObject | undefined;
  const object = () => {
    parsed ??= item instanceof StoredObject ? item.object<KubeObject>() : item;
    return parsed;
  };
  let cells = item instanceof StoredObject ? item.cells : undefined;
  if (cells === undefined) {
    cells = resource.definition.columns.map((c) => cellOf(c, object()));
    if (item instanceof StoredObject) item.cells = cells;
  }
  const conditions = resource.definition.rowConditions?.(object()) ?? [];
  let shown: unknown = null;
  if (include === 'Metadata') {
    shown = {
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: object().metadata,
    };
  } else if (include === 'Object') shown = object();
  return {
    cells: cells.map((c) => (typeof c === 'function' ? c(nowMs) : c)),
    ...(conditions.length > 0 ? { conditions } : {}),
    object: shown,
  };
}

function cellOf(column: Column<KubeObject>, object: KubeObject): Cell {
  return column.cell(object);
}
