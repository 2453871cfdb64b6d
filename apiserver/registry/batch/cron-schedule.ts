/**
 * What is wrong with a CronJob's schedule. Grammar and texts are those of the parser that the real
 * server uses (robfig/cron, standard five fields).
 */
import { quote } from '../../../machinery/meta/field-error.ts';
import { parseDuration, TimeError } from '../../../machinery/meta/times.ts';
import { timeZoneProblem } from './time-zones.ts';

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const days = 'sun mon tue wed thu fri sat'.split(' ');
/** Minute, hour, day of month, month, day of week. */
const fieldBounds: readonly Bounds[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];
const descriptors = new Set([
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
]);
const every = '@every ';

class ScheduleError extends Error {}

/** The parser's error; undefined for a good schedule. */
export function cronScheduleProblem(schedule: string): string | undefined {
  try {
    checkSchedule(schedule);
    return undefined;
  } catch (e) {
    if (e instanceof ScheduleError) return e.message;
    throw e;
  }
}

function checkSchedule(schedule: string): void {
  if (schedule === '') throw new ScheduleError('empty spec string');
  let spec = schedule;
  if (spec.startsWith('TZ=') || spec.startsWith('CRON_TZ=')) {
    const space = spec.indexOf(' ');
    // The parser slices out of bounds there, and the server reports what it recovered from.
    if (space < 0) {
      const text = 'invalid schedule format: runtime error: slice bounds out of range [:-1]';
      throw new ScheduleError(text);
    }
    const zone = spec.slice(spec.indexOf('=') + 1, space);
    const problem = timeZoneProblem(zone);
    if (problem !== undefined) {
      throw new ScheduleError(`provided bad location ${zone}: ${problem}`);
    }
    spec = spec.slice(space).trim();
  }
  if (spec.startsWith('@')) checkDescriptor(spec);
  else checkFields(spec.split(/\s+/).filter((f) => f !== ''));
}

function checkDescriptor(text: string): void {
  if (descriptors.has(text)) return;
  if (!text.startsWith(every)) throw new ScheduleError(`unrecognized descriptor: ${text}`);
  try {
    parseDuration(text.slice(every.length));
  } catch (e) {
    if (!(e instanceof TimeError)) throw e;
    throw new ScheduleError(`failed to parse duration ${text}: ${e.message}`);
  }
}

function checkFields(fields: readonly string[]): void {
  const wanted = fieldBounds.length;
  if (fields.length !== wanted) {
    const found = `found ${fields.length}: [${fields.join(' ')}]`;
    throw new ScheduleError(`expected exactly ${wanted} fields, ${found}`);
  }
  for (const [i, field] of fields.entries()) {
    for (const part of field.split(',')) if (part !== '') checkRange(part, fieldBounds[i]!);
  }
}

/** `number`, `first-last`, `*`, each with an optional `/step`. */
function checkRange(text: string, bounds: Bounds): void {
  const [range = '', ...steps] = text.split('/');
  const ends = range.split('-');
  let start = bounds.min;
  let end = bounds.max;
  if (ends[0] !== '*' && ends[0] !== '?') {
    start = parseValue(ends[0]!, bounds.names, bounds.min);
    if (ends.length > 2) throw new ScheduleError(`too many hyphens: ${text}`);
    end = ends.length === 1 ? start : parseValue(ends[1]!, bounds.names, bounds.min);
  }
  if (steps.length > 1) throw new ScheduleError(`too many slashes: ${text}`);
  let step = 1;
  if (steps[0] !== undefined) {
    step = parseNumber(steps[0]);
    if (ends.length === 1) end = bounds.max;
  }
  const limits = `(${start}) below minimum (${bounds.min}): ${text}`;
  if (start < bounds.min) throw new ScheduleError(`beginning of range ${limits}`);
  if (end > bounds.max) {
    throw new ScheduleError(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  }
  if (start > end) {
    const problem = `beginning of range (${start}) beyond end of range (${end}): ${text}`;
    throw new ScheduleError(problem);
  }
  if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${text}`);
}

function parseValue(text: string, names: readonly string[], first: number): number {
  const named = names.indexOf(text.toLowerCase());
  return named < 0 ? parseNumber(text) : named + first;
}

function parseNumber(text: string): number {
  const failed = (why: string) =>
    new ScheduleError(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${quote(text)}: ${why}`,
    );
  if (!/^[+-]?[0-9]+$/.test(text)) throw failed('invalid syntax');
  const value = BigInt(text.replace(/^\+/, ''));
  if (value >= 2n ** 63n || value < -(2n ** 63n)) throw failed('value out of range');
  if (value < 0n) throw new ScheduleError(`negative number (${value}) not allowed: ${text}`);
  return Number(value);
}
