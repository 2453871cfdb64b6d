/** Server-side tables (meta.k8s.io/v1 Table): what `kubectl get` prints. */
import type { KubeObject, ListMeta } from '../../machinery/schema/wire.ts';
import { fieldDescription } from '../openapi/descriptions.ts';
import type { ResourceDefinition, VersionConversion } from '../registry/resource.ts';
import { StoredObject, type StoredRow } from '../storage/cache/stored-object.ts';
import { bareMetadataBytes } from './bare-metadata.ts';
import { SlicedBody } from './sliced-body.ts';

export type IncludeObject = 'Metadata' | 'Object' | 'None';

export interface TableOptions {
  readonly include: IncludeObject;
  readonly nowMs: number;
  /** List the columns too; events of a watch do so only once. */
  readonly definitions: boolean;
  /** `v1` or `v1beta1`. */
  readonly version: string;
}

type TableItem = StoredObject | KubeObject;

/** What of a resource its table is made from. */
export interface TableSource {
  readonly definition: Pick<ResourceDefinition, 'columns' | 'rowConditions' | 'fieldAnnotations'>;
  readonly conversion?: VersionConversion | undefined;
}

/** A Table as a value, for encodings other than JSON. */
export function table(
  resource: TableSource,
  items: readonly TableItem[],
  metadata: ListMeta,
  options: TableOptions,
): KubeObject {
  return JSON.parse(tableJson(resource, items, metadata, options).toString('utf8')) as KubeObject;
}

/** A Table as JSON. */
export function tableJson(
  resource: TableSource,
  items: readonly TableItem[],
  metadata: ListMeta,
  options: TableOptions,
): Buffer {
  return tableBody(resource, items, metadata, options).joined();
}

/** A Table as JSON; metadata and objects of stored items are slices of them, not parsed. */
export function tableBody(
  resource: TableSource,
  items: readonly TableItem[],
  metadata: ListMeta,
  options: TableOptions,
): SlicedBody {
  const head = {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata,
    columnDefinitions: options.definitions ? columnDefinitions(resource) : null,
  };
  const out = new SlicedBody();
  out.push(Buffer.from(`${JSON.stringify(head).slice(0, -1)},"rows":[`));
  items.forEach((item, i) => {
    const { cells, conditions } = rowOf(resource, item);
    const shown = cells.map((c) => (typeof c === 'function' ? c(options.nowMs) : c));
    const extra = conditions.length > 0 ? `,"conditions":${JSON.stringify(conditions)}` : '';
    const comma = i === 0 ? '' : ',';
    out.push(Buffer.from(`${comma}{"cells":${JSON.stringify(shown)}${extra},"object":`));
    pushObject(out, resource, item, options);
    out.push(close);
  });
  out.push(end);
  return out;
}

const close = Buffer.from('}');
const end = Buffer.from(']}');
const nothing = Buffer.from('null');
const partialHead = Buffer.from(
  '{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":',
);

function pushObject(
  out: SlicedBody,
  resource: TableSource,
  item: TableItem,
  { include, version }: TableOptions,
): void {
  if (include === 'None') out.push(nothing);
  else if (include === 'Object') {
    if (item instanceof StoredObject && resource.conversion === undefined) out.push(item.bytes);
    else out.push(Buffer.from(JSON.stringify(servedValue(resource, item))));
  } else {
    const head =
      version === 'v1'
        ? partialHead
        : Buffer.from(partialHead.toString().replace('meta.k8s.io/v1', `meta.k8s.io/${version}`));
    out.push(head);
    out.push(bareMetadataBytes(resource.definition, item));
    out.push(close);
  }
}

function servedValue(resource: TableSource, item: TableItem): KubeObject {
  if (!(item instanceof StoredObject)) return item;
  const stored = item.object<KubeObject>();
  return resource.conversion === undefined ? stored : resource.conversion.fromStored(stored);
}

const definitionsOf = new WeakMap<object, object[]>();

function columnDefinitions(resource: TableSource): object[] {
  let made = definitionsOf.get(resource.definition);
  if (made === undefined) {
    made = resource.definition.columns
      .filter((c) => c.undeclared !== true)
      .map((c) => ({
        name: c.name,
        type: c.type ?? 'string',
        format: c.format ?? '',
        description: (c.description.startsWith('@')
          ? fieldDescription(c.description.slice(1))
          : c.description
        ).replace(c.descriptionWithout ?? '', ''),
        priority: c.priority ?? 0,
      }));
    definitionsOf.set(resource.definition, made);
  }
  return made;
}

/** Cells are computed from the stored form, once per stored object. */
function rowOf(resource: TableSource, item: TableItem): StoredRow {
  if (item instanceof StoredObject && item.row !== undefined) return item.row;
  const object = item instanceof StoredObject ? item.object<KubeObject>() : item;
  const { columns, rowConditions } = resource.definition;
  const row = {
    cells: columns.map((c) => c.cell(object)),
    conditions: rowConditions?.(object) ?? [],
  };
  if (item instanceof StoredObject) item.row = row;
  return row;
}
