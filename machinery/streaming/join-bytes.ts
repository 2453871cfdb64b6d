/** Two connections joined byte by byte. */
import type { Duplex } from 'node:stream';

/** Joins until both directions have ended; an error or the close of one side ends the other. */
export function joinBytes(a: Duplex, b: Duplex): void {
  const close = (): void => {
    a.destroy();
    b.destroy();
  };
  for (const side of [a, b]) {
    side.on('error', close);
    side.on('close', close);
    if (side.destroyed) close();
  }
  // pipe() keeps to the pace of the slower side and passes half-closes on.
  a.pipe(b);
  b.pipe(a);
}
