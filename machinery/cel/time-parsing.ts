/** Times and durations as Go reads them from text. */
import { Duration } from './duration.ts';
import { maxInt } from './literals.ts';
import { Timestamp } from './timestamp.ts';

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** A time in RFC 3339; `undefined` where `text` is none. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const m = rfc3339.exec(text);
  if (m === null) return undefined;
  const [year, month, day, hour, minute, second] = m.slice(1, 7).map(Number) as number[];
  const date = new Date(0);
  date.setUTCFullYear(year!, month! - 1, day!);
  if (date.getUTCMonth() !== month! - 1 || date.getUTCDate() !== day) return undefined;
  if (hour! > 23 || minute! > 59 || second! > 59) return undefined;
  const [offsetHours, offsetMinutes] = [Number(m[9] ?? 0), Number(m[10] ?? 0)];
  if (offsetHours > 24 || offsetMinutes > 60) return undefined;
  const offset = (m[8] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes);
  const midnight = date.getTime() / 1000;
  const seconds = midnight + hour! * 3600 + (minute! - offset) * 60 + second!;
  const nanos = Number((m[7] ?? '').slice(0, 9).padEnd(9, '0'));
  return new Timestamp(seconds, nanos, offset === 0 ? 0 : offset);
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** A duration such as `1h30m` or `-1.5s`; `undefined` where `text` is none or does not fit. */
export function parseDuration(text: string): Duration | undefined {
  const negative = text.startsWith('-');
  const body = /^[+-]/.test(text) ? text.slice(1) : text;
  if (body === '0') return new Duration(0n);
  if (body === '') return undefined;
  const part = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;
  let total = 0n;
  while (part.lastIndex < body.length) {
    const m = part.exec(body);
    if (m === null || (m[1] === '' && (m[2] ?? '') === '')) return undefined;
    const unit = units[m[3]!]!;
    total += BigInt(m[1] === '' ? '0' : m[1]!) * unit + fraction(m[2] ?? '', unit);
    if (total > maxInt + 1n) return undefined;
  }
  if (negative) return new Duration(-total);
  return total > maxInt ? undefined : new Duration(total);
}

function fraction(digits: string, unit: bigint): bigint {
  if (digits === '') return 0n;
  const kept = digits.slice(0, 18);
  return (BigInt(kept) * unit) / 10n ** BigInt(kept.length);
}
