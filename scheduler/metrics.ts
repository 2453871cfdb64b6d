/** The scheduler's metrics, under the names dashboards know. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** `count` limits, each `factor` times the one before. */
function exponential(start: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start * factor ** i);
}

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

/** What the gauges read when they are scraped. */
export interface MetricSources {
  queues(): Record<'active' | 'backoff' | 'unschedulable' | 'gated', number>;
  cache(): { nodes: number; pods: number; assumed_pods: number };
}

/** One per scheduler; `registry` is what /metrics serves. */
export class SchedulerMetrics {
  readonly registry = new Registry();
  readonly #attempts: Counter<'result' | 'profile'>;
  readonly #attemptSeconds: Histogram<'result' | 'profile'>;
  readonly #algorithmSeconds: Histogram;
  readonly #sliSeconds: Histogram<'attempts'>;
  readonly #attemptsPerPod: Histogram;
  readonly #incoming: Counter<'queue' | 'event'>;
  readonly #preemptions: Counter;
  readonly #victims: Histogram;
  readonly #unschedulable: Counter<'plugin' | 'profile'>;

  constructor(sources: MetricSources) {
    const registers = [this.registry];
    this.#attempts = new Counter({
      name: 'scheduler_schedule_attempts_total',
      help: 'Attempts to schedule pods, by result.',
      labelNames: ['result', 'profile'],
      registers,
    });
    this.#attemptSeconds = new Histogram({
      name: 'scheduler_scheduling_attempt_duration_seconds',
      help: 'Length of an attempt: algorithm and binding.',
      labelNames: ['result', 'profile'],
      buckets: exponential(0.001, 2, 15),
      registers,
    });
    this.#algorithmSeconds = new Histogram({
      name: 'scheduler_scheduling_algorithm_duration_seconds',
      help: 'Length of the scheduling algorithm.',
      buckets: exponential(0.001, 2, 15),
      registers,
    });
    this.#sliSeconds = new Histogram({
      name: 'scheduler_pod_scheduling_sli_duration_seconds',
      help: 'From the first time a pod could be tried to its binding.',
      labelNames: ['attempts'],
      buckets: exponential(0.01, 2, 20),
      registers,
    });
    this.#attemptsPerPod = new Histogram({
      name: 'scheduler_pod_scheduling_attempts',
      help: 'Attempts it took to schedule a pod.',
      buckets: exponential(1, 2, 5),
      registers,
    });
    this.#incoming = new Counter({
      name: 'scheduler_queue_incoming_pods_total',
      help: 'Pods put into the queues, by queue and event.',
      labelNames: ['queue', 'event'],
      registers,
    });
    this.#preemptions = new Counter({
      name: 'scheduler_preemption_attempts_total',
      help: 'Attempts to make room by preemption.',
      registers,
    });
    this.#victims = new Histogram({
      name: 'scheduler_preemption_victims',
      help: 'Pods removed by one preemption.',
      buckets: exponential(1, 2, 7),
      registers,
    });
    this.#unschedulable = new Counter({
      name: 'scheduler_plugin_rejections_total',
      help: 'Attempts that a plugin rejected.',
      labelNames: ['plugin', 'profile'],
      registers,
    });
    gauges(this.registry, sources);
  }

  /** An attempt ended. */
  attempt(result: AttemptResult, profile: string, seconds: number): void {
    this.#attempts.inc({ result, profile });
    this.#attemptSeconds.observe({ result, profile }, seconds);
  }

  algorithm(seconds: number): void {
    this.#algorithmSeconds.observe(seconds);
  }

  /** A pod was bound after so many attempts and seconds. */
  bound(attempts: number, seconds: number): void {
    this.#attemptsPerPod.observe(attempts);
    this.#sliSeconds.observe({ attempts: attempts >= 15 ? '15+' : String(attempts) }, seconds);
  }

  incoming(queue: string, event: string): void {
    this.#incoming.inc({ queue, event });
  }

  preemption(victims: number): void {
    this.#preemptions.inc();
    if (victims > 0) this.#victims.observe(victims);
  }

  rejected(plugins: Iterable<string>, profile: string): void {
    for (const plugin of plugins) this.#unschedulable.inc({ plugin, profile });
  }
}

function gauges(registry: Registry, sources: MetricSources): void {
  new Gauge({
    name: 'scheduler_pending_pods',
    help: 'Waiting pods, by queue.',
    labelNames: ['queue'],
    registers: [registry],
    collect() {
      for (const [queue, count] of Object.entries(sources.queues())) this.set({ queue }, count);
    },
  });
  new Gauge({
    name: 'scheduler_cache_size',
    help: 'Nodes, pods and assumed pods in the cache.',
    labelNames: ['type'],
    registers: [registry],
    collect() {
      for (const [type, count] of Object.entries(sources.cache())) this.set({ type }, count);
    },
  });
}
