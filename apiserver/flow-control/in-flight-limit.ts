/**
 * The limits without priority and fairness: so many requests that read, so many that write, and
 * whoever comes beyond them is sent away, but for system:masters.
 */
import {
  type Gate,
  type GatedRequest,
  isLongRunning,
  type Ticket,
  TooManyRequestsError,
} from './gate.ts';

const reading = new Set(['get', 'list', 'watch']);
const retryAfterSeconds = 1;

export interface InFlight {
  readonly limit: number;
  executing: number;
  /** The most at once since it was last asked for. */
  peak: number;
  rejected: number;
}

export class InFlightLimit implements Gate {
  readonly readOnly: InFlight;
  readonly mutating: InFlight;

  /** A limit of 0 is none. */
  constructor(readOnlyLimit: number, mutatingLimit: number) {
    this.readOnly = { limit: readOnlyLimit, executing: 0, peak: 0, rejected: 0 };
    this.mutating = { limit: mutatingLimit, executing: 0, peak: 0, rejected: 0 };
  }

  enter({ info, user }: GatedRequest): Ticket | undefined {
    if (isLongRunning(info)) return undefined;
    const kind = reading.has(info.verb) ? this.readOnly : this.mutating;
    if (kind.limit > 0 && kind.executing >= kind.limit) {
      if (user.groups.includes('system:masters')) return undefined;
      kind.rejected++;
      throw new TooManyRequestsError(retryAfterSeconds);
    }
    kind.executing++;
    kind.peak = Math.max(kind.peak, kind.executing);
    return {
      headers: undefined,
      started: () => {},
      done: () => {
        kind.executing--;
      },
    };
  }
}
