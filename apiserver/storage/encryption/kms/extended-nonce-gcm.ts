/**
 * AES-GCM whose keys are derived from a seed, one for each value: random nonces never wear it out.
 * Byte for byte upstream's HKDF_SHA256_XNONCE_AES_GCM_SEED.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { aesGcm, type Cipher, type CipherKind } from '../transformers.ts';

/** Bytes of a seed, and of what stands in front of a value. */
export const seedBytes = 32;

/** Throws for a seed that is too short. */
export const extendedNonceGcm: CipherKind = (seed): Cipher => {
  if (seed.length < seedBytes) {
    throw new Error(`invalid seed length ${seed.length} used for key generation`);
  }
  // The first block of HKDF's expansion (RFC 5869, 2.3) is as long as the key.
  const derived = (info: Buffer) =>
    aesGcm(createHmac('sha256', seed).update(info).update(Buffer.of(1)).digest());
  return {
    encrypt(plain, key) {
      const info = randomBytes(seedBytes);
      return Buffer.concat([info, derived(info).encrypt(plain, key)]);
    },
    decrypt(sealed, key) {
      if (sealed.length < seedBytes) {
        throw new Error('the stored data was shorter than the required size');
      }
      return derived(sealed.subarray(0, seedBytes)).decrypt(sealed.subarray(seedBytes), key);
    },
  };
};
