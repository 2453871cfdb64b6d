/**
 * Who may use the event loop next. Seats bound how many requests are under way at once, which in a
 * server with one thread says nothing about those that never wait: each is served as it comes, in
 * the order of the sockets. So every turn of the event loop serves requests as they come for a few
 * milliseconds only. What comes later in the turn waits until all sockets have been read, and then
 * the levels share the loop by their seats: a level that used little of it goes first. The seats of a
 * level are dealt by `queue-set.ts`; those who have them take turns by flow.
 */
export interface TurnsEnvironment {
  nowMs(): number;
  /** Runs once all sockets with news have been read in this turn of the event loop. */
  afterPoll(run: () => void): void;
  /** Runs once the present step and all promises that follow from it have settled. */
  afterStep(run: () => void): void;
}

/** The share of a priority level. Its flows take turns. */
export class Share {
  /** By flow, in the order in which they are served next; none is empty. */
  readonly #flows = new Map<string, (() => void)[]>();
  /** Relative to the others'; positive. */
  weight = 1;
  /** Milliseconds used, by weight. */
  used = 0;

  get empty(): boolean {
    return this.#flows.size === 0;
  }

  push(flow: string, run: () => void): void {
    const waiting = this.#flows.get(flow);
    if (waiting === undefined) this.#flows.set(flow, [run]);
    else waiting.push(run);
  }

  /** The next one; only for a share that is not empty. */
  shift(): () => void {
    for (const [flow, waiting] of this.#flows) {
      const run = waiting.shift()!;
      this.#flows.delete(flow);
      if (waiting.length > 0) this.#flows.set(flow, waiting);
      return run;
    }
    throw new Error('an empty share was asked');
  }
}

/** So long requests are served as they come. */
const openMs = 5;
/** So long waiting ones are served before sockets are read again. */
const sliceMs = 10;

export class Turns {
  readonly #env: TurnsEnvironment;
  /** Shares that have somebody waiting. */
  readonly #busy = new Set<Share>();
  #turnMs: number | undefined;
  /** What the share that was served last had used: who joins begins there. */
  #level = 0;
  #scheduled = false;

  constructor(env: TurnsEnvironment) {
    this.#env = env;
  }

  /** True: a request may be served at once. False: `enter` it. */
  open(): boolean {
    if (this.#busy.size > 0) return false;
    const now = this.#env.nowMs();
    if (this.#turnMs === undefined) {
      this.#turnMs = now;
      this.#schedule();
      return true;
    }
    return now - this.#turnMs < openMs;
  }

  /** Lets a request of a flow of this share wait for its turn. */
  enter(share: Share, flow: string, run: () => void): void {
    if (share.empty) {
      // Time in which nobody was there is not saved up.
      share.used = Math.max(share.used, this.#level);
      this.#busy.add(share);
    }
    share.push(flow, run);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#env.afterPoll(() => {
      this.#scheduled = false;
      this.#turnMs = undefined;
      this.#serve(this.#env.nowMs());
    });
  }

  /** One after the other, until nobody waits or the slice that began at `sinceMs` is over. */
  #serve(sinceMs: number): void {
    const share = this.#next();
    if (share === undefined) return;
    const startedMs = this.#env.nowMs();
    if (startedMs - sinceMs >= sliceMs) {
      this.#schedule();
      return;
    }
    const run = share.shift();
    if (share.empty) this.#busy.delete(share);
    this.#level = share.used;
    this.#env.afterStep(() => {
      share.used += (this.#env.nowMs() - startedMs) / share.weight;
      this.#serve(sinceMs);
    });
    run();
  }

  #next(): Share | undefined {
    let best: Share | undefined;
    for (const share of this.#busy) {
      if (best === undefined || share.used < best.used) best = share;
    }
    return best;
  }
}

/** The real event loop. */
export const eventLoop: TurnsEnvironment = {
  nowMs: () => performance.now(),
  afterPoll: (run) => void setImmediate(run),
  // Ticks run when no promise has anything left to do.
  afterStep: (run) => queueMicrotask(() => process.nextTick(run)),
};
