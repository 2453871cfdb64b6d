/** From a request body to an object of the resource's type, with defaults, or the real server's 4xx. */

import {
  type BodyEncoding,
  decodeBody as decode,
  strictErrorText,
} from '../../machinery/codec/body.ts';
import { member } from '../../machinery/meta/member.ts';
import { badRequest, StatusError } from '../../machinery/meta/status-error.ts';
import { applyDefaults } from '../../machinery/schema/defaults.ts';
import type { StructType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { noteReset } from './field-manager.ts';
import { strictMediaTypeOf } from './media-type.ts';
import type { FieldValidation } from './write-options.ts';

/** What a body is expected to hold. */
export interface Expected {
  readonly group: string;
  readonly version: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly type: StructType;
  readonly aliases?: readonly string[] | undefined;
}

const encodings: Readonly<Record<string, BodyEncoding>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
  'application/cbor': 'cbor',
};

// The real server has CBOR behind a gate: it is read, but not told of.
const acceptedTypes = Object.keys(encodings).slice(0, 3).join(', ');

/** 415 with the list of what is read. */
function unsupportedMediaType(accepted = acceptedTypes): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
}

/** The encoding of a body. Throws 415. */
export function bodyEncoding(contentType: string | undefined): BodyEncoding {
  const encoding = member(encodings, strictMediaTypeOf(contentType) ?? '');
  if (encoding === undefined) throw unsupportedMediaType();
  return encoding;
}

const yamlErrors = /^(?:error converting YAML to JSON: )?yaml: unmarshal errors:\n/;

/** What strict decoding found as warnings: YAML tells all that repeats in one text, by line. */
export function strictWarnings(text: string): string[] {
  if (!yamlErrors.test(text)) return [text];
  return text
    .replace(yamlErrors, '')
    .split('\n')
    .map((line) => line.trim());
}

/** Decodes, converts and defaults. `warn` gets what strict decoding found when that only warns. */
export function decodeBody(
  bytes: Buffer,
  contentType: string | undefined,
  expected: Expected,
  validation: FieldValidation,
  warn: (text: string) => void,
): KubeObject {
  const body = decode(bytes, bodyEncoding(contentType), expected, validation !== 'Ignore');
  if (body.strictErrors.length > 0) {
    if (validation === 'Strict') throw badRequest(strictErrorText(body, expected));
    for (const s of body.strictErrors.flatMap(strictWarnings)) warn(s);
  }
  const object = body.object as KubeObject;
  if (body.resetsManagedFields) noteReset(object);
  object.kind = expected.kind;
  object.apiVersion = expected.apiVersion;
  applyDefaults(expected.apiVersion, expected.kind, object);
  return object;
}
