/** The flags of a command as `/flagz` shows them: by name, in the words of a command line. */
import type { Command, Option } from 'commander';
import { formatDuration } from '../machinery/meta/times.ts';
import { toDurationMs } from './commands/durations.ts';

/**
 * Values of all flags: those that `given` has, else what `options` says of them, where they may stand
 * with their unit (`requestTimeoutMs`); '' where neither knows.
 */
export function flagValues(
  command: Command,
  given: object,
  options: object = {},
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const option of command.options) {
    const name = (option.long ?? '').replace(/^--/, '');
    if (name !== '') values[name] = textOf(valueFor(option, given, options));
  }
  return values;
}

function valueFor(option: Option, given: object, options: object): unknown {
  const name = option.attributeName();
  const known = new Map<string, unknown>([...Object.entries(options), ...Object.entries(given)]);
  if (option.parseArg !== toDurationMs) return known.get(name) ?? known.get(`${name}Seconds`);
  const seconds = known.get(`${name}Seconds`);
  const ms =
    known.get(name) ??
    known.get(`${name}Ms`) ??
    (typeof seconds === 'number' ? seconds * 1000 : undefined);
  return typeof ms === 'number' ? formatDuration(ms) : ms;
}

/** Lists stand in brackets, as in Go. */
function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return Array.isArray(value) ? `[${value.join(',')}]` : String(value);
}
