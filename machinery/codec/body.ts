/**
 * A request body as the real server takes it: its kind found out, checked against what the request
 * is for, decoded to normal form; every failure with the server's own BadRequest text.
 */
import { quote } from '../meta/field-error.ts';
import { badRequest } from '../meta/status-error.ts';
import { isRegistered, kindsOfEveryVersion, registeredKind } from '../schema/registered-kind.ts';
import type { StructType } from '../schema/schema.ts';
import { decodeCbor } from './cbor.ts';
import { convert, type Typed } from './decode.ts';
import { DecodeError } from './decode-context.ts';
import { parseJson } from './json.ts';
import { JsonSyntaxError } from './json-text.ts';
import { decodeRaw, readEnvelope } from './protobuf.ts';
import { strictErrorsOf } from './strict-errors.ts';
import { decodeYaml } from './yaml.ts';

export type BodyEncoding = 'json' | 'yaml' | 'protobuf' | 'cbor';

/** What the request is for. */
export interface ExpectedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Further group versions, not served any more, in which the kind has the same form. */
  readonly aliases?: readonly string[] | undefined;
}

export interface Body {
  /** In normal form; kind and apiVersion as the body has them (protobuf: always there). */
  readonly object: Record<string, unknown>;
  readonly type: StructType;
  /** The body said both what kind and what version it is. */
  readonly named: boolean;
  /** What strict decoding finds; empty unless asked for. */
  readonly strictErrors: readonly string[];
  /** metadata.managedFields was sent as an empty list, of which normal form keeps no trace. */
  readonly resetsManagedFields: boolean;
}

/** What a body says of itself, and how to go on. */
interface Opened {
  readonly apiVersion: string;
  readonly kind: string;
  readonly resets: boolean;
  decode(type: StructType, apiVersion: string, kind: string): Typed;
}

/**
 * Decodes a body. A missing kind or version is the expected one. Throws StatusError BadRequest:
 * malformed, of another kind or version, or with a value that does not fit its field.
 */
export function decodeBody(
  bytes: Uint8Array,
  encoding: BodyEncoding,
  expected: ExpectedKind,
  strict: boolean,
): Body {
  const { kind: wanted } = expected;
  let opened: Opened;
  try {
    opened = open(bytes, encoding, strict);
  } catch (e) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${wanted}): ${reasonOf(e)} (${summary(bytes)})`,
    );
  }
  const aliased = expected.aliases?.includes(opened.apiVersion) === true;
  const apiVersion = aliased ? apiVersionOf(expected) : opened.apiVersion || apiVersionOf(expected);
  const kind = opened.kind || wanted;
  const version = apiVersion.slice(apiVersion.lastIndexOf('/') + 1);
  const cannot = (why: string) =>
    badRequest(`${kind} in version ${quote(version)} cannot be handled as a ${wanted}: ${why}`);
  if (!isRegistered(apiVersion, kind, expected.group)) {
    throw cannot(
      `no kind ${quote(kind)} is registered for version ${quote(apiVersion)} in scheme ${schemeOf(expected)}`,
    );
  }
  // Of former versions the types are not known: the present one is as good where the kind is right.
  const type =
    registeredKind(apiVersion, kind) ??
    (kind === wanted ? registeredKind(apiVersionOf(expected), wanted) : undefined);
  const another = () =>
    cannot(
      `converting (${version}.${kind}) to (${internalTypeName(expected)}): unknown conversion`,
    );
  if (type === undefined) throw another();
  let typed: Typed;
  try {
    typed = opened.decode(type, apiVersion, kind);
  } catch (e) {
    throw cannot(reasonOf(e));
  }
  if (kind !== wanted) throw another();
  if (apiVersion !== apiVersionOf(expected) && !kindsOfEveryVersion.has(kind)) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${apiVersionOf(expected)})`,
    );
  }
  const named = opened.apiVersion !== '' && opened.kind !== '';
  return { ...typed, type, named, resetsManagedFields: opened.resets };
}

const optionsScheme = '"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"';

/**
 * Decodes the options that come as a body, of any group version. Throws StatusError BadRequest, in
 * words of its own.
 */
export function decodeOptions(
  bytes: Uint8Array,
  encoding: BodyEncoding,
  wanted: string,
): Record<string, unknown> {
  try {
    const opened = open(bytes, encoding, false);
    const { apiVersion, kind } = opened;
    const version = apiVersion || 'meta.k8s.io/v1';
    if (kind === 'Status' && version === 'v1') {
      throw badRequest(`converting (v1.Status) to (v1.${wanted}): unknown conversion`);
    }
    if (kind !== '' && kind !== wanted) {
      throw badRequest(
        `no kind ${quote(kind)} is registered for version ${quote(version)} in scheme ${optionsScheme}`,
      );
    }
    return opened.decode(registeredKind('v1', wanted)!, 'v1', wanted).object;
  } catch (e) {
    if (e instanceof DecodeError || e instanceof JsonSyntaxError) throw badRequest(reasonOf(e));
    throw e;
  }
}

/** Why a document of this version and kind is not what the request is for; undefined: it is. */
export function kindProblem(
  apiVersion: string,
  kind: string,
  expected: ExpectedKind,
): string | undefined {
  if (!isRegistered(apiVersion, kind, expected.group)) {
    return `no kind ${quote(kind)} is registered for version ${quote(apiVersion)} in scheme ${schemeOf(expected)}`;
  }
  if (kind === expected.kind) return undefined;
  const version = apiVersion.slice(apiVersion.lastIndexOf('/') + 1);
  const target = internalTypeName(expected);
  return `converting (${version}.${kind}) to (${target}): unknown conversion`;
}

/** The text of a BadRequest for strict errors, for a body that decodeBody has decoded. */
export function strictErrorText(body: Body, expected: ExpectedKind): string {
  const kind = (body.object['kind'] as string | undefined) ?? expected.kind;
  return `${kind} in version ${quote(expected.version)} cannot be handled as a ${expected.kind}: strict decoding error: ${body.strictErrors.join(', ')}`;
}

function open(bytes: Uint8Array, encoding: BodyEncoding, strict: boolean): Opened {
  if (encoding === 'protobuf') {
    const { apiVersion, kind, raw } = readEnvelope(bytes);
    const decode = (type: StructType, v: string, k: string) => ({
      object: decodeRaw(raw, type, v, k),
      strictErrors: [],
    });
    return { apiVersion, kind, resets: false, decode };
  }
  if (encoding === 'yaml') {
    const { value, duplicates } = decodeYaml(bytes);
    return {
      ...versionAndKind(value),
      decode: (type) => {
        const typed = convert(value, type, strict, false);
        return { ...typed, strictErrors: strict ? [...duplicates, ...typed.strictErrors] : [] };
      },
    };
  }
  if (encoding === 'cbor') {
    const value = decodeCbor(bytes);
    return { ...versionAndKind(value), decode: (type) => convert(value, type, strict, false) };
  }
  const { value, repeated, spelled } = parseJson(bytes, true);
  return {
    ...versionAndKind(value),
    decode: (type) => {
      if (repeated === undefined || !strict) return convert(value, type, strict, spelled);
      const strictErrors = strictErrorsOf(value, type, repeated);
      return { ...convert(value, type, false, spelled), strictErrors };
    },
  };
}

/** apiVersion and kind as the real server finds them before anything else is read. */
export function versionAndKind(value: unknown): {
  apiVersion: string;
  kind: string;
  resets: boolean;
} {
  const fail = (what: string): never => {
    throw new DecodeError(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${what}`,
    );
  };
  if (value === null || value === undefined) return { apiVersion: '', kind: '', resets: false };
  if (typeof value !== 'object' || Array.isArray(value)) {
    return fail(`${jsonKind(value)} into Go value of type ${findKindType}`);
  }
  const { apiVersion = '', kind = '', metadata } = value as Record<string, unknown>;
  const text = (v: unknown, name: string): string => {
    if (v === null) return '';
    if (typeof v === 'string') return v;
    return fail(`${jsonKind(v)} into Go struct field .${name} of type string`);
  };
  const sent = (metadata as { managedFields?: unknown } | null | undefined)?.managedFields;
  const found = {
    apiVersion: text(apiVersion, 'apiVersion'),
    kind: text(kind, 'kind'),
    resets: Array.isArray(sent) && sent.length === 0,
  };
  if (found.apiVersion.split('/').length > 2) {
    throw new DecodeError(`unexpected GroupVersion string: ${found.apiVersion}`);
  }
  return found;
}

const findKindType =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return typeof value === 'object' && value?.constructor === Object ? 'object' : 'number';
}

function apiVersionOf({ group, version }: ExpectedKind): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The Go type of a kind's internal version, as texts of the real server name it: `core.Pod`. */
export function internalTypeName(kind: ExpectedKind): string {
  return `${internalPackage(kind)}.${kind.kind}`;
}

function internalPackage({ group, kind }: ExpectedKind): string {
  if (group === '' || (group === 'events.k8s.io' && /^Event(List)?$/.test(kind))) return 'core';
  return group === 'internal.apiserver.k8s.io' ? 'apiserverinternal' : group.split('.')[0]!;
}

/** Where the real server's kinds are registered, as its texts quote it. */
function schemeOf({ group }: ExpectedKind): string {
  if (group === 'apiextensions.k8s.io') {
    return '"k8s.io/apiextensions-apiserver/pkg/apiserver/apiserver.go:55"';
  }
  if (group === 'apiregistration.k8s.io') {
    return '"k8s.io/kube-aggregator/pkg/apiserver/scheme/scheme.go:28"';
  }
  return '"pkg/api/legacyscheme/scheme.go:30"';
}

/** How a body that cannot be read is shown: text when it looks like JSON, else hexadecimal. */
function summary(bytes: Uint8Array): string {
  const size = 30;
  if (bytes.length === 0) return '<empty>';
  const head = Buffer.from(bytes.subarray(0, size));
  const tail = bytes.length > size ? ' ...' : '';
  return `${head.toString(bytes[0] === 0x7b ? 'utf8' : 'hex')}${tail}`;
}

/** The message of a decoding failure; anything else is thrown on. */
function reasonOf(e: unknown): string {
  if (e instanceof DecodeError) return e.message;
  if (e instanceof JsonSyntaxError) {
    return /^(yaml: |unsupported map key)/.test(e.message)
      ? e.message
      : `couldn't get version/kind; json parse error: ${e.message}`;
  }
  throw e;
}
