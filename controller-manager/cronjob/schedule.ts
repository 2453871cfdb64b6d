/**
 * Cron schedules with the rules of robfig/cron (standard five fields, descriptors, @every): days
 * of month and of week are alternatives when both are restricted, a time in the gap of a
 * changing clock is skipped, one that comes twice runs twice.
 */
import { parseDuration } from '../../machinery/meta/times.ts';
import { TimeZone } from './time-zone.ts';

export interface Schedule {
  /** The first time after a moment, in ms; undefined when there is none within five years. */
  next(afterMs: number): number | undefined;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const bounds: readonly Bounds[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ') },
  { min: 0, max: 6, names: 'sun mon tue wed thu fri sat'.split(' ') },
];

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const everyPrefix = '@every ';

/** Parses a schedule; `zone` holds unless the text has its own (`TZ=…`). Throws Error. */
export function parseSchedule(text: string, zone: string | undefined): Schedule {
  const own = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(text);
  const spec = (own?.[2] ?? text).trim();
  if (spec === '') throw new Error('empty spec string');
  if (spec.startsWith(everyPrefix)) return every(parseDuration(spec.slice(everyPrefix.length)));
  const name = own?.[1] ?? zone;
  const timeZone = name === undefined ? TimeZone.local() : TimeZone.named(name);
  const fields = (descriptors[spec] ?? spec).split(/\s+/);
  if (spec.startsWith('@') && fields.length === 1) {
    throw new Error(`unrecognized descriptor: ${spec}`);
  }
  if (fields.length !== bounds.length) {
    throw new Error(
      `expected exactly ${bounds.length} fields, found ${fields.length}: [${fields.join(' ')}]`,
    );
  }
  const [minutes, hours, days, months, weekdays] = fields.map((f, i) => parseField(f, bounds[i]!));
  return new FieldSchedule(minutes!, hours!, days!, months!, weekdays!, timeZone);
}

function every(ms: number): Schedule {
  const step = Math.max(1000, Math.floor(ms / 1000) * 1000);
  return { next: (after) => Math.floor(after / 1000) * 1000 + step };
}

/** Values of a field; `star` when it does not restrict. */
interface FieldSet {
  readonly values: ReadonlySet<number>;
  readonly star: boolean;
}

function parseField(text: string, b: Bounds): FieldSet {
  const values = new Set<number>();
  let star = false;
  for (const part of text.split(',')) {
    if (part === '') continue;
    const { first, last, step, any } = parseRange(part, b);
    star ||= any;
    for (let v = first; v <= last; v += step) values.add(v);
  }
  return { values, star };
}

function parseRange(text: string, b: Bounds) {
  const [range = '', stepText, ...more] = text.split('/');
  const [low = '', high, ...ends] = range.split('-');
  if (more.length > 0) throw new Error(`too many slashes: ${text}`);
  if (ends.length > 0) throw new Error(`too many hyphens: ${text}`);
  const any = low === '*' || low === '?';
  const first = any ? b.min : parseValue(low, b);
  let last = any ? b.max : high === undefined ? first : parseValue(high, b);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  if (stepText !== undefined && high === undefined) last = b.max;
  if (first < b.min || last > b.max || first > last || step === 0) {
    throw new Error(`invalid range: ${text}`);
  }
  return { first, last, step, any: any && step === 1 };
}

function parseValue(text: string, b: Bounds): number {
  const named = b.names.indexOf(text.toLowerCase());
  return named < 0 ? parseNumber(text) : named + b.min;
}

function parseNumber(text: string): number {
  if (!/^[0-9]+$/.test(text)) throw new Error(`failed to parse int from ${text}`);
  return Number(text);
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
const yearsAhead = 5;

class FieldSchedule implements Schedule {
  private readonly minutes: FieldSet;
  private readonly hours: FieldSet;
  private readonly days: FieldSet;
  private readonly months: FieldSet;
  private readonly weekdays: FieldSet;
  private readonly zone: TimeZone;

  constructor(
    minutes: FieldSet,
    hours: FieldSet,
    days: FieldSet,
    months: FieldSet,
    weekdays: FieldSet,
    zone: TimeZone,
  ) {
    this.minutes = minutes;
    this.hours = hours;
    this.days = days;
    this.months = months;
    this.weekdays = weekdays;
    this.zone = zone;
  }

  next(afterMs: number): number | undefined {
    // Moves the coarsest field that does not match, from the start of its unit, until all match.
    let at = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs;
    const lastYear = this.zone.at(at).year + yearsAhead;
    for (;;) {
      const t = this.zone.at(at);
      if (t.year > lastYear) return undefined;
      if (!this.months.values.has(t.month)) at = this.zone.moment(t.year, t.month + 1, 1, 0);
      else if (!this.matchesDay(t.day, t.weekday)) {
        at = this.startOfNextDay(t.year, t.month, t.day);
      } else if (!this.hours.values.has(t.hour)) at = at - t.minute * minuteMs + hourMs;
      else if (!this.minutes.values.has(t.minute)) at += minuteMs;
      else return at;
    }
  }

  private startOfNextDay(year: number, month: number, day: number): number {
    const at = this.zone.moment(year, month, day + 1, 0);
    // Where midnight does not exist, the day starts later.
    const { hour } = this.zone.at(at);
    return hour > 12 ? at + (24 - hour) * hourMs : at;
  }

  private matchesDay(day: number, weekday: number): boolean {
    const byDay = this.days.values.has(day);
    const byWeekday = this.weekdays.values.has(weekday);
    return this.days.star || this.weekdays.star ? byDay && byWeekday : byDay || byWeekday;
  }
}
