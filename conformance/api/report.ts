/** Runs the checks of a test program one after the other and counts them. */
import { parseArgs } from 'node:util';

/** The options of all programs. */
export const { values: flags } = parseArgs({
  options: { seed: { type: 'string' }, filter: { type: 'string' }, facts: { type: 'string' } },
});

/** Of everything random in the program: 1, or `--seed N`; `--seed random` draws one. */
export const seed =
  flags.seed === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(flags.seed ?? 1);

let passed = 0;
let failed = 0;

/** Runs one check; it fails when `body` throws. `--filter TEXT` picks checks by name. */
export async function check(name: string, body: () => Promise<void>): Promise<void> {
  if (flags.filter !== undefined && !name.includes(flags.filter)) return;
  const started = Date.now();
  try {
    await body();
    passed++;
    console.log(`ok ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed++;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.log(`FAILED ${name} (seed ${seed})\n${text}`);
  }
}

/** Prints the closing line and ends the process. */
export function finish(): never {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
