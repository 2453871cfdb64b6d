/**
 * How values are encrypted in the store, byte for byte as kube-apiserver does it
 * (k8s.io/apiserver/pkg/storage/value/encrypt). `key` is the key of the value in the store: those
 * ciphers that can make it part of what is authenticated.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export interface Cipher {
  encrypt(plain: Buffer, key: string): Buffer;
  /** Throws for what was not encrypted so. */
  decrypt(sealed: Buffer, key: string): Buffer;
  /**
   * Resolves when `decrypt` of this value can be tried, after `patienceMs` in any case where others
   * must be asked who do not answer; undefined: it can be now. Never rejects.
   */
  prepare?(sealed: Buffer, patienceMs: number): Promise<void> | undefined;
  /** The key that a value was encrypted with; without one: that of values encrypted now. */
  keyOf?(sealed?: Buffer): string;
}

/** Makes a cipher of a secret. */
export type CipherKind = (secret: Buffer) => Cipher;

const blockBytes = 16;
const gcmNonceBytes = 12;
const tagBytes = 16;
const boxNonceBytes = 24;

/** AES in CBC mode, padded: not authenticated. */
export const aesCbc: CipherKind = (secret) => {
  const name = `aes-${secret.length * 8}-cbc`;
  return {
    encrypt(plain) {
      const iv = randomBytes(blockBytes);
      const cipher = createCipheriv(name, secret, iv);
      return Buffer.concat([iv, cipher.update(plain), cipher.final()]);
    },
    decrypt(sealed) {
      const decipher = createDecipheriv(name, secret, sealed.subarray(0, blockBytes));
      return Buffer.concat([decipher.update(sealed.subarray(blockBytes)), decipher.final()]);
    },
  };
};

/** AES in GCM mode, with random nonces. */
export const aesGcm: CipherKind = (secret) => {
  const name = `aes-${secret.length * 8}-gcm` as 'aes-256-gcm';
  return {
    encrypt(plain, key) {
      const nonce = randomBytes(gcmNonceBytes);
      const cipher = createCipheriv(name, secret, nonce);
      cipher.setAAD(Buffer.from(key));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    decrypt(sealed, key) {
      const end = sealed.length - tagBytes;
      if (end < gcmNonceBytes) throw new Error('the stored data was shorter than required');
      const decipher = createDecipheriv(name, secret, sealed.subarray(0, gcmNonceBytes));
      decipher.setAAD(Buffer.from(key));
      decipher.setAuthTag(sealed.subarray(end));
      const plain = decipher.update(sealed.subarray(gcmNonceBytes, end));
      return Buffer.concat([plain, decipher.final()]);
    },
  };
};

/** XSalsa20 and Poly1305, as NaCl's secretbox. */
export async function secretbox(): Promise<CipherKind> {
  // Loaded when a configuration asks for it: Node's own crypto does not have it.
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js');
  return (secret) => ({
    encrypt(plain) {
      const nonce = randomBytes(boxNonceBytes);
      return Buffer.concat([nonce, xsalsa20poly1305(secret, nonce).encrypt(plain)]);
    },
    decrypt(sealed) {
      const nonce = sealed.subarray(0, boxNonceBytes);
      const box = sealed.subarray(boxNonceBytes);
      return Buffer.from(xsalsa20poly1305(secret, nonce).decrypt(box));
    },
  });
}
