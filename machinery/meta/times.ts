/**
 * Times and durations as the API writes them: RFC 3339 in seconds (Time) and microseconds
 * (MicroTime), Go's duration texts, and the ages that tables show.
 */

/** A text that is no time or duration; the message is the real server's. */
export class TimeError extends Error {
  override readonly name = 'TimeError';
}

let lastSecond = Number.NaN;
let lastText = '';

/** Milliseconds since 1970 as `2006-01-02T15:04:05Z`; fractions are cut off. */
export function formatTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  // Most calls of one moment ask for the same second.
  if (second !== lastSecond) {
    lastText = `${new Date(second * 1000).toISOString().slice(0, -5)}Z`;
    lastSecond = second;
  }
  return lastText;
}

/** Milliseconds since 1970 (with fractions, if known) as `2006-01-02T15:04:05.000000Z`. */
export function formatMicroTime(ms: number): string {
  const micros = Math.floor(ms * 1000);
  const fraction = ((micros % 1_000_000) + 1_000_000) % 1_000_000;
  const text = new Date((micros - fraction) / 1000).toISOString().slice(0, -5);
  return `${text}.${String(fraction).padStart(6, '0')}Z`;
}

const layout = '2006-01-02T15:04:05Z07:00';
/** Separators and places of an RFC 3339 time, in order; texts name the layout's pieces. */
const pieces = [
  { name: '2006', digits: 4 },
  { name: '-' },
  { name: '01', digits: 2, range: [1, 12], unit: 'month' },
  { name: '-' },
  { name: '02', digits: 2, unit: 'day' },
  { name: 'T' },
  { name: '15', digits: 2, range: [0, 23], unit: 'hour' },
  { name: ':' },
  { name: '04', digits: 2, range: [0, 59], unit: 'minute' },
  { name: ':' },
  { name: '05', digits: 2, range: [0, 59], unit: 'second' },
] as const;

/** Reads an RFC 3339 time; milliseconds since 1970, with fractions. Throws TimeError. */
export function parseTime(text: string): number {
  const values: number[] = [];
  let at = 0;
  const cannot = (piece: string): TimeError => {
    const rest = JSON.stringify(text.slice(at));
    const all = JSON.stringify(text);
    return new TimeError(`parsing time ${all} as "${layout}": cannot parse ${rest} as "${piece}"`);
  };
  const outOfRange = (unit: string): TimeError =>
    new TimeError(`parsing time ${JSON.stringify(text)}: ${unit} out of range`);
  for (const p of pieces) {
    if (!('digits' in p)) {
      if (text[at] !== p.name) throw cannot(p.name);
      at++;
      continue;
    }
    const part = text.slice(at, at + p.digits);
    if (part.length < p.digits || !/^[0-9]+$/.test(part)) throw cannot(p.name);
    const n = Number(part);
    if ('range' in p && (n < p.range[0] || n > p.range[1])) throw outOfRange(p.unit);
    values.push(n);
    at += p.digits;
  }
  const fraction = /^[.,][0-9]+/.exec(text.slice(at))?.[0] ?? '';
  at += fraction.length;
  const zone = /^(?:Z|([+-])([0-9]{2}):([0-9]{2}))/.exec(text.slice(at));
  if (zone === null) throw cannot('Z07:00');
  if (at + zone[0].length < text.length) {
    const extra = JSON.stringify(text.slice(at + zone[0].length));
    throw new TimeError(`parsing time ${JSON.stringify(text)}: extra text: ${extra}`);
  }
  if (Number(zone[2] ?? 0) > 24 || Number(zone[3] ?? 0) > 60) {
    throw outOfRange(Number(zone[2]) > 24 ? 'time zone offset hour' : 'time zone offset minute');
  }
  const [year, month, day, hour, minute, second] = values as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (day < 1 || day > daysIn(year, month)) throw outOfRange('day');
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const offset = (Number(zone[2] ?? 0) * 60 + Number(zone[3] ?? 0)) * 60_000;
  const ms = fraction === '' ? 0 : Number(`0.${fraction.slice(1)}`) * 1000;
  return date.getTime() + ms - (zone[1] === '-' ? -offset : offset);
}

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}

const unitNanos: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Reads a Go duration (`1h30m`, `-1.5s`); milliseconds. Throws TimeError. */
export function parseDuration(text: string): number {
  let rest = text;
  const negative = rest.startsWith('-');
  if (negative || rest.startsWith('+')) rest = rest.slice(1);
  if (rest === '0') return 0;
  const shown = JSON.stringify(text);
  if (rest === '') throw new TimeError(`time: invalid duration ${shown}`);
  let nanos = 0;
  while (rest !== '') {
    const number = /^[0-9]*(?:\.[0-9]*)?/.exec(rest)![0];
    if (!/[0-9]/.test(number)) throw new TimeError(`time: invalid duration ${shown}`);
    rest = rest.slice(number.length);
    const unit = /^[^.0-9]*/.exec(rest)![0];
    if (unit === '') throw new TimeError(`time: missing unit in duration ${shown}`);
    const scale = Object.hasOwn(unitNanos, unit) ? unitNanos[unit] : undefined;
    if (scale === undefined) {
      throw new TimeError(`time: unknown unit ${JSON.stringify(unit)} in duration ${shown}`);
    }
    nanos += Number(number) * scale;
    rest = rest.slice(unit.length);
  }
  if (nanos >= 2 ** 63) throw new TimeError(`time: invalid duration ${shown}`);
  return (negative ? -Math.trunc(nanos) : Math.trunc(nanos)) / 1e6;
}

/** Milliseconds as Go prints a duration: `1h0m0s`, `1.5s`, `100ms`, `0s`. */
export function formatDuration(ms: number): string {
  const nanos = Math.round(Math.abs(ms) * 1e6);
  const sign = ms < 0 && nanos > 0 ? '-' : '';
  if (nanos === 0) return '0s';
  if (nanos < 1e3) return `${sign}${nanos}ns`;
  if (nanos < 1e6) return `${sign}${decimal(nanos, 1e3)}µs`;
  if (nanos < 1e9) return `${sign}${decimal(nanos, 1e6)}ms`;
  const minutes = Math.floor(nanos / 60e9);
  const seconds = decimal(nanos - minutes * 60e9, 1e9);
  if (minutes === 0) return `${sign}${seconds}s`;
  if (minutes < 60) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}s`;
}

function decimal(nanos: number, unit: number): string {
  const whole = Math.floor(nanos / unit);
  const fraction = String(nanos - whole * unit).padStart(String(unit).length - 1, '0');
  const shown = fraction.replace(/0+$/, '');
  return shown === '' ? String(whole) : `${whole}.${shown}`;
}

/** An age as tables print it: `90s`, `5m30s`, `7h12m`, `3d`, `2y40d`. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  if (days < 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}

/** The one-unit form of an age: `90s` is `1m`. */
export function shortHumanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h`;
  const days = Math.floor(hours / 24);
  return days < 365 ? `${days}d` : `${Math.floor(days / 365)}y`;
}

function two(a: number, unitA: string, b: number, unitB: string): string {
  return b === 0 ? `${a}${unitA}` : `${a}${unitA}${b}${unitB}`;
}
