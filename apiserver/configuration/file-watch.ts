/** Notice of changes of a file, for loops that look at it now and then anyway. */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { pause } from '../pause.ts';

/** Writes in several steps are looked at once. */
const settleMs = 50;
/** The link that volumes of config maps and secrets exchange when their content changes. */
const volumeLink = '..data';

/** Listens from construction to disposal. Where the system gives no notice, none comes. */
export class FileWatch implements Disposable {
  readonly #watcher: FSWatcher | undefined;
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(path: string) {
    const name = basename(path);
    try {
      // The folder: a file that is replaced by another is a new one.
      this.#watcher = watch(dirname(path), { persistent: false }, (_event, what) => {
        if (what === null || what === name || what === volumeLink) this.#notice();
      });
      this.#watcher.on('error', () => {});
    } catch {
      this.#watcher = undefined;
    }
  }

  /** Resolves after `ms`, when `signal` aborts, or when the file may have changed. */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#changed) {
      const woken = new AbortController();
      const wake = () => woken.abort();
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
      if (!signal.aborted) await pause(ms, woken.signal);
      signal.removeEventListener('abort', wake);
      this.#wake = undefined;
    }
    if (this.#changed && !signal.aborted) await pause(Math.min(settleMs, ms), signal);
    this.#changed = false;
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }

  #notice(): void {
    this.#changed = true;
    this.#wake?.();
  }
}
