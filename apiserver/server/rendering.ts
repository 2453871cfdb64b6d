/**
 * Stored objects in the form a client asked for. Plain JSON is the stored bytes as they are; other
 * forms are made from the object.
 */
import { encodeCbor } from '../../machinery/codec/cbor.ts';
import { encodeProtobuf } from '../../machinery/codec/protobuf.ts';
import { encodeYaml } from '../../machinery/codec/yaml.ts';
import * as fe from '../../machinery/meta/field-error.ts';
import { badRequest } from '../../machinery/meta/status-error.ts';
import { kindType, type StructType } from '../../machinery/schema/schema.ts';
import type { KubeObject, ListMeta } from '../../machinery/schema/wire.ts';
import { type ServedResource, toServed } from '../registry/served-resource.ts';
import type { StoredObject } from '../storage/cache/stored-object.ts';
import type { BodyResponse } from './api-response.ts';
import { bareMetadata } from './bare-metadata.ts';
import type { OutputForm } from './output-form.ts';
import { SlicedBody } from './sliced-body.ts';
import { tableOf } from './subresource-tables.ts';
import {
  type IncludeObject,
  type TableOptions,
  type TableSource,
  table,
  tableBody,
} from './table.ts';
import { checkList, checkOne } from './wrong-shape.ts';

export interface RenderContext {
  readonly resource: ServedResource;
  readonly form: OutputForm;
  readonly query: URLSearchParams;
  readonly pretty: boolean;
  readonly nowMs: number;
}

/** A value of a type as bytes in the form's encoding. */
export function encode(form: OutputForm, value: object, type: StructType, pretty = false): Buffer {
  switch (form.encoding) {
    case 'protobuf':
      return Buffer.from(encodeProtobuf(value as KubeObject, type));
    case 'yaml':
      return Buffer.from(encodeYaml(value));
    case 'cbor':
      return encodeCbor(value);
    default:
      // As Go's encoder: a line that ends, or indented text that does not.
      return Buffer.from(pretty ? JSON.stringify(value, null, 2) : `${JSON.stringify(value)}\n`);
  }
}

/** `?pretty`: asked for, or a person at a terminal or in a browser without saying no. */
export function wantsPretty(query: URLSearchParams, userAgent: string | undefined): boolean {
  const value = query.get('pretty') ?? '';
  if (value !== '') return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value);
  return userAgent !== undefined && /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent);
}

/** One object. */
export function renderObject(c: RenderContext, o: StoredObject, code: number): BodyResponse {
  const { form, resource } = c;
  const plain = form.as === 'object' && form.encoding === 'json';
  if (plain && !c.pretty && resource.conversion === undefined) {
    return { code, contentType: form.contentType, body: o.line };
  }
  return renderValue(c, toServed(resource, o.object()), code, o);
}

/** An object that is not stored (a Scale, a Status, a review). */
export function renderValue(
  c: RenderContext,
  value: KubeObject,
  code: number,
  stored?: StoredObject,
): BodyResponse {
  const { form } = c;
  checkOne(form, value);
  let shown: object = value;
  let type = kindType(value.apiVersion ?? '', value.kind ?? '') ?? c.resource.type;
  const source = form.as === 'Table' ? tableOf(c.resource, value.kind ?? '') : undefined;
  if (source !== undefined) {
    const { resourceVersion } = value.metadata ?? {};
    const meta: ListMeta = resourceVersion ? { resourceVersion } : {};
    return renderTable(c, [stored ?? value], meta, code, source);
  }
  if (form.as === 'PartialObjectMetadata' && value.kind !== 'Status') {
    shown = partial(c.resource, stored?.object() ?? value, form.metaVersion);
    type = kindType('meta.k8s.io/v1', 'PartialObjectMetadata')!;
  }
  return { code, contentType: form.contentType, body: encode(form, shown, type, c.pretty) };
}

/** metadata only, of an object in its stored form. */
export function partial(
  { definition }: ServedResource,
  object: KubeObject,
  version: string,
): KubeObject {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: bareMetadata(definition, object),
  };
}

/** `?includeObject`, checked. */
export function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'Object' || value === 'None') return value;
  const why = "must be 'Metadata', 'Object', 'None', or empty";
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${fe.quote(value)}: ${why}`,
  );
}

function renderTable(
  c: RenderContext,
  items: readonly (StoredObject | KubeObject)[],
  meta: ListMeta,
  code: number,
  source: TableSource = c.resource,
): BodyResponse {
  const { form } = c;
  const options: TableOptions = {
    include: includeObject(c.query),
    nowMs: c.nowMs,
    definitions: true,
    version: form.metaVersion,
  };
  if (form.encoding === 'json' && !c.pretty) {
    const body = tableBody(source, items, meta, options);
    body.push(lineFeed);
    return { code, contentType: form.contentType, body };
  }
  const type = kindType('meta.k8s.io/v1', 'Table')!;
  const shown = table(source, items, meta, options);
  return { code, contentType: form.contentType, body: encode(form, shown, type, c.pretty) };
}

const lineFeed = Buffer.from('\n');
const open = Buffer.from('{');
const comma = Buffer.from(',{');
const close = Buffer.from(']}\n');

/** A list of stored objects. */
export function renderList(
  c: RenderContext,
  items: readonly StoredObject[],
  meta: ListMeta,
): BodyResponse {
  const { form, resource } = c;
  checkList(form, { apiVersion: resource.apiVersion, kind: resource.definition.listKind });
  const contentType = form.contentType;
  if (form.as === 'Table') {
    return renderTable(c, items, meta, 200);
  }
  const plain = form.as === 'object' && form.encoding === 'json' && !c.pretty;
  if (plain && resource.conversion === undefined) {
    return { code: 200, contentType, body: joinItems(JSON.stringify(listHead(c, meta)), items) };
  }
  const objects = items.map((o) => o.object<KubeObject>());
  return encodedList(c, objects, meta);
}

/** A list of objects that are not stored. */
export function renderValues(
  c: RenderContext,
  items: readonly KubeObject[],
  meta: ListMeta,
): BodyResponse {
  const { form, resource } = c;
  checkList(form, { apiVersion: resource.apiVersion, kind: resource.definition.listKind });
  return form.as === 'Table' ? renderTable(c, items, meta, 200) : encodedList(c, items, meta);
}

function listHead({ resource }: RenderContext, metadata: ListMeta) {
  return { kind: resource.definition.listKind, apiVersion: resource.apiVersion, metadata };
}

/** A list that is no table, made from its objects in their stored form. */
function encodedList(
  c: RenderContext,
  items: readonly KubeObject[],
  metadata: ListMeta,
): BodyResponse {
  const { form, resource } = c;
  const { contentType } = form;
  if (form.as === 'PartialObjectMetadata') {
    const shown = {
      kind: 'PartialObjectMetadataList',
      apiVersion: `meta.k8s.io/${form.metaVersion}`,
      metadata,
      // Go's nil: the real server makes this list by appending.
      items: items.length === 0 ? null : items.map((o) => partial(resource, o, form.metaVersion)),
    };
    const type = kindType('meta.k8s.io/v1', 'PartialObjectMetadataList')!;
    return { code: 200, contentType, body: encode(form, shown, type, c.pretty) };
  }
  const shown = {
    ...listHead(c, metadata),
    items: items.map((o) => {
      const { kind: _kind, apiVersion: _apiVersion, ...rest } = toServed(resource, o);
      return rest;
    }),
  };
  const type = kindType(resource.apiVersion, resource.definition.listKind)!;
  return { code: 200, contentType, body: encode(form, shown, type, c.pretty) };
}

/** The items' bytes behind the list's head, without parsing any of them. */
function joinItems(head: string, items: readonly StoredObject[]): SlicedBody {
  const out = new SlicedBody();
  out.push(Buffer.from(`${head.slice(0, -1)},"items":[`));
  let separator = open;
  for (const o of items) {
    out.push(separator);
    // Without the line feed.
    out.push(o.line, o.itemOffset, o.line.length - 1);
    separator = comma;
  }
  out.push(close);
  return out;
}
