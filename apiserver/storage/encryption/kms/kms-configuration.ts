/** What a configuration of encryption says of a key management plugin. */
import { duration, object, type Read, text } from '../../../configuration/shape.ts';

/** The section `kms` of a provider. */
export const kmsShape = object({
  apiVersion: text,
  name: text,
  endpoint: text,
  timeout: duration,
  cachesize: (value: unknown) => Number(value),
});

/** A plugin to connect to. */
export interface KmsConfiguration {
  readonly name: string;
  /** `unix:///…` */
  readonly endpoint: string;
  readonly timeoutMs: number;
}

const defaultTimeoutMs = 3_000;

/** `taken`: names of other plugins. Throws an Error of one line that begins with `at`. */
export function readKmsConfiguration(
  given: Read<typeof kmsShape>,
  at: string,
  taken: ReadonlySet<string>,
): KmsConfiguration {
  const { apiVersion = 'v1', name = '', endpoint = '', timeout = defaultTimeoutMs } = given;
  const wrong = (field: string, why: string) => new Error(`${at}.${field}: ${why}`);
  if (apiVersion === 'v1') {
    throw wrong('apiVersion', 'KMSv1 is deprecated and not supported here: use v2');
  }
  if (apiVersion !== 'v2') {
    throw wrong('apiVersion', `unsupported apiVersion ${apiVersion} for KMS provider`);
  }
  if (name === '') throw wrong('name', 'name is a mandatory field for a provider');
  if (name.includes(':')) {
    throw wrong('name', `invalid KMS provider name ${name}, must not contain ':'`);
  }
  if (taken.has(name)) {
    throw wrong('name', `duplicate KMS provider name ${name}, names must be unique`);
  }
  if (timeout <= 0) throw wrong('timeout', 'timeout should be a positive value');
  if (endpoint === '') throw wrong('endpoint', 'endpoint is a mandatory field for a kms');
  if (!URL.canParse(endpoint)) throw wrong('endpoint', 'invalid endpoint for kms provider');
  const scheme = new URL(endpoint).protocol.slice(0, -1);
  if (scheme !== 'unix') {
    const given = JSON.stringify(scheme);
    throw wrong('endpoint', `unsupported scheme ${given} for KMS provider, only unix is supported`);
  }
  if (given.cachesize !== undefined) throw wrong('cachesize', 'cachesize is not supported in v2');
  return { name, endpoint, timeoutMs: timeout };
}
