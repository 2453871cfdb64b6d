/** Durations on the command line, as Go writes them. */
import { parseDuration } from '../../machinery/meta/times.ts';

/** `1h30m`, `500ms`: milliseconds. Throws for anything else, and for less than nothing. */
export function toDurationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms < 0) throw new Error(`${text} is negative`);
  return ms;
}
