/** Checks of secrets: what each type must hold. */

import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { isSentEmpty } from '../../../machinery/meta/emptied.ts';
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  required,
  tooLong,
} from '../../../machinery/meta/field-error.ts';
import { isConfigMapKey } from '../../../machinery/meta/names.ts';
import { validateImmutableField } from '../../../machinery/meta/object-meta-validation.ts';
import type { Secret } from '../../../machinery/schema/wire.ts';
import { jsonObjectProblem } from './go-json-problem.ts';

/** All values of one object together, in bytes. */
const maxDataBytes = 1024 * 1024;
const at = FieldPath.of('data');
const accountAnnotation = 'kubernetes.io/service-account.name';

/** Problems of a secret's data. */
export function validateSecret(secret: Secret): FieldError[] {
  const data = secret.data ?? {};
  const errors: FieldError[] = [];
  let sizeBytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...isConfigMapKey(key).map((p) => invalidValue(at.key(key), key, p)));
    sizeBytes += Buffer.byteLength(value ?? '', 'base64');
  }
  if (sizeBytes > maxDataBytes) errors.push(tooLong(at, maxDataBytes));
  return [...errors, ...validateType(secret, data)];
}

type Data = Readonly<Record<string, string>>;

function validateType(secret: Secret, data: Data): FieldError[] {
  const need = (...keys: string[]): FieldError[] =>
    keys.filter((k) => data[k] === undefined).map((k) => required(at.key(k)));
  switch (secret.type) {
    case 'kubernetes.io/service-account-token':
      if (secret.metadata?.annotations?.[accountAnnotation]) return [];
      return [required(FieldPath.of('metadata', 'annotations').key(accountAnnotation))];
    case 'kubernetes.io/dockercfg':
      return validateJson(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return validateJson(data, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth': {
      const missing = need('username', 'password');
      return missing.length === 2 ? missing : [];
    }
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [required(at.key('ssh-privatekey'))];
    case 'kubernetes.io/tls':
      return need('tls.crt', 'tls.key');
    default:
      return [];
  }
}

function validateJson(data: Data, key: string): FieldError[] {
  const value = data[key];
  if (value === undefined) return [required(at.key(key))];
  const problem = jsonObjectProblem(Buffer.from(value, 'base64').toString());
  if (problem === undefined) return [];
  return [invalidValue(at.key(key), '<secret contents redacted>', problem)];
}

/** What an update may not change. */
export function validateSecretChange(next: Secret, prev: Secret): FieldError[] {
  const errors = validateImmutableField(next.type, prev.type, FieldPath.of('type'));
  if (prev.immutable !== true) return errors;
  const fixed = 'field is immutable when `immutable` is set';
  if (next.immutable !== true) errors.push(forbiddenField(FieldPath.of('immutable'), fixed));
  if (!deepEqual(next.data, prev.data) || isSentEmpty(next, 'data'))
    errors.push(forbiddenField(at, fixed));
  return errors;
}

/** A TLS secret whose certificate and key are no pair. */
export function secretWarnings(secret: Secret): string[] {
  if (secret.type !== 'kubernetes.io/tls') return [];
  const problem = keyPairProblem(
    Buffer.from(secret.data?.['tls.crt'] ?? '', 'base64').toString(),
    Buffer.from(secret.data?.['tls.key'] ?? '', 'base64').toString(),
  );
  return problem === undefined ? [] : [problem];
}

const pemBlock = /-----BEGIN ([^-\n]+)-----\r?\n[\s\S]*?-----END \1-----/g;

/** Texts as Go's crypto/tls words them. */
function keyPairProblem(certificates: string, key: string): string | undefined {
  const blocks = [...certificates.matchAll(pemBlock)];
  const certificate = blocks.find((b) => b[1] === 'CERTIFICATE');
  if (certificate === undefined) return noBlock('certificate', blocks, 'CERTIFICATE');
  const keys = [...key.matchAll(pemBlock)];
  const found = keys.find((b) => b[1] === 'PRIVATE KEY' || b[1]!.endsWith(' PRIVATE KEY'));
  if (found === undefined) {
    if (keys.length === 1 && keys[0]![1] === 'CERTIFICATE') {
      return 'tls: found a certificate rather than a key in the PEM for the private key';
    }
    return noBlock('key', keys, 'PRIVATE KEY" or ending in " PRIVATE KEY');
  }
  let publicKey: Buffer;
  try {
    publicKey = spki(new X509Certificate(certificate[0]).publicKey);
  } catch {
    return 'x509: malformed certificate';
  }
  try {
    const own = spki(createPublicKey(createPrivateKey(found[0])));
    return own.equals(publicKey) ? undefined : 'tls: private key does not match public key';
  } catch {
    return 'tls: failed to parse private key';
  }
}

function spki(key: ReturnType<typeof createPublicKey>): Buffer {
  return key.export({ type: 'spki', format: 'der' }) as Buffer;
}

function noBlock(what: string, skipped: readonly RegExpMatchArray[], type: string): string {
  if (skipped.length === 0) {
    return `tls: failed to find any PEM data in ${what} input`;
  }
  if (what === 'certificate' && skipped.length === 1 && skipped[0]![1]!.endsWith('PRIVATE KEY')) {
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  }
  const types = `[${skipped.map((b) => b[1]).join(' ')}]`;
  return what === 'certificate'
    ? `tls: failed to find "${type}" PEM block in certificate input after skipping PEM blocks of the following types: ${types}`
    : `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: ${types}`;
}
