/** What is counted per priority level and flow schema. */
import { Distribution } from '../metrics/histogram.ts';

const durations = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const queueLengths = [0, 10, 25, 50, 100, 250, 500, 1000];
const seats = [1, 2, 4, 8, 16, 32, 64, 100];
const watchCounts = [0, 1, 10, 100, 1000, 10000];

export type RejectReason = 'queue-full' | 'concurrency-limit' | 'time-out';

export class FlowStats {
  readonly level: string;
  readonly schema: string;
  dispatched = 0;
  readonly rejected: Record<RejectReason, number> = {
    'queue-full': 0,
    'concurrency-limit': 0,
    'time-out': 0,
  };
  waitingRequests = 0;
  waitingSeats = 0;
  executingRequests = 0;
  executingSeats = 0;
  noAccommodation = 0;
  /** Seconds in the queue, of those that were served in the end and of those that were not. */
  readonly waitServed = new Distribution(durations);
  readonly waitRejected = new Distribution(durations);
  readonly executed = new Distribution(durations);
  readonly executedWatch = new Distribution(durations);
  readonly queueLength = new Distribution(queueLengths);
  readonly seats = new Distribution(seats);
  readonly watchers = new Distribution(watchCounts);

  constructor(level: string, schema: string) {
    this.level = level;
    this.schema = schema;
  }
}
