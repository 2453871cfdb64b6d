/**
 * API priority and fairness (KEP-1040). A request belongs to the first FlowSchema that matches it,
 * takes seats of that schema's priority level while it is served, and waits or is rejected when the
 * level has none left. Requests with seats share the event loop by `turns.ts`.
 */
import type { FlowSchema, PriorityLevelConfiguration } from '../../machinery/schema/wire.ts';
import { Classifier } from './classifier.ts';
import { FlowStats } from './flow-stats.ts';
import {
  type Gate,
  type GatedRequest,
  isLongRunning,
  type Ticket,
  TooManyRequestsError,
} from './gate.ts';
import { byPrecedence, rulesOf } from './matching.ts';
import { levelSpec, PriorityLevel } from './priority-level.ts';
import type { QueuedRequest } from './queued-request.ts';
import { divide, lend } from './seat-limits.ts';
import { Turns, type TurnsEnvironment } from './turns.ts';
import { WatchTracker } from './watch-tracker.ts';
import { estimateWork, type ObjectStats } from './work-estimate.ts';

export interface FlowControlOptions {
  /** Seats of all levels together. */
  readonly seats: number;
  /** How long a watch may wait: a quarter of the request timeout, as every other request. */
  readonly requestTimeoutMs: number;
  /** What there always is. */
  readonly mandatory: {
    readonly levels: readonly PriorityLevelConfiguration[];
    readonly schemas: readonly FlowSchema[];
  };
  readonly env: TurnsEnvironment & { later(ms: number, run: () => void): () => void };
  objects(group: string, resource: string): ObjectStats | undefined;
}

interface Flow {
  readonly name: string;
  readonly level: PriorityLevel;
  readonly distinguisher: 'ByUser' | 'ByNamespace' | undefined;
  readonly stats: FlowStats;
  readonly headers: Readonly<Record<string, string>>;
}

/** No request waits longer. */
const waitLimitMs = 60_000;
const noHand: readonly number[] = [];

export class FlowControl implements Gate {
  readonly watches = new WatchTracker();
  /** Every flow that was ever there, by level and schema: counters never go back. */
  readonly stats = new Map<string, FlowStats>();
  /** Of the last adjustment. */
  fairFraction = 0;
  readonly #options: FlowControlOptions;
  readonly #turns: Turns;
  #levels = new Map<string, PriorityLevel>();
  #classifier = new Classifier<Flow>([]);
  #configured: [readonly PriorityLevelConfiguration[], readonly FlowSchema[]] = [[], []];

  constructor(options: FlowControlOptions) {
    this.#options = options;
    this.#turns = new Turns(options.env);
    this.configure([], []);
  }

  get levels(): readonly PriorityLevel[] {
    return [...this.#levels.values()];
  }

  /** Whether a level can be referred to. */
  has(level: string): boolean {
    return this.#levels.get(level)?.leaving === false;
  }

  /** Takes over a configuration. Requests that are waiting or being served keep their places. */
  configure(levels: readonly PriorityLevelConfiguration[], schemas: readonly FlowSchema[]): void {
    this.#configured = [levels, schemas];
    const before = this.#levels;
    this.#levels = new Map();
    for (const object of levels) this.#addLevel(object, before);
    const { mandatory, seats } = this.#options;
    for (const object of mandatory.levels) {
      if (!this.#levels.has(object.metadata?.name ?? '')) this.#addLevel(object, before);
    }
    this.#classifier = this.#classifierOf(schemas);
    for (const [name, level] of before) {
      if (this.#levels.has(name) || level.queues.idle) continue;
      level.leaving = true;
      this.#levels.set(name, level);
    }
    divide(this.levels, seats);
    this.adjust();
  }

  /** Lends seats anew; to be called every ten seconds. */
  adjust(): void {
    this.fairFraction = lend(this.levels, this.#options.seats, this.#options.env.nowMs());
  }

  enter(request: GatedRequest): Ticket | Promise<Ticket> | undefined {
    const { info, user } = request;
    const watch = info.verb === 'watch';
    if (!watch && isLongRunning(info)) return undefined;
    // The last of them is the mandatory one that matches everybody.
    const flow = this.#classifier.flowOf(user, info);
    const { level, stats } = flow;
    const { work, watchers } = estimateWork(
      info,
      () => request.query,
      this.#sources,
      level.maxSeats,
    );
    stats.seats.observe(Math.max(work.initialSeats, work.finalSeats));
    if (watchers !== undefined) stats.watchers.observe(watchers);
    const { dealer } = level.spec;
    const distinguisher = dealer === undefined ? '' : distinguisherOf(flow, request);
    const hand = dealer?.hand(flow.name, distinguisher) ?? noHand;
    const queued = level.queues.request(work, stats, hand);
    if (queued === undefined) {
      if (!level.exempt) stats.waitRejected.observe(0);
      throw this.#rejection(flow);
    }
    queued.distinguisher = distinguisher;
    if (queued.state === 'waiting') return this.#wait(flow, queued, request);
    if (level.exempt || this.#turns.open()) return this.#ticket(flow, queued, request);
    return new Promise((resolve, reject) => this.#turn(flow, queued, request, resolve, reject));
  }

  readonly #sources = {
    objects: (group: string, resource: string) => this.#options.objects(group, resource),
    watchers: (info: GatedRequest['info']) => this.watches.interested(info),
  };

  /** Waits for seats, then for its turn. */
  #wait(flow: Flow, queued: QueuedRequest, request: GatedRequest): Promise<Ticket> {
    const { env, requestTimeoutMs } = this.#options;
    const timeoutMs = request.timeoutMs ?? requestTimeoutMs;
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        stopTimer();
        forget();
        flow.level.queues.cancel(queued);
        flow.stats.waitRejected.observe((env.nowMs() - queued.arrivedMs) / 1000);
        this.#reap(flow.level);
        reject(this.#rejection(flow));
      };
      const stopTimer = env.later(Math.min(timeoutMs / 4, waitLimitMs), giveUp);
      const forget = request.onGone(giveUp);
      queued.onSeats = () => {
        stopTimer();
        forget();
        this.#turn(flow, queued, request, resolve, reject);
      };
    });
  }

  /** Waits for its turn with the seats that it has. */
  #turn(
    flow: Flow,
    queued: QueuedRequest,
    request: GatedRequest,
    resolve: (ticket: Ticket) => void,
    reject: (error: Error) => void,
  ): void {
    this.#turns.enter(flow.level.share, `${flow.name}/${queued.distinguisher}`, () => {
      if (!request.gone) {
        resolve(this.#ticket(flow, queued, request));
        return;
      }
      flow.level.queues.finish(queued);
      this.#reap(flow.level);
      reject(this.#rejection(flow));
    });
  }

  #ticket(flow: Flow, queued: QueuedRequest, request: GatedRequest): Ticket {
    const { env } = this.#options;
    const { level, stats } = flow;
    const watch = request.info.verb === 'watch';
    const startedMs = env.nowMs();
    if (!level.exempt) stats.waitServed.observe((startedMs - queued.arrivedMs) / 1000);
    stats.dispatched++;
    const forgetWatch = watch
      ? this.watches.register(request.info, request.query.get('fieldSelector') ?? '')
      : undefined;
    const release = () => {
      if (queued.state !== 'executing') return;
      const seconds = (env.nowMs() - startedMs) / 1000;
      (watch ? stats.executedWatch : stats.executed).observe(seconds);
      level.queues.finish(queued);
      if (level.leaving) this.#reap(level);
    };
    return {
      headers: flow.headers,
      started: release,
      done: () => {
        release();
        forgetWatch?.();
      },
    };
  }

  #rejection(flow: Flow): TooManyRequestsError {
    const seconds = flow.level.retryAfter.reject(this.#options.env.nowMs() / 1000);
    return new TooManyRequestsError(seconds, flow.headers);
  }

  /** A level that nothing refers to goes with its last request. */
  #reap(level: PriorityLevel): void {
    if (level.leaving && level.queues.idle) this.configure(...this.#configured);
  }

  #addLevel(object: PriorityLevelConfiguration, before: Map<string, PriorityLevel>): void {
    const spec = levelSpec(object);
    if (spec === undefined) return;
    const { name = '', uid = '' } = object.metadata ?? {};
    const { env } = this.#options;
    const level = before.get(name) ?? new PriorityLevel(name, uid, spec, env);
    level.uid = uid;
    level.spec = spec;
    level.leaving = false;
    this.#levels.set(name, level);
  }

  #classifierOf(schemas: readonly FlowSchema[]): Classifier<Flow> {
    const { mandatory } = this.#options;
    const known = schemas.filter((s) => this.has(s.spec?.priorityLevelConfiguration.name ?? ''));
    const all = [...known];
    for (const schema of mandatory.schemas) {
      const { name } = schema.metadata ?? {};
      if (!known.some((s) => s.metadata?.name === name)) all.push(schema);
    }
    all.sort(byPrecedence);
    return new Classifier(all.map((s) => ({ flow: this.#flow(s), rules: rulesOf(s) })));
  }

  #flow(schema: FlowSchema): Flow {
    const { name = '', uid = '' } = schema.metadata ?? {};
    const level = this.#levels.get(schema.spec?.priorityLevelConfiguration.name ?? '')!;
    const key = `${level.name}/${name}`;
    const stats = this.stats.get(key) ?? new FlowStats(level.name, name);
    this.stats.set(key, stats);
    return {
      name,
      level,
      distinguisher: schema.spec?.distinguisherMethod?.type as Flow['distinguisher'],
      stats,
      headers: {
        'X-Kubernetes-Pf-Flowschema-Uid': uid,
        'X-Kubernetes-Pf-Prioritylevel-Uid': level.uid,
      },
    };
  }
}

function distinguisherOf(flow: Flow, { user, info }: GatedRequest): string {
  if (flow.distinguisher === 'ByUser') return user.name;
  return flow.distinguisher === 'ByNamespace' ? info.namespace : '';
}
