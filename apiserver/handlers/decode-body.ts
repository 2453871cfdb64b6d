/** From a request body to an object of the resource's type, with defaults, or the real server's 4xx. */
import { convert } from '../../machinery/codec/decode.ts';
import { DecodeError } from '../../machinery/codec/decode-context.ts';
import { parseJson } from '../../machinery/codec/json.ts';
import { JsonSyntaxError } from '../../machinery/codec/json-text.ts';
import { decodeProtobuf } from '../../machinery/codec/protobuf.ts';
import { decodeYaml } from '../../machinery/codec/yaml.ts';
import { quote } from '../../machinery/meta/field-error.ts';
import { badRequest, StatusError } from '../../machinery/meta/status-error.ts';
import { applyDefaults } from '../../machinery/schema/defaults.ts';
import { kindType, type StructType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { noteReset } from './field-manager.ts';
import type { FieldValidation } from './options.ts';

/** What a body is expected to hold. */
export interface Expected {
  readonly apiVersion: string;
  readonly kind: string;
  readonly type: StructType;
  /** As error texts name the internal package of the kind: `core`, `apps`. */
  readonly group: string;
}

const acceptedTypes = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

/** 415 with the list of what is read. */
export function unsupportedMediaType(accepted = acceptedTypes): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
}

/** The media type of a Content-Type header without parameters; JSON when there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  const type = (contentType ?? '').split(';')[0]!.trim().toLowerCase();
  return type === '' ? 'application/json' : type;
}

/** Decodes, converts and defaults. `warn` gets what strict decoding found when that only warns. */
export function decodeBody(
  bytes: Buffer,
  contentType: string | undefined,
  expected: Expected,
  validation: FieldValidation,
  warn: (text: string) => void,
): KubeObject {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType === 'application/vnd.kubernetes.protobuf') {
    const { apiVersion, kind, object } = decodeProtobuf(bytes);
    const actual = checkKind(apiVersion, kind, expected);
    applyDefaults(actual.apiVersion, actual.kind, object as KubeObject);
    return object as KubeObject;
  }
  const { value, duplicates } = parse(bytes, mediaType, expected);
  const { apiVersion = '', kind = '' } = value;
  checkKind(
    typeof apiVersion === 'string' ? apiVersion : '',
    typeof kind === 'string' ? kind : '',
    expected,
  );
  const strict = validation !== 'Ignore';
  let object: KubeObject;
  let strictErrors: string[];
  try {
    const typed = convert(value, expected.type, strict, false);
    object = typed.object as KubeObject;
    strictErrors = strict ? [...duplicates, ...typed.strictErrors] : [];
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e;
    throw badRequest(cannotHandle(value.kind, value.apiVersion, expected, e.message));
  }
  if (strictErrors.length > 0) {
    if (validation === 'Strict') {
      const text = `strict decoding error: ${strictErrors.join(', ')}`;
      throw badRequest(cannotHandle(value.kind, value.apiVersion, expected, text));
    }
    for (const s of strictErrors) warn(s);
  }
  noteReset(value, object);
  object.kind = expected.kind;
  object.apiVersion = expected.apiVersion;
  applyDefaults(expected.apiVersion, expected.kind, object);
  return object;
}

interface Parsed {
  readonly value: { apiVersion?: unknown; kind?: unknown };
  readonly duplicates: readonly string[];
}

function parse(bytes: Buffer, mediaType: string, expected: Expected): Parsed {
  try {
    if (mediaType === 'application/json') {
      const { value, duplicates } = parseJson(bytes, false);
      return {
        value: asObject(value, bytes, expected),
        duplicates: [...duplicates].map((d) => `duplicate field ${quote(d)}`),
      };
    }
    if (mediaType === 'application/yaml') {
      const { value, duplicates } = decodeYaml(bytes);
      return { value: asObject(value, bytes, expected), duplicates };
    }
  } catch (e) {
    if (!(e instanceof JsonSyntaxError)) throw e;
    throw unrecognized(
      bytes,
      expected,
      `couldn't get version/kind; json parse error: ${e.message}`,
    );
  }
  throw unsupportedMediaType();
}

function asObject(value: unknown, bytes: Buffer, expected: Expected): Parsed['value'] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Parsed['value'];
  }
  const found = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  throw unrecognized(
    bytes,
    expected,
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
  );
}

function unrecognized(bytes: Buffer, expected: Expected, why: string): StatusError {
  const shown = bytes.subarray(0, 30).toString('hex');
  const summary = bytes.length > 30 ? `${shown} ...` : shown;
  return badRequest(
    `the object provided is unrecognized (must be of type ${expected.kind}): ${why} (${summary})`,
  );
}

function cannotHandle(kind: unknown, apiVersion: unknown, expected: Expected, why: string): string {
  const k = typeof kind === 'string' && kind !== '' ? kind : expected.kind;
  const v = typeof apiVersion === 'string' && apiVersion !== '' ? apiVersion : expected.apiVersion;
  const version = v.slice(v.lastIndexOf('/') + 1);
  return `${k} in version ${quote(version)} cannot be handled as a ${expected.kind}: ${why}`;
}

/** Refuses a body of another kind. An absent kind or version is the expected one. */
function checkKind(
  apiVersion: string,
  kind: string,
  expected: Expected,
): { apiVersion: string; kind: string } {
  const k = kind === '' ? expected.kind : kind;
  const v = apiVersion === '' ? expected.apiVersion : apiVersion;
  if (k === expected.kind && v === expected.apiVersion) return { apiVersion: v, kind: k };
  const why = wrongKind(v, k, expected);
  if (why === undefined) {
    throw badRequest(
      `the API version in the data (${v}) does not match the expected API version (${expected.apiVersion})`,
    );
  }
  throw badRequest(cannotHandle(k, v, expected, why));
}

function wrongKind(apiVersion: string, kind: string, expected: Expected): string | undefined {
  if (kindType(apiVersion, kind) === undefined) {
    return `no kind ${quote(kind)} is registered for version ${quote(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  }
  if (kind === expected.kind) return undefined;
  const version = apiVersion.slice(apiVersion.lastIndexOf('/') + 1);
  const pkg = expected.group === '' ? 'core' : expected.group.split('.')[0]!;
  return `converting (${version}.${kind}) to (${pkg}.${expected.kind}): unknown conversion`;
}
