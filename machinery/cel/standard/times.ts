/** Parts of times and durations: `t.getFullYear()`, `d.getHours()`. */
import { Duration } from '../duration.ts';
import type { FunctionDeclaration, Implementation, Overload } from '../library.ts';
import { inTimeZone, type LocalTime } from '../time-zones.ts';
import { Timestamp } from '../timestamp.ts';
import { durationType, intType, stringType, timestampType } from '../types.ts';
import { CelError, noSuchOverload } from '../values.ts';

interface Part {
  readonly name: string;
  readonly id: string;
  /** Where the id with a time zone is not `<id>_with_tz`. */
  readonly zoned?: string;
  readonly of: (t: LocalTime) => number;
  /** Nanoseconds of a unit, where durations have the function too. */
  readonly unit?: readonly [string, bigint];
}

const parts: readonly Part[] = [
  { name: 'getFullYear', id: 'timestamp_to_year', of: (t) => t.year },
  { name: 'getMonth', id: 'timestamp_to_month', of: (t) => t.month - 1 },
  { name: 'getDayOfYear', id: 'timestamp_to_day_of_year', of: (t) => t.dayOfYear - 1 },
  { name: 'getDayOfMonth', id: 'timestamp_to_day_of_month', of: (t) => t.day - 1 },
  { name: 'getDate', id: 'timestamp_to_day_of_month_1_based', of: (t) => t.day },
  { name: 'getDayOfWeek', id: 'timestamp_to_day_of_week', of: (t) => t.dayOfWeek },
  {
    name: 'getHours',
    id: 'timestamp_to_hours',
    of: (t) => t.hours,
    unit: ['duration_to_hours', 3_600_000_000_000n],
  },
  {
    name: 'getMinutes',
    id: 'timestamp_to_minutes',
    of: (t) => t.minutes,
    unit: ['duration_to_minutes', 60_000_000_000n],
  },
  {
    name: 'getSeconds',
    id: 'timestamp_to_seconds',
    zoned: 'timestamp_to_seconds_tz',
    of: (t) => t.seconds,
    unit: ['duration_to_seconds', 1_000_000_000n],
  },
  {
    name: 'getMilliseconds',
    id: 'timestamp_to_milliseconds',
    of: (t) => t.milliseconds,
    unit: ['duration_to_milliseconds', 1_000_000n],
  },
];

function declaration({ name, id, zoned, of, unit }: Part): FunctionDeclaration {
  const call: Implementation = (t, zone = 'UTC') => {
    if (!(t instanceof Timestamp) || typeof zone !== 'string') return noSuchOverload;
    const local = inTimeZone(t, zone);
    return local instanceof CelError ? local : BigInt(of(local));
  };
  const overloads: Overload[] = [
    { id, member: true, params: [timestampType], result: intType, call },
    {
      id: zoned ?? `${id}_with_tz`,
      member: true,
      params: [timestampType, stringType],
      result: intType,
      call,
    },
  ];
  if (unit !== undefined) {
    overloads.push({
      id: unit[0],
      member: true,
      params: [durationType],
      result: intType,
      call: (d) => (d instanceof Duration ? d.nanos / unit[1] : noSuchOverload),
    });
  }
  return { name, overloads };
}

export const timeFunctions: readonly FunctionDeclaration[] = parts.map(declaration);
