/**
 * Gives up old history of an etcd, which does not do so by itself. Every server of a cluster tries,
 * ours and upstream's: a key that all of them know says when it was done last.
 */
import type { Storage } from './storage.ts';

/** The key of upstream's servers; its value is the revision that was new then. */
const compactKey = 'compact_rev_key';

export class Compactor {
  readonly #storage: Pick<Storage, 'get' | 'create' | 'update' | 'compact'>;
  /** The key as it stood when it was looked at last. */
  #seen: { readonly modRevision: number; readonly revision: number } | undefined;

  constructor(storage: Pick<Storage, 'get' | 'create' | 'update' | 'compact'>) {
    this.#storage = storage;
  }

  /**
   * To be called once an interval. Compacts to where the history was one interval ago, unless
   * another server has been here since.
   */
  async tick(): Promise<void> {
    const { kv, revision } = await this.#storage.get(compactKey);
    const seen = this.#seen;
    const untouched = seen !== undefined && (kv?.modRevision ?? 0) === seen.modRevision;
    if (!untouched) {
      this.#seen = { modRevision: kv?.modRevision ?? 0, revision };
      return;
    }
    const value = Buffer.from(String(revision));
    const written =
      kv === undefined
        ? await this.#storage.create(compactKey, value)
        : await this.#storage.update(compactKey, value, kv.modRevision);
    if (!written.ok) {
      this.#seen = { modRevision: written.current?.modRevision ?? 0, revision };
      return;
    }
    this.#seen = { modRevision: written.revision, revision: written.revision };
    await this.#storage.compact(seen.revision);
  }
}

/** Runs until the signal; `onProblem` is told of what went wrong, and the next round tries again. */
export function keepCompacting(
  storage: Storage,
  intervalMs: number,
  signal: AbortSignal,
  onProblem: (error: unknown) => void,
): void {
  if (intervalMs <= 0) return;
  const compactor = new Compactor(storage);
  const round = () => void compactor.tick().catch((e: unknown) => signal.aborted || onProblem(e));
  round();
  const timer = setInterval(round, intervalMs).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
