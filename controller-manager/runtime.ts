/** Runs controllers in one process: shared informers, queues with retries, events, loops. */
import { sleep } from '../client/abort.ts';
import type { Client, Resource } from '../client/client.ts';
import { createEventRecorder, type EventRecorder } from '../client/events.ts';
import { type Informer, InformerFactory, type InformerOptions } from '../client/informer.ts';
import { errorFields, type Log } from '../client/log.ts';
import { TaskGroup } from '../client/task-group.ts';
import { runWorkers, WorkQueue, type WorkQueueObserver } from '../client/work-queue.ts';
import type { Clock } from '../machinery/meta/clock.ts';
import { hasReason } from '../machinery/meta/status-error.ts';
import type { KubeObject } from '../machinery/schema/wire.ts';
import type { Controller, ControllerContext, QueueOptions } from './controller.ts';
import type { ControllerManagerOptions } from './options.ts';

export interface RuntimeDeps {
  /** What informers read with and events are written with. */
  readonly client: Client;
  /** A client with the rights of a controller's service account; undefined: all use `client`. */
  readonly clientOf?: ((serviceAccount: string) => Client) | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly options: ControllerManagerOptions;
  /** Workqueue metrics by queue name. */
  readonly observe?: (queue: string) => WorkQueueObserver;
}

type Task = [name: string, run: (signal: AbortSignal) => Promise<void>];

/** Runs the controllers until the signal aborts; resolves when all that it started has ended. */
export async function runControllers(
  controllers: readonly Controller[],
  deps: RuntimeDeps,
  signal: AbortSignal,
): Promise<void> {
  const factory = new InformerFactory(deps.client, deps);
  const recorders = new Map<string, EventRecorder>();
  await using group = new TaskGroup(signal);
  const recorder = (component: string): EventRecorder => {
    let known = recorders.get(component);
    if (known === undefined) {
      const made = createEventRecorder(deps.client, {
        component,
        clock: deps.clock,
        log: deps.log,
      });
      group.start(`events of ${component}`, (s) => made.run(s));
      recorders.set(component, made);
      known = made;
    }
    return known;
  };
  group.start('informers', (s) => factory.run(s));
  for (const controller of controllers) {
    const setup = new Setup(controller, deps, factory, recorder);
    await controller.setup(setup);
    group.start(controller.name, (s) => setup.run(s));
  }
  await group.wait();
}

/** One controller while it is set up and run. */
class Setup implements ControllerContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly options: ControllerManagerOptions;
  readonly recorder: (component: string) => EventRecorder;
  private readonly name: string;
  private readonly deps: RuntimeDeps;
  private readonly factory: InformerFactory;
  private readonly waitsFor = new Set<{ synced(signal: AbortSignal): Promise<void> }>();
  private readonly tasks: Task[] = [];

  constructor(
    { name, serviceAccount }: Controller,
    deps: RuntimeDeps,
    factory: InformerFactory,
    recorder: (component: string) => EventRecorder,
  ) {
    this.name = name;
    this.deps = deps;
    this.factory = factory;
    this.recorder = recorder;
    this.client =
      (serviceAccount === undefined ? undefined : deps.clientOf?.(serviceAccount)) ?? deps.client;
    this.clock = deps.clock;
    this.random = deps.random;
    this.log = deps.log;
    this.options = deps.options;
  }

  informer<T extends KubeObject>(r: Resource<T>, options?: InformerOptions<T>): Informer<T> {
    const informer = this.factory.for(r, options);
    this.waitsFor.add(informer);
    return informer;
  }

  existingInformer<T extends KubeObject>(r: Resource<T>): Informer<T> | undefined {
    return this.factory.existing(r);
  }

  queue(options: QueueOptions): WorkQueue {
    const name = options.name ?? this.name;
    const { baseDelayMs, maxDelayMs } = options;
    const observer = this.deps.observe?.(name);
    const queue = new WorkQueue({
      clock: this.clock,
      ...(baseDelayMs === undefined ? {} : { baseDelayMs }),
      ...(maxDelayMs === undefined ? {} : { maxDelayMs }),
      ...(observer === undefined ? {} : { observer }),
    });
    this.background(name, (signal) =>
      runWorkers(
        queue,
        options.workers,
        (key) => this.work(name, queue, options, key, signal),
        signal,
      ),
    );
    return queue;
  }

  background(name: string, run: (signal: AbortSignal) => Promise<void>): void {
    this.tasks.push([name, run]);
  }

  every(name: string, ms: number, call: (signal: AbortSignal) => Promise<void>): void {
    this.background(name, async (signal) => {
      while (!signal.aborted) {
        try {
          await call(signal);
        } catch (e) {
          if (!signal.aborted) this.log.error({ loop: name, ...errorFields(e) }, 'loop failed');
        }
        await sleep(this.clock, ms, signal);
      }
    });
  }

  /** Starts the tasks once the informers are synced. */
  async run(signal: AbortSignal): Promise<void> {
    for (const informer of this.waitsFor) await informer.synced(signal);
    this.log.info({ controller: this.name }, 'started controller');
    await using group = new TaskGroup(signal);
    for (const [name, run] of this.tasks) group.start(name, run);
    await group.wait();
  }

  private async work(
    name: string,
    queue: WorkQueue,
    options: QueueOptions,
    key: string,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const result = await options.reconcile(key, signal);
      queue.forget(key);
      if (result) queue.addAfter(key, result.requeueAfterMs);
    } catch (e) {
      if (signal.aborted) return;
      // A conflict is the normal answer to a write from a cache that lags behind.
      const level = hasReason(e, 'Conflict') ? 'debug' : 'warn';
      this.log[level]({ controller: name, key, ...errorFields(e) }, 'reconcile failed');
      queue.addRateLimited(key);
    }
  }
}
