/**
 * A store whose values are encrypted by rules that may change: everything above it sees them as they
 * are. What cannot be decrypted is handed on as it stands, and cannot be read there.
 */

import { internalError } from '../../../machinery/meta/status-error.ts';
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
import { type EncryptionRules, type Forms, formOf, type StoredForm } from './encryption-rules.ts';

/**
 * How long values that others must be asked about are waited for: all of a list, which is read when
 * a cache is filled, and events, behind which those of everything else wait.
 */
const listPatienceMs = Number.POSITIVE_INFINITY;
const patienceMs = 10_000;

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
  /** In which form, and with which key, the values are that rules are about, by key. */
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
    return forms !== undefined && header !== undefined && header !== markOf(forms[0]);
  }

  async get(key: string): Promise<{ kv: KeyValue | undefined; revision: number }> {
    const { kv, revision } = await this.#storage.get(key);
    if (kv !== undefined) await this.#prepare([kv], patienceMs);
    return { kv: kv === undefined ? undefined : this.#shown(kv), revision };
  }

  async range(prefix: string, options?: RangeOptions): Promise<RangeResult> {
    const result = await this.#storage.range(prefix, options);
    await this.#prepare(result.kvs, listPatienceMs);
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
    const prepare = (batch: WatchBatch) =>
      this.#prepare(
        batch.events.map(({ kv }) => kv),
        patienceMs,
      );
    const shown = (event: StoreEvent) => this.#event(event);
    return {
      reach: (revision) => watch.reach(revision),
      async *[Symbol.asyncIterator](): AsyncGenerator<WatchBatch> {
        for await (const batch of watch) {
          const preparing = prepare(batch);
          if (preparing !== undefined) await preparing;
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

  /** Resolves when these values can be decrypted, or will not be soon; undefined: they can be. */
  #prepare(kvs: readonly KeyValue[], withinMs: number): Promise<unknown> | undefined {
    const waits: Promise<void>[] = [];
    for (const { key, value } of kvs) {
      const forms = this.#formsOf(key);
      const form = forms === undefined ? undefined : formOf(value, forms);
      if (form?.cipher?.prepare === undefined) continue;
      const wait = form.cipher.prepare(value.subarray(form.header.length), withinMs);
      if (wait !== undefined) waits.push(wait);
    }
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  #formsOf(key: string): Forms | undefined {
    const of = this.#options.resourceOf(key);
    return of === undefined ? undefined : this.rules.formsOf(of.group, of.resource);
  }

  #sealed(key: string, value: Buffer): Buffer {
    const form = this.#formsOf(key)?.[0];
    if (form === undefined) return value;
    this.#headers.set(key, markOf(form));
    if (form.cipher === undefined) return value;
    let sealed: Buffer;
    try {
      sealed = form.cipher.encrypt(value, key);
    } catch (error) {
      throw internalError((error as Error).message, error);
    }
    return Buffer.concat([Buffer.from(form.header), sealed]);
  }

  #shown(kv: KeyValue): KeyValue {
    const forms = this.#formsOf(kv.key);
    if (forms === undefined) return kv;
    const form = formOf(kv.value, forms);
    if (form === undefined) {
      this.#options.onProblem(`the value of ${kv.key} is encrypted in an unknown way`, undefined);
      return kv;
    }
    const sealed = kv.value.subarray(form.header.length);
    this.#headers.set(kv.key, markOf(form, sealed));
    if (form.cipher === undefined) return kv;
    try {
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

  async #result(result: WriteResult): Promise<WriteResult> {
    if (result.ok || result.current === undefined) return result;
    await this.#prepare([result.current], patienceMs);
    return { ...result, current: this.#shown(result.current) };
  }
}

/** What tells values apart that are to be written anew; without `sealed`: of values written now. */
function markOf({ header, cipher }: StoredForm, sealed?: Buffer): string {
  return cipher?.keyOf === undefined ? header : `${header}${cipher.keyOf(sealed)}`;
}
