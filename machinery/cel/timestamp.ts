/** Points in time, years 1 to 9999, to the nanosecond. */
import { type CelType, timestampType } from './types.ts';

/** Seconds of 0001-01-01T00:00:00Z. */
export const minUnixSeconds = -62135596800;
/** Seconds of 9999-12-31T23:59:59Z. */
export const maxUnixSeconds = 253402300799;

/** A point in time. `nanos` is 0 to 999999999, also before 1970. */
export class Timestamp {
  readonly seconds: number;
  readonly nanos: number;
  /** Of the text it was read from; shows in `string(t)` only. */
  readonly offsetMinutes: number;

  constructor(seconds: number, nanos: number, offsetMinutes = 0) {
    this.seconds = seconds;
    this.nanos = nanos;
    this.offsetMinutes = offsetMinutes;
  }

  get type(): CelType {
    return timestampType;
  }

  /** As RFC 3339 has it, with as many digits as it takes: what `string(t)` gives. */
  toString(): string {
    const local = new Date((this.seconds + this.offsetMinutes * 60) * 1000);
    const year = String(local.getUTCFullYear()).padStart(4, '0');
    const rest = local
      .toISOString()
      .replace(/^[+-]?\d+/, '')
      .slice(0, 15);
    const fraction = String(this.nanos).padStart(9, '0').replace(/0+$/, '');
    return `${year}${rest}${fraction === '' ? '' : `.${fraction}`}${zone(this.offsetMinutes)}`;
  }

  /** -1, 0 or 1 as it is before, at or after `other`. */
  compare(other: Timestamp): -1 | 0 | 1 {
    if (this.seconds !== other.seconds) return this.seconds < other.seconds ? -1 : 1;
    if (this.nanos !== other.nanos) return this.nanos < other.nanos ? -1 : 1;
    return 0;
  }
}

function zone(offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'Z';
  const abs = Math.abs(offsetMinutes);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(abs / 60))}:${two(abs % 60)}`;
}
