/** What stands in the store of a value that a key management plugin protects. */
import { isDns1123Subdomain } from '../../../../machinery/meta/names.ts';
import type { KmsEncryption } from './kms-service.ts';
import { decodeMessage, encodeMessage } from './messages.ts';

/** What becomes of the source when the plugin has decrypted it: a key, or a seed of keys. */
export const sourceTypes = { aesGcmKey: 0, hkdfSeed: 1 } as const;

export interface EncryptedObject {
  readonly encryptedData: Buffer;
  readonly source: KmsEncryption;
  readonly sourceType: number;
}

interface Wire {
  readonly encryptedData: Uint8Array;
  readonly keyId: string;
  readonly encryptedDekSource: Uint8Array;
  readonly annotations: Readonly<Record<string, Uint8Array>>;
  readonly encryptedDekSourceType: number;
}

const maxKeyIdBytes = 1024;
const maxSourceBytes = 1024;
const maxAnnotationsBytes = 32 * 1024;

/** Throws an Error for what could not be read again. */
export function encodeEncryptedObject(o: EncryptedObject): Buffer {
  validate(o);
  return encodeMessage('EncryptedObject', {
    encryptedData: o.encryptedData,
    keyId: o.source.keyId,
    encryptedDekSource: o.source.ciphertext,
    annotations: o.source.annotations,
    encryptedDekSourceType: o.sourceType,
  } satisfies Wire);
}

/** Throws an Error for bytes that are not such a value. */
export function decodeEncryptedObject(bytes: Buffer): EncryptedObject {
  const wire = decodeMessage<Wire>('EncryptedObject', bytes);
  const annotations = Object.entries(wire.annotations).map(([k, v]) => [k, Buffer.from(v)]);
  const object: EncryptedObject = {
    encryptedData: Buffer.from(wire.encryptedData),
    source: {
      ciphertext: Buffer.from(wire.encryptedDekSource),
      keyId: wire.keyId,
      annotations: Object.fromEntries(annotations),
    },
    sourceType: wire.encryptedDekSourceType,
  };
  validate(object);
  return object;
}

/** Why a key cannot be named so; undefined when it can. */
export function keyIdProblem(keyId: string): { code: string; message: string } | undefined {
  const length = Buffer.byteLength(keyId);
  if (length === 0) return { code: 'empty', message: 'keyID is empty' };
  if (length <= maxKeyIdBytes) return undefined;
  return {
    code: 'too_long',
    message: `keyID is ${length} bytes, which exceeds the max size of ${maxKeyIdBytes}`,
  };
}

/** Throws an Error for what a plugin may not answer. */
export function validateSource({ ciphertext, keyId, annotations }: KmsEncryption): void {
  const wrong = (what: string, why: string) => new Error(`failed to validate ${what}: ${why}`);
  const { length } = ciphertext;
  if (length === 0) throw wrong('encrypted DEK source', 'encrypted DEK source is empty');
  if (length > maxSourceBytes) {
    throw wrong(
      'encrypted DEK source',
      `encrypted DEK source is ${length} bytes, which exceeds the max size of ${maxSourceBytes}`,
    );
  }
  const problem = keyIdProblem(keyId);
  if (problem !== undefined) throw wrong('key id', problem.message);
  let total = 0;
  for (const [name, value] of Object.entries(annotations)) {
    const domain = name.replace(/\.$/, '');
    if (isDns1123Subdomain(domain).length > 0 || !domain.includes('.')) {
      throw wrong('annotations', `${JSON.stringify(name)} is not a fully qualified domain name`);
    }
    total += Buffer.byteLength(name) + value.length;
  }
  if (total > maxAnnotationsBytes) {
    throw wrong(
      'annotations',
      `total size of annotations is ${total}, which exceeds the max size of ${maxAnnotationsBytes}`,
    );
  }
}

function validate({ encryptedData, source, sourceType }: EncryptedObject): void {
  if (sourceType !== sourceTypes.aesGcmKey && sourceType !== sourceTypes.hkdfSeed) {
    throw new Error(`unknown encryptedDEKSourceType: ${sourceType}`);
  }
  if (encryptedData.length === 0) throw new Error('encrypted data is empty');
  validateSource(source);
}
