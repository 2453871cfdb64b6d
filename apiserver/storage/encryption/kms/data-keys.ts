/** The ciphers of one plugin's values: what it has decrypted is kept, so that it is asked once. */
import { randomUUID } from 'node:crypto';
import { pause } from '../../../pause.ts';
import { aesGcm, type Cipher } from '../transformers.ts';
import { type EncryptedObject, sourceTypes } from './encrypted-object.ts';
import { extendedNonceGcm } from './extended-nonce-gcm.ts';
import { KmsError, type KmsService } from './kms-service.ts';

/** Each server has a few: one for each key of the plugin and start of its own. */
const limit = 4096;
/** So long a source that could not be decrypted is not asked for again. */
const refusedMs = 10_000;
const retryMs = 1_000;

interface Refusal {
  readonly error: Error;
  readonly untilMs: number;
}

export class DataKeys {
  readonly #service: Pick<KmsService, 'decrypt'>;
  readonly #now: () => number;
  readonly #ciphers = new Map<string, Cipher>();
  readonly #asked = new Map<string, Promise<void>>();
  readonly #refused = new Map<string, Refusal>();

  constructor(service: Pick<KmsService, 'decrypt'>, now: () => number) {
    this.#service = service;
    this.#now = now;
  }

  get size(): number {
    return this.#ciphers.size;
  }

  /** Takes over what is known without asking. */
  add(object: Pick<EncryptedObject, 'source' | 'sourceType'>, cipher: Cipher): void {
    this.#keep(cacheKey(object), cipher);
  }

  /** The cipher of a value. Throws an Error why it is not known. */
  cipherOf(object: EncryptedObject): Cipher {
    const key = cacheKey(object);
    const cipher = this.#ciphers.get(key);
    if (cipher !== undefined) return cipher;
    const why = this.#refused.get(key)?.error ?? new Error('the plugin has not been asked');
    throw new Error(`failed to decrypt DEK, error: ${why.message}`, { cause: why });
  }

  /**
   * Asks the plugin; while it is away again and again for `patienceMs`, or until `signal`.
   * Undefined: there is nothing to wait for. Never rejects.
   */
  prepare(
    object: EncryptedObject,
    patienceMs: number,
    signal: AbortSignal,
  ): Promise<void> | undefined {
    const key = cacheKey(object);
    if (this.#ciphers.has(key)) return undefined;
    const refused = this.#refused.get(key);
    if (refused !== undefined && this.#now() < refused.untilMs) return undefined;
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      asked = this.#ask(key, object, this.#now() + patienceMs, signal).finally(() =>
        this.#asked.delete(key),
      );
      this.#asked.set(key, asked);
    }
    return asked;
  }

  async #ask(
    key: string,
    { source, sourceType }: EncryptedObject,
    untilMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      try {
        const secret = await this.#service.decrypt(randomUUID(), source);
        const kind = sourceType === sourceTypes.hkdfSeed ? extendedNonceGcm : aesGcm;
        this.#keep(key, kind(secret));
        return;
      } catch (error) {
        const again = error instanceof KmsError && error.unavailable && this.#now() < untilMs;
        if (!again || signal.aborted) {
          this.#refused.set(key, { error: error as Error, untilMs: this.#now() + refusedMs });
          return;
        }
        await pause(retryMs, signal);
      }
    }
  }

  #keep(key: string, cipher: Cipher): void {
    this.#refused.delete(key);
    this.#ciphers.set(key, cipher);
    if (this.#ciphers.size <= limit) return;
    for (const oldest of this.#ciphers.keys()) {
      this.#ciphers.delete(oldest);
      break;
    }
  }
}

/** All that goes into decrypting a source. */
function cacheKey({ source, sourceType }: Pick<EncryptedObject, 'source' | 'sourceType'>): string {
  const { ciphertext, keyId, annotations } = source;
  const notes = Object.keys(annotations)
    .sort()
    .map((name) => [name, annotations[name]!.toString('base64')]);
  return JSON.stringify([sourceType, ciphertext.toString('base64'), keyId, notes]);
}
