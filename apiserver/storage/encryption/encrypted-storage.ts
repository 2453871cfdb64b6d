/**
 * A store whose values are encrypted by rules that may change: everything above it sees them as they
 * are. What cannot be decrypted is handed on as it stands, and cannot be read there.
 */
import type {
  KeyValue,
  RangeOptions,
  RangeResult,
  Storage,
  StoreEvent,
  Watch,
  WatchBatch,
  WatchOptions,
  WriteResult,
} from '../storage.ts';
import { type EncryptionRules, type Forms, formOf } from './encryption-rules.ts';

export interface EncryptedStorageOptions {
  readonly storage: Storage;
  /** The resource that a key belongs to; undefined: none, and never encrypted. */
  resourceOf(key: string): { readonly group: string; readonly resource: string } | undefined;
  readonly rules: EncryptionRules;
  onProblem(what: string, error: unknown): void;
}

export class EncryptedStorage implements Storage {
  /** Replaced when the configuration changes. */
  rules: EncryptionRules;
  readonly #options: EncryptedStorageOptions;
  readonly #storage: Storage;
  /** In which form the values are that rules are about, by key. */
  readonly #headers = new Map<string, string>();

  constructor(options: EncryptedStorageOptions) {
    this.#options = options;
    this.#storage = options.storage;
    this.rules = options.rules;
  }

  /** The value is not stored as it would be written now. */
  isStale(key: string): boolean {
    const forms = this.#formsOf(key);
    const header = this.#headers.get(key);
    return forms !== undefined && header !== undefined && header !== forms[0].header;
  }

  async get(key: string): Promise<{ kv: KeyValue | undefined; revision: number }> {
    const { kv, revision } = await this.#storage.get(key);
    return { kv: kv === undefined ? undefined : this.#shown(kv), revision };
  }

  async range(prefix: string, options?: RangeOptions): Promise<RangeResult> {
    const result = await this.#storage.range(prefix, options);
    return { ...result, kvs: result.kvs.map((kv) => this.#shown(kv)) };
  }

  async create(key: string, value: Buffer, lease?: number): Promise<WriteResult> {
    return this.#result(await this.#storage.create(key, this.#sealed(key, value), lease));
  }

  async update(key: string, value: Buffer, expected: number, lease?: number): Promise<WriteResult> {
    const sealed = this.#sealed(key, value);
    return this.#result(await this.#storage.update(key, sealed, expected, lease));
  }

  async delete(key: string, expected: number): Promise<WriteResult> {
    return this.#result(await this.#storage.delete(key, expected));
  }

  watch(prefix: string, options: WatchOptions): Watch {
    const watch = this.#storage.watch(prefix, options);
    const shown = (event: StoreEvent) => this.#event(event);
    return {
      reach: (revision) => watch.reach(revision),
      async *[Symbol.asyncIterator](): AsyncGenerator<WatchBatch> {
        for await (const batch of watch) {
          yield batch.events.length === 0 ? batch : { ...batch, events: batch.events.map(shown) };
        }
      },
    };
  }

  currentRevision(): Promise<number> {
    return this.#storage.currentRevision();
  }

  compact(revision: number): Promise<void> {
    return this.#storage.compact(revision);
  }

  grantLease(ttlSeconds: number): Promise<number> {
    return this.#storage.grantLease(ttlSeconds);
  }

  /** The values in it are encrypted as they are in the store. */
  snapshot(path: string): Promise<void> {
    return this.#storage.snapshot(path);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#storage[Symbol.asyncDispose]();
  }

  #formsOf(key: string): Forms | undefined {
    const of = this.#options.resourceOf(key);
    return of === undefined ? undefined : this.rules.formsOf(of.group, of.resource);
  }

  #sealed(key: string, value: Buffer): Buffer {
    const form = this.#formsOf(key)?.[0];
    if (form === undefined) return value;
    this.#headers.set(key, form.header);
    if (form.cipher === undefined) return value;
    return Buffer.concat([Buffer.from(form.header), form.cipher.encrypt(value, key)]);
  }

  #shown(kv: KeyValue): KeyValue {
    const forms = this.#formsOf(kv.key);
    if (forms === undefined) return kv;
    const form = formOf(kv.value, forms);
    if (form === undefined) {
      this.#options.onProblem(`the value of ${kv.key} is encrypted in an unknown way`, undefined);
      return kv;
    }
    this.#headers.set(kv.key, form.header);
    if (form.cipher === undefined) return kv;
    try {
      const sealed = kv.value.subarray(form.header.length);
      return { ...kv, value: form.cipher.decrypt(sealed, kv.key) };
    } catch (error) {
      this.#options.onProblem(`the value of ${kv.key} cannot be decrypted`, error);
      return kv;
    }
  }

  #event(event: StoreEvent): StoreEvent {
    const { kv, type } = event;
    if (type === 'put') return { type, kv: this.#shown(kv) };
    this.#headers.delete(kv.key);
    return event;
  }

  #result(result: WriteResult): WriteResult {
    if (result.ok || result.current === undefined) return result;
    return { ...result, current: this.#shown(result.current) };
  }
}
