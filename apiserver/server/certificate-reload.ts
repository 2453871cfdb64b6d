/** A serving certificate that is renewed in its files while the server runs. */
import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { followFile, RetryError } from '../configuration/file-follower.ts';

export interface ReloadedCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** What the server runs with. */
  readonly cert: string;
  readonly everyMs: number;
  /** Takes the pair over; throws when the two do not belong together. */
  use(pair: Required<Pick<SecureContextOptions, 'cert' | 'key'>>): void;
  onProblem(error: unknown): void;
}

/** Looks at the files until the signal; connections that stand keep what they were made with. */
export function followCertificate(c: ReloadedCertificate, signal: AbortSignal): Promise<void> {
  const changed = async (cert: string) => {
    const key = await readFile(c.keyFile, 'utf8');
    try {
      c.use({ cert, key });
    } catch (e) {
      // The two are seldom written in one moment.
      throw new RetryError(`${c.certFile} and ${c.keyFile}: ${(e as Error).message}`);
    }
  };
  const { certFile: path, cert: text, everyMs, onProblem } = c;
  return followFile({ path, text, everyMs, changed, onProblem }, signal);
}
