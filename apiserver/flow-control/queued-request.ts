/** A request on its way through fair queuing, and the queue that it waits in. */
import type { FlowStats } from './flow-stats.ts';

/** How many seats a request takes, and how long some of them after it has been answered. */
export interface Work {
  readonly initialSeats: number;
  readonly finalSeats: number;
  readonly lingerMs: number;
}

/** Requests of flows that were dealt it. */
export interface Queue {
  readonly index: number;
  /** The oldest first. */
  readonly waiting: Set<QueuedRequest>;
  /** Seat-seconds of all that wait. */
  waitingWork: number;
  executing: number;
  /** When the next request would begin in the world of fair shares. */
  nextStart: number;
}

/** A request that has seats or waits for them. */
export class QueuedRequest {
  readonly stats: FlowStats;
  readonly arrivedMs: number;
  /** The flow within the schema, for the debug pages. */
  distinguisher = '';
  /** The most seats at any time: all of them are taken from the beginning. */
  seats: number;
  finalSeats: number;
  lingerMs: number;
  readonly initialSeats: number;
  /** Seat-seconds that it is expected to take. */
  readonly work: number;
  readonly queue: Queue | undefined;
  readonly arrivedAt: number;
  state: 'waiting' | 'executing' | 'done' = 'waiting';
  startedMs = 0;
  /** Called once when it gets seats after having waited. */
  onSeats: (() => void) | undefined;

  constructor(stats: FlowStats, work: Work, arrivedMs: number, arrivedAt: number, queue?: Queue) {
    this.stats = stats;
    this.arrivedMs = arrivedMs;
    this.initialSeats = work.initialSeats;
    this.finalSeats = work.finalSeats;
    this.lingerMs = work.lingerMs;
    this.seats = Math.max(work.initialSeats, work.finalSeats);
    this.work = work.initialSeats * expectedSeconds + (work.finalSeats * work.lingerMs) / 1000;
    this.arrivedAt = arrivedAt;
    this.queue = queue;
  }
}

/** How long a request is expected to take before anything is known. */
export const expectedSeconds = 0.003;
