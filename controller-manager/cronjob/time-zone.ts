/** Local time in a named zone, on Intl: what a schedule needs and no more. */

/** The fields of a clock on the wall. Month from 1, day of week from 0 (Sunday). */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly weekday: number;
}

const zones = new Map<string, TimeZone>();

export class TimeZone {
  private readonly format: Intl.DateTimeFormat;

  private constructor(name: string) {
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** Throws RangeError when there is no such zone. */
  static named(name: string): TimeZone {
    let zone = zones.get(name);
    if (zone === undefined) {
      zone = new TimeZone(name);
      zones.set(name, zone);
    }
    return zone;
  }

  /** The zone of this process. */
  static local(): TimeZone {
    return TimeZone.named(Intl.DateTimeFormat().resolvedOptions().timeZone);
  }

  /** How far local time is ahead of UTC at a moment, in ms. */
  offsetMs(ms: number): number {
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.format.formatToParts(ms)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
  }

  /** What clocks show at a moment. */
  at(ms: number): LocalTime {
    const d = new Date(ms + this.offsetMs(ms));
    return {
      year: d.getUTCFullYear(),
      month: d.getUTCMonth() + 1,
      day: d.getUTCDate(),
      hour: d.getUTCHours(),
      minute: d.getUTCMinutes(),
      weekday: d.getUTCDay(),
    };
  }

  /** The moment of a local date and hour; fields may overflow. In a gap, one of its ends. */
  moment(year: number, month: number, day: number, hour: number): number {
    const asUtc = Date.UTC(year, month - 1, day, hour);
    const guess = asUtc - this.offsetMs(asUtc);
    return asUtc - this.offsetMs(guess);
  }

  /** RFC 3339 with the zone's offset; `Z` for UTC. */
  text(ms: number): string {
    const offset = Math.round(this.offsetMs(ms) / 60_000);
    const local = new Date(ms + offset * 60_000).toISOString().slice(0, 19);
    if (offset === 0) return `${local}Z`;
    const two = (n: number): string => String(n).padStart(2, '0');
    const hours = Math.trunc(Math.abs(offset) / 60);
    return `${local}${offset < 0 ? '-' : '+'}${two(hours)}:${two(Math.abs(offset) % 60)}`;
  }
}
