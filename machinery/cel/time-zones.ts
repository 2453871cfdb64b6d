/** Times as clocks show them somewhere. */
import type { Timestamp } from './timestamp.ts';
import { CelError } from './values.ts';

/** What calendar and clock show. `month` is 1 to 12, `dayOfWeek` 0 on Sundays. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly dayOfYear: number;
  readonly dayOfWeek: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly milliseconds: number;
}

/** `t` in a zone by name (`Europe/Berlin`) or by its distance from UTC (`-07:30`). */
export function inTimeZone(t: Timestamp, zone: string): LocalTime | CelError {
  const offset = zone.includes(':') ? fixedOffset(zone) : namedOffset(t, zone);
  if (offset instanceof CelError) return offset;
  const at = new Date((t.seconds + offset) * 1000);
  const startOfYear = new Date(at);
  startOfYear.setUTCMonth(0, 1);
  return {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    dayOfYear: Math.round((at.getTime() - startOfYear.getTime()) / 86_400_000) + 1,
    dayOfWeek: at.getUTCDay(),
    hours: at.getUTCHours(),
    minutes: at.getUTCMinutes(),
    seconds: at.getUTCSeconds(),
    milliseconds: Math.floor(t.nanos / 1_000_000),
  };
}

function fixedOffset(zone: string): number | CelError {
  const colon = zone.indexOf(':');
  const hours = atoi(zone.slice(0, colon));
  if (hours instanceof CelError) return hours;
  const minutes = atoi(zone.slice(colon + 1));
  if (minutes instanceof CelError) return minutes;
  return (hours * 60 + (zone.startsWith('-') ? -minutes : minutes)) * 60;
}

function atoi(text: string): number | CelError {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  return new CelError(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Seconds east of UTC at `t`. */
function namedOffset(t: Timestamp, zone: string): number | CelError {
  if (zone === '' || zone === 'UTC' || zone === 'Local') return 0;
  if (/\.\.|^[/\\]|\\/.test(zone)) return new CelError('time: invalid location name');
  const format = zoneFormat(zone);
  if (format === undefined) return new CelError(`unknown time zone ${zone}`);
  const shown = format.formatToParts(new Date(t.seconds * 1000));
  const number = (type: string): number => Number(shown.find((p) => p.type === type)?.value);
  const local = new Date(0);
  const era = shown.find((p) => p.type === 'era')?.value;
  const year = era === 'B' || era === 'BC' ? 1 - number('year') : number('year');
  local.setUTCFullYear(year, number('month') - 1, number('day'));
  local.setUTCHours(number('hour') % 24, number('minute'), number('second'));
  return Math.round(local.getTime() / 1000) - t.seconds;
}

/** Names as the time zone database has them: not `europe/berlin`, not `EUROPE/BERLIN`. */
const zoneName = /^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*)*$/;
const shouted = /^[A-Z]{4,}\//;

function zoneFormat(zone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  if (!zoneName.test(zone) || shouted.test(zone)) return undefined;
  try {
    const made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, made);
    return made;
  } catch (e) {
    if (e instanceof RangeError) return undefined;
    throw e;
  }
}
