/** The controller manager's metrics, under the names dashboards know. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { WorkQueueObserver } from '../client/work-queue.ts';

const secondsBuckets = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10];

/** One per process; `registry` is what /metrics serves. */
export class ControllerMetrics {
  readonly registry = new Registry();
  private readonly depth: Gauge<'name'>;
  private readonly adds: Counter<'name'>;
  private readonly waited: Histogram<'name'>;
  private readonly worked: Histogram<'name'>;
  private readonly retries: Counter<'name'>;
  private readonly leading: Gauge<'name'>;

  constructor() {
    const registers = [this.registry];
    const labelNames = ['name'] as const;
    this.depth = new Gauge({
      name: 'workqueue_depth',
      help: 'Keys that wait for a worker.',
      labelNames,
      registers,
    });
    this.adds = new Counter({
      name: 'workqueue_adds_total',
      help: 'Keys added.',
      labelNames,
      registers,
    });
    this.waited = new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long keys waited for a worker.',
      labelNames,
      buckets: secondsBuckets,
      registers,
    });
    this.worked = new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long workers took over keys.',
      labelNames,
      buckets: secondsBuckets,
      registers,
    });
    this.retries = new Counter({
      name: 'workqueue_retries_total',
      help: 'Keys tried again after a failure.',
      labelNames,
      registers,
    });
    this.leading = new Gauge({
      name: 'leader_election_master_status',
      help: 'Whether this process leads: 1 or 0.',
      labelNames,
      registers,
    });
  }

  /** What a queue reports to. */
  queue(name: string): WorkQueueObserver {
    const labels = { name };
    return {
      added: (depth) => {
        this.adds.inc(labels);
        this.depth.set(labels, depth);
      },
      started: (depth, waitedMs) => {
        this.depth.set(labels, depth);
        this.waited.observe(labels, waitedMs / 1000);
      },
      finished: (workedMs) => this.worked.observe(labels, workedMs / 1000),
      retried: () => this.retries.inc(labels),
    };
  }

  leads(name: string, leading: boolean): void {
    this.leading.set({ name }, leading ? 1 : 0);
  }
}
