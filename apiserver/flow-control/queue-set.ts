/**
 * Fair queuing of the requests of one priority level (KEP-1040, "Fair Queuing for Server Requests").
 * A request takes seats while it is served; requests that find none wait in queues, and the queue
 * whose oldest request would be done first in a world of fair shares goes first.
 */
import type { FlowStats } from './flow-stats.ts';
import { expectedSeconds, type Queue, QueuedRequest, type Work } from './queued-request.ts';
import type { SeatDemand } from './seat-demand.ts';

/** `exempt`: no limit. `reject`: no queues, what finds no seats is rejected. */
export type Queuing =
  | 'exempt'
  | 'reject'
  | { readonly queues: number; readonly queueLengthLimit: number };

export interface QueueSetOptions {
  readonly demand: SeatDemand;
  nowMs(): number;
  later(ms: number, run: () => void): void;
}

/** How many queues the debug pages show. */
const maxShownQueues = 10_000;

export class QueueSet {
  readonly #options: QueueSetOptions;
  #queuing: Queuing = 'reject';
  #limit = 0;
  /** Made when they are first dealt: there may be millions of them, of which few are ever used. */
  readonly #queues = new Map<number, Queue>();
  #queueCount = 0;
  /** Queues with waiting requests, those among them that are not dealt any more. */
  readonly #nonEmpty = new Set<Queue>();
  /** Queues with requests, waiting or being served. */
  #active = 0;
  /** Seats of requests that came through a queue, in use and waited for. */
  #queueSeats = 0;
  /** The progress meter: seat-seconds that each queue could have had since the start. */
  #progress = 0;
  #progressMs: number;
  #lastServed = -1;
  #enqueued = 0;
  #waiting = 0;
  #executing = 0;
  #seatsInUse = 0;
  #seatsWaiting = 0;
  dispatched = 0;
  rejected = 0;
  cancelled = 0;
  /** Readings of the progress meter at the last dispatch, for metrics. */
  readonly readings = { dispatch: 0, start: 0 };
  /** Requests being served, for the debug pages. */
  readonly served = new Set<QueuedRequest>();

  constructor(options: QueueSetOptions) {
    this.#options = options;
    this.#progressMs = options.nowMs();
  }

  get waiting(): number {
    return this.#waiting;
  }

  get executing(): number {
    return this.#executing;
  }

  get seatsInUse(): number {
    return this.#seatsInUse;
  }

  get progress(): number {
    return this.#progress;
  }

  get idle(): boolean {
    return this.#waiting === 0 && this.#executing === 0;
  }

  /** The queues, for the debug pages: the first of them where there are very many. */
  get queues(): readonly Readonly<Queue>[] {
    const length = Math.min(this.#queueCount, maxShownQueues);
    return Array.from({ length }, (_, index) => this.#queues.get(index) ?? emptyQueue(index));
  }

  /** Changes how many seats there are and how many queues; nobody loses its place. */
  configure(queuing: Queuing, limit: number): void {
    this.#advance();
    this.#queuing = queuing;
    this.#limit = limit;
    this.#queueCount = typeof queuing === 'string' ? 0 : queuing.queues;
    // Queues beyond the count are dealt to nobody any more, and run empty.
    for (const index of this.#queues.keys()) {
      if (index >= this.#queueCount) this.#queues.delete(index);
    }
    this.#dispatchAll();
  }

  /**
   * Lets a request in: it comes back executing or waiting; undefined is a rejection. `hand`: queues
   * of its flow, used where there are any.
   */
  request(work: Work, stats: FlowStats, hand: readonly number[]): QueuedRequest | undefined {
    this.#advance();
    const now = this.#progressMs;
    if (typeof this.#queuing === 'string') {
      const request = new QueuedRequest(stats, work, now, this.#progress);
      if (!this.#hasRoom(request.seats)) return this.#reject(stats, 'concurrency-limit');
      this.#execute(request);
      return request;
    }
    const queue = this.#choose(hand);
    const full = queue.waiting.size >= this.#queuing.queueLengthLimit;
    if (full && this.#seatsInUse >= this.#limit) return this.#reject(stats, 'queue-full');
    const request = new QueuedRequest(stats, work, now, this.#progress, queue);
    this.#enqueue(request, queue);
    this.#bound(queue);
    stats.queueLength.observe(queue.waiting.size);
    this.#dispatchAll();
    return request;
  }

  /** Takes a waiting request out: its time is up, or its client has gone. */
  cancel(request: QueuedRequest): void {
    if (request.state !== 'waiting') return;
    this.#advance();
    const queue = request.queue!;
    this.#dequeue(request, queue);
    request.state = 'done';
    this.rejected++;
    this.cancelled++;
    request.stats.rejected['time-out']++;
    this.#queueSeats -= request.seats;
    if (queue.waiting.size === 0 && queue.executing === 0) this.#active--;
    this.#bound(queue);
    this.#noteDemand();
  }

  /** An executing request has been answered. */
  finish(request: QueuedRequest): void {
    if (request.state !== 'executing') return;
    this.#advance();
    request.state = 'done';
    this.served.delete(request);
    this.#executing--;
    request.stats.executingRequests--;
    const { queue } = request;
    if (queue !== undefined) {
      queue.executing--;
      if (queue.waiting.size === 0 && queue.executing === 0) this.#active--;
      // What it took instead of what it was expected to take.
      const took = (this.#progressMs - request.startedMs) / 1000;
      queue.nextStart -= request.initialSeats * (expectedSeconds - took);
      this.#bound(queue);
    }
    if (request.lingerMs > 0) {
      this.#options.later(request.lingerMs, () => {
        this.#advance();
        this.#release(request);
        this.#dispatchAll();
      });
    } else this.#release(request);
    this.#dispatchAll();
  }

  #reject(stats: FlowStats, reason: 'queue-full' | 'concurrency-limit'): undefined {
    this.rejected++;
    stats.rejected[reason]++;
  }

  #release(request: QueuedRequest): void {
    this.#seatsInUse -= request.seats;
    request.stats.executingSeats -= request.seats;
    if (request.queue !== undefined) this.#queueSeats -= request.seats;
    this.#noteDemand();
  }

  /** Moves the progress meter: it runs at what each busy queue could have. */
  #advance(): void {
    const now = this.#options.nowMs();
    if (this.#active > 0) {
      const rate = Math.min(this.#queueSeats, this.#limit) / this.#active;
      this.#progress += (rate * (now - this.#progressMs)) / 1000;
    }
    this.#progressMs = now;
  }

  #queue(index: number): Queue {
    let queue = this.#queues.get(index);
    if (queue === undefined) {
      queue = emptyQueue(index);
      this.#queues.set(index, queue);
    }
    return queue;
  }

  /** Of a flow's queues the one with the least work; which of equal ones changes by turns. */
  #choose(hand: readonly number[]): Queue {
    const offset = this.#enqueued++ % hand.length;
    let best = this.#queue(hand[offset]!);
    for (let i = 1; i < hand.length && best.waitingWork > 0; i++) {
      const queue = this.#queue(hand[(offset + i) % hand.length]!);
      if (queue.waitingWork < best.waitingWork) best = queue;
    }
    return best;
  }

  #enqueue(request: QueuedRequest, queue: Queue): void {
    if (queue.waiting.size === 0) {
      if (queue.executing === 0) {
        queue.nextStart = this.#progress;
        this.#active++;
      }
      this.#nonEmpty.add(queue);
    }
    queue.waiting.add(request);
    queue.waitingWork += request.work;
    this.#waiting++;
    this.#seatsWaiting += request.seats;
    this.#queueSeats += request.seats;
    request.stats.waitingRequests++;
    request.stats.waitingSeats += request.seats;
    this.#noteDemand();
  }

  #dequeue(request: QueuedRequest, queue: Queue): void {
    queue.waiting.delete(request);
    queue.waitingWork = queue.waiting.size === 0 ? 0 : queue.waitingWork - request.work;
    if (queue.waiting.size === 0) this.#nonEmpty.delete(queue);
    this.#waiting--;
    this.#seatsWaiting -= request.seats;
    request.stats.waitingRequests--;
    request.stats.waitingSeats -= request.seats;
  }

  #execute(request: QueuedRequest): void {
    request.state = 'executing';
    request.startedMs = this.#progressMs;
    this.served.add(request);
    this.dispatched++;
    this.#executing++;
    this.#seatsInUse += request.seats;
    request.stats.executingRequests++;
    request.stats.executingSeats += request.seats;
    this.#noteDemand();
  }

  #dispatchAll(): void {
    while (this.#waiting > 0 && this.#seatsInUse < this.#limit && this.#dispatch());
  }

  #dispatch(): boolean {
    const queue = this.#next();
    const request = first(queue.waiting);
    if (!this.#hasRoom(request.seats)) {
      request.stats.noAccommodation++;
      return false;
    }
    this.#lastServed = queue.index;
    this.readings.dispatch = this.#progress;
    this.readings.start = queue.nextStart;
    this.#dequeue(request, queue);
    queue.executing++;
    if (request.finalSeats > this.#limit) this.#narrow(request);
    this.#execute(request);
    queue.nextStart += request.work;
    this.#bound(queue);
    request.onSeats?.();
    return true;
  }

  /** The same work with as many seats as there are. */
  #narrow(request: QueuedRequest): void {
    const before = request.seats;
    request.lingerMs = (request.finalSeats * request.lingerMs) / this.#limit;
    request.finalSeats = this.#limit;
    request.seats = Math.max(request.initialSeats, request.finalSeats);
    this.#queueSeats -= before - request.seats;
  }

  /** The queue whose oldest request would be done first; of equal ones the next in the round. */
  #next(): Queue {
    let best: Queue | undefined;
    let bestDone = 0;
    let bestTurn = 0;
    const round = this.#queueCount + 1;
    for (const queue of this.#nonEmpty) {
      const done = queue.nextStart + first(queue.waiting).work;
      const turn = (queue.index - this.#lastServed - 1 + round) % round;
      if (best === undefined || done < bestDone || (done === bestDone && turn < bestTurn)) {
        best = queue;
        bestDone = done;
        bestTurn = turn;
      }
    }
    return best!;
  }

  /** A queue that did not use its share does not save it up: nothing starts before it arrived. */
  #bound(queue: Queue): void {
    if (queue.waiting.size === 0) return;
    const { arrivedAt } = first(queue.waiting);
    if (queue.nextStart < arrivedAt) queue.nextStart = arrivedAt;
  }

  /** What is wider than all seats goes alone. */
  #hasRoom(seats: number): boolean {
    if (this.#queuing === 'exempt') return true;
    if (seats > this.#limit) return this.#executing === 0;
    return this.#seatsInUse + seats <= this.#limit;
  }

  #noteDemand(): void {
    this.#options.demand.set(this.#seatsInUse + this.#seatsWaiting, this.#progressMs);
  }
}

function emptyQueue(index: number): Queue {
  return { index, waiting: new Set(), waitingWork: 0, executing: 0, nextStart: 0 };
}

function first<T>(set: ReadonlySet<T>): T {
  for (const one of set) return one;
  throw new Error('an empty queue was looked at');
}
