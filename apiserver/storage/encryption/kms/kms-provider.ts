/**
 * One key management plugin: which of its keys values are written with, and whether it is well.
 * Values are encrypted under a seed of this server's own, which the plugin has encrypted; a new one
 * is made when the plugin names another key (KEP-3299).
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { pause } from '../../../pause.ts';
import type { Cipher } from '../transformers.ts';
import { DataKeys } from './data-keys.ts';
import {
  decodeEncryptedObject,
  encodeEncryptedObject,
  keyIdProblem,
  sourceTypes,
  validateSource,
} from './encrypted-object.ts';
import { extendedNonceGcm, seedBytes } from './extended-nonce-gcm.ts';
import { hashOf, type KmsMetrics } from './kms-metrics.ts';
import type { KmsEncryption, KmsService, KmsStatus } from './kms-service.ts';

/** How often a plugin is asked that is well, and one that is not. */
const wellEveryMs = 60_000;
const unwellEveryMs = 10_000;
/** So long the seed may be written with after the plugin was last well. */
const writableMs = 180_000;
/** How long an answer about its health holds. */
const wellHoldsMs = 20_000;
const unwellHoldsMs = 3_000;

/** What values are written with. */
interface WriteSeed {
  readonly cipher: Cipher;
  readonly source: KmsEncryption;
  readonly expiresMs: number;
}

export interface KmsProviderOptions {
  readonly name: string;
  readonly service: KmsService;
  readonly metrics: KmsMetrics;
  /** The server is to end: nobody is waited for any more. */
  readonly signal: AbortSignal;
  now(): number;
  onProblem(what: string, error: unknown): void;
}

export class KmsProvider {
  readonly name: string;
  /** Encrypts values, and decrypts what `prepare` was called with. */
  readonly cipher: Cipher;
  readonly #o: KmsProviderOptions;
  readonly #keys: DataKeys;
  readonly #stop = new AbortController();
  readonly #ends = () => this.#stop.abort();
  #seed: WriteSeed | undefined;
  /** Plugins stay with the version that they first named. */
  #version: string | undefined;
  #health: { readonly problem: string | undefined; readonly untilMs: number } | undefined;
  #asking: Promise<string | undefined> | undefined;

  constructor(options: KmsProviderOptions) {
    this.name = options.name;
    this.#o = options;
    options.signal.addEventListener('abort', this.#ends);
    this.#keys = new DataKeys(options.service, () => options.now());
    this.cipher = {
      encrypt: (plain, key) => this.#encrypt(plain, key),
      decrypt: (sealed, key) => this.#decrypt(sealed, key),
      prepare: (sealed, patienceMs) => this.#prepare(sealed, patienceMs),
      keyOf: (sealed) =>
        sealed === undefined ? (this.#seed?.source.keyId ?? '') : keyIdOf(sealed),
    };
  }

  /** What is wrong with the plugin; undefined when nothing is. Asks it when the answer is old. */
  check(): Promise<string | undefined> {
    const { now } = this.#o;
    if (this.#health !== undefined && now() < this.#health.untilMs) {
      return Promise.resolve(this.#health.problem);
    }
    this.#asking ??= this.#ask()
      .then((problem) => {
        const holdsMs = problem === undefined ? wellHoldsMs : unwellHoldsMs;
        this.#health = { problem, untilMs: now() + holdsMs };
        return problem;
      })
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  /** Keeps the seed writable until `close` or the end. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    let well = (await this.check()) === undefined;
    while (!signal.aborted) {
      await pause(well ? wellEveryMs : unwellEveryMs, signal);
      if (signal.aborted) return;
      const problem = await this.check();
      well = problem === undefined;
      if (!well) this.#o.onProblem(`the key management plugin ${this.name} is not well`, problem);
    }
  }

  /** Ends `run` and the connection. */
  close(): void {
    this.#stop.abort();
    this.#o.signal.removeEventListener('abort', this.#ends);
    this.#o.service[Symbol.dispose]();
  }

  async #ask(): Promise<string | undefined> {
    let status: KmsStatus;
    try {
      status = await this.#o.service.status();
    } catch (e) {
      return `failed to perform status section of the healthz check for KMS Provider ${this.name}, error: ${messageOf(e)}`;
    }
    const problems = this.#problemsOf(status);
    const misnamed = keyIdProblem(status.keyId);
    if (misnamed === undefined) {
      this.#o.metrics.named(this.name, status.keyId);
      problems.push(...(await this.#rotate(status.keyId)));
    } else {
      this.#o.metrics.misnamed(this.name, misnamed.code);
      const hash = JSON.stringify(hashOf(status.keyId));
      problems.push(`got invalid KMSv2 KeyID hash ${hash}: ${misnamed.message}`);
    }
    if (problems.length === 0) return undefined;
    const all = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
    return `kmsv2 Provider ${this.name} is not healthy, error: ${all}`;
  }

  #problemsOf({ healthz, version }: KmsStatus): string[] {
    const problems = healthz === 'ok' ? [] : [`got unexpected healthz status: ${healthz}`];
    if (version !== 'v2' && version !== 'v2beta1') {
      return [...problems, `expected KMSv2 API version v2, got ${version}`];
    }
    this.#version ??= version;
    if (version === this.#version) return problems;
    const why = 'KMSv2 API version should not change after the initial status response version';
    return [...problems, `${why} ${this.#version}, got ${version}`];
  }

  /** Makes the seed writable for a while longer; a new one when the plugin has another key. */
  async #rotate(keyId: string): Promise<string[]> {
    const { service, now } = this.#o;
    // From before the call: it must not be longer after the plugin was last well.
    const expiresMs = now() + writableMs;
    if (this.#seed?.source.keyId === keyId) {
      this.#seed = { ...this.#seed, expiresMs };
      return [];
    }
    const seed = randomBytes(seedBytes);
    const failed = (why: string) => [`failed to rotate DEK: ${why}`];
    let source: KmsEncryption;
    try {
      source = await service.encrypt(randomUUID(), seed);
      validateSource(source);
    } catch (e) {
      return failed(`failed to encrypt DEK, error: ${messageOf(e)}`);
    }
    if (source.keyId !== keyId) {
      const [said, used] = [keyId, source.keyId].map((id) => JSON.stringify(hashOf(id)));
      return failed(`statusKeyIDHash=${said}, encryptKeyIDHash=${used}`);
    }
    const cipher = extendedNonceGcm(seed);
    this.#seed = { cipher, source, expiresMs };
    // Values of this server need not be asked about.
    this.#keys.add({ source, sourceType: sourceTypes.hkdfSeed }, cipher);
    this.#o.metrics.cached(this.name, this.#keys.size);
    return [];
  }

  #encrypt(plain: Buffer, key: string): Buffer {
    const seed = this.#seed;
    if (seed === undefined) {
      throw new Error(`the key management plugin ${this.name} has not been well yet`);
    }
    const nowMs = this.#o.now();
    if (nowMs > seed.expiresMs) {
      const hash = JSON.stringify(hashOf(seed.source.keyId));
      throw new Error(
        `encryptedDEKSource with keyID hash ${hash} expired at ${time(seed.expiresMs)} (current time is ${time(nowMs)})`,
      );
    }
    this.#o.metrics.used('to_storage', this.name, seed.source.keyId);
    return encodeEncryptedObject({
      encryptedData: seed.cipher.encrypt(plain, key),
      source: seed.source,
      sourceType: sourceTypes.hkdfSeed,
    });
  }

  #decrypt(sealed: Buffer, key: string): Buffer {
    const object = decodeEncryptedObject(sealed);
    const cipher = this.#keys.cipherOf(object);
    this.#o.metrics.used('from_storage', this.name, object.source.keyId);
    return cipher.decrypt(object.encryptedData, key);
  }

  #prepare(sealed: Buffer, patienceMs: number): Promise<void> | undefined {
    try {
      const object = decodeEncryptedObject(sealed);
      const asked = this.#keys.prepare(object, patienceMs, this.#stop.signal);
      return asked?.then(() => this.#o.metrics.cached(this.name, this.#keys.size));
    } catch {
      // What is wrong with it is told when it is decrypted.
      return undefined;
    }
  }
}

/** A value of the older kind is to be written anew, whatever its key. */
function keyIdOf(sealed: Buffer): string {
  try {
    const { source, sourceType } = decodeEncryptedObject(sealed);
    return sourceType === sourceTypes.hkdfSeed ? source.keyId : '';
  } catch {
    return '';
  }
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
