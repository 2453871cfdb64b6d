/**
 * The CRI log format: one line per write, `<RFC 3339 time> <stdout|stderr> <P|F>[:tags] <text>`.
 * P marks a piece that the next line continues, F the end of a line of the container.
 */

export type LogStream = 'stdout' | 'stderr';

export interface LogLine {
  /** As it stands in the file. */
  readonly time: string;
  readonly stream: LogStream;
  /** The text ends a line of the container. */
  readonly full: boolean;
  /** With the newline when `full`. */
  readonly text: Buffer;
}

const space = 0x20;
const newline = 0x0a;

/** Reads one line of a log file (with or without its newline); throws what is wrong with it. */
export function parseLogLine(line: Buffer): LogLine {
  const afterTime = line.indexOf(space);
  if (afterTime < 0) throw new Error('timestamp is not found');
  const time = line.toString('latin1', 0, afterTime);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(time)) {
    throw new Error(`unexpected timestamp format ${JSON.stringify(time)}`);
  }
  const afterStream = line.indexOf(space, afterTime + 1);
  if (afterStream < 0) throw new Error('stream type is not found');
  const stream = line.toString('latin1', afterTime + 1, afterStream);
  if (stream !== 'stdout' && stream !== 'stderr') {
    throw new Error(`unexpected stream type ${JSON.stringify(stream)}`);
  }
  const afterTags = line.indexOf(space, afterStream + 1);
  if (afterTags < 0) throw new Error('log tag is not found');
  const full = line.toString('latin1', afterStream + 1, afterTags).split(':')[0] !== 'P';
  let end = line.length;
  if (!full && line[end - 1] === newline) end--;
  return { time, stream, full, text: line.subarray(afterTags + 1, end) };
}

/** The time with nine decimals, as `kubectl logs --timestamps` shows it. */
export function fixedTime(time: string): string {
  const m = /^(.{19})(?:\.(\d+))?(.*)$/.exec(time)!;
  return `${m[1]}.${(m[2] ?? '').padEnd(9, '0')}${m[3]}`;
}
