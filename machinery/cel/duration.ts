/** Spans of time: nanoseconds in 64 bits, as Go has them. */
import { type CelType, durationType } from './types.ts';

/** A span of time; who makes one has checked the range. */
export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }

  get type(): CelType {
    return durationType;
  }

  /** In Go's notation (`1h30m0s`), as messages print it; `string(d)` is seconds instead. */
  toString(): string {
    return goDuration(this.nanos);
  }
}

function goDuration(nanos: bigint): string {
  if (nanos === 0n) return '0s';
  const sign = nanos < 0n ? '-' : '';
  const n = nanos < 0n ? -nanos : nanos;
  if (n < 1000n) return `${sign}${n}ns`;
  if (n < 1_000_000n) return `${sign}${decimal(n, 1000n)}µs`;
  if (n < 1_000_000_000n) return `${sign}${decimal(n, 1_000_000n)}ms`;
  const minutes = n / 60_000_000_000n;
  const seconds = `${decimal(n % 60_000_000_000n, 1_000_000_000n)}s`;
  if (minutes === 0n) return sign + seconds;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function decimal(n: bigint, unit: bigint): string {
  const rest = (n % unit)
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .replace(/0+$/, '');
  return `${n / unit}${rest === '' ? '' : `.${rest}`}`;
}
