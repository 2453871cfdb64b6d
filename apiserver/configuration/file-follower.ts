/** Files whose changes a running server follows. */
import { readFile } from 'node:fs/promises';
import type { Reloads } from '../metrics/reloads.ts';
import { FileWatch } from './file-watch.ts';

export interface FollowedFile {
  readonly path: string;
  /** What the server runs with. */
  readonly text: string;
  /** How often it is looked at where no notice comes of its changes. */
  readonly everyMs: number;
  /**
   * Told of a text that differs from the one before. When it rejects with a RetryError the same
   * text is tried again.
   */
  changed(text: string): Promise<void>;
  /** Told what went wrong; the file is looked at again. */
  onProblem(error: unknown): void;
  /** Where it is counted. */
  readonly reloads?: Pick<Reloads, 'began' | 'applied' | 'failed'> | undefined;
}

/** Something that may be right the next time. */
export class RetryError extends Error {}

/** Looks at the file until `signal`, at once when it changes. */
export async function followFile(file: FollowedFile, signal: AbortSignal): Promise<void> {
  let known = file.text;
  file.reloads?.began(known);
  using notice = new FileWatch(file.path);
  while (!signal.aborted) {
    await notice.next(file.everyMs, signal);
    if (signal.aborted) return;
    try {
      const now = await readFile(file.path, 'utf8');
      if (now === known) continue;
      const before = known;
      known = now;
      try {
        await file.changed(now);
        file.reloads?.applied(now);
      } catch (e) {
        if (e instanceof RetryError) known = before;
        throw e;
      }
    } catch (e) {
      if (signal.aborted) return;
      file.reloads?.failed();
      file.onProblem(e);
    }
  }
}
