/** Server-side apply: the request's body, and the object that it makes of the live one. */
import { decodeCbor } from '../../machinery/codec/cbor.ts';
import { convert } from '../../machinery/codec/decode.ts';
import { DecodeError } from '../../machinery/codec/decode-context.ts';
import { JsonSyntaxError } from '../../machinery/codec/json-text.ts';
import { decodeYaml } from '../../machinery/codec/yaml.ts';
import { deepCopy } from '../../machinery/meta/copy.ts';
import { badRequest, StatusError } from '../../machinery/meta/status-error.ts';
import { applyPatch } from '../../machinery/patch/apply.ts';
import { applyDefaults } from '../../machinery/schema/defaults.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { strictWarnings } from './decode-body.ts';
import { ownershipOf } from './field-manager.ts';
import type { WriteOptions } from './write-options.ts';

/** The media type of an apply. */
export const applyType = 'application/apply-patch+yaml';
/** Behind a gate in the real server: it is read, but not told of. */
export const applyCborType = 'application/apply-patch+cbor';

/** Whether a media type is that of an apply. */
export function isApply(type: string): boolean {
  return type === applyType || type === applyCborType;
}

/** A patch as a function of the live object; undefined: there is none. */
export type Change = (live: KubeObject | undefined) => KubeObject;

/**
 * Server-side apply as a function of the live object; undefined creates. Throws 400 for a body that
 * cannot be read; the function throws what applyPatch does.
 */
export function applier(
  bytes: Buffer,
  type: string,
  resource: ServedResource,
  options: WriteOptions,
  subresource: string,
  warn: (text: string) => void,
): Change {
  const { value, duplicates } = parseApply(bytes, type);
  return (live) => {
    const merged = applyPatch({
      live,
      config: deepCopy(value),
      kind: resource.definition.kind,
      ...ownershipOf(resource, subresource),
      manager: options.fieldManager,
      force: options.force === true,
    });
    if (duplicates.length > 0 && options.fieldValidation !== 'Ignore') {
      if (options.fieldValidation === 'Strict') {
        throw badRequest(
          `error strict decoding YAML: error converting YAML to JSON: ${duplicates.join(', ')}`,
        );
      }
      for (const d of duplicates.flatMap(strictWarnings)) warn(d);
    }
    const typed = typedOf(merged, resource);
    typed.kind = resource.definition.kind;
    typed.apiVersion = resource.apiVersion;
    applyDefaults(resource.apiVersion, resource.definition.kind, typed);
    return typed;
  };
}

/** The merged object in its type; a value that passed the schema may still not fit. */
function typedOf(merged: KubeObject, resource: ServedResource): KubeObject {
  try {
    return convert(merged, resource.type, false, false).object as KubeObject;
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e;
    const { namespace = '', name = '' } = merged.metadata ?? {};
    const kind = `${resource.group}/${resource.version}, Kind=${resource.definition.kind}`;
    // A 500 of the real server (managedfields/internal: structuredmerge.go).
    throw new StatusError(
      '',
      `failed to convert new object (${namespace}/${name}; ${kind}) to proper version: ` +
        `unable to convert unstructured object to ${kind}: ${e.message}`,
    );
  }
}

/** The body of an apply. Throws 400. */
export function parseApply(
  bytes: Buffer,
  type: string,
): { value: KubeObject; duplicates: string[] } {
  try {
    const { value, duplicates } =
      type === applyCborType
        ? { value: decodeCbor(bytes), duplicates: [] as string[] }
        : decodeYaml(bytes);
    if (value === null || value === undefined) throw badRequest('invalid object type: /, Kind=');
    if (typeof value !== 'object' || Array.isArray(value)) {
      const kind = Array.isArray(value)
        ? 'array'
        : typeof value === 'boolean'
          ? 'bool'
          : typeof value;
      throw badRequest(
        `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`,
      );
    }
    return { value: value as KubeObject, duplicates };
  } catch (e) {
    if (e instanceof JsonSyntaxError) {
      throw badRequest(`error decoding YAML: error converting YAML to JSON: ${e.message}`);
    }
    if (e instanceof DecodeError) throw badRequest(`error decoding CBOR: ${e.message}`);
    throw e;
  }
}
