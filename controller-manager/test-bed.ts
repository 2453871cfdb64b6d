/** Runs controllers against the fake client in tests, on a clock that stands until moved. */
import type { EventRecorder } from '../client/events.ts';
import { FakeClient } from '../client/fake-client.ts';
import { FakeClock, settle } from '../client/fake-clock.ts';
import type { Log } from '../client/log.ts';
import { coreEvents, pods } from '../client/resources.ts';
import { formatTime } from '../machinery/meta/times.ts';
import type { Controller } from './controller.ts';
import { type ControllerManagerOptions, defaultOptions } from './options.ts';
import { runControllers } from './runtime.ts';

export class TestBed implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly client = new FakeClient(() => this.clock.now());
  /** Warnings and errors that controllers logged. */
  readonly complaints: string[] = [];
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;

  /** Starts controllers and lets them do what there is to do. */
  async start(
    controllers: readonly Controller[],
    options: Partial<ControllerManagerOptions> = {},
  ): Promise<void> {
    const complain = (fields: object, message: string): void => {
      const { err } = fields as { err?: Error };
      this.complaints.push(`${message}: ${err?.message ?? ''}`);
    };
    const log: Log = { debug() {}, info() {}, warn: complain, error: complain };
    this.running = runControllers(
      controllers,
      {
        client: this.client,
        clock: this.clock,
        random: () => 0,
        log,
        options: { ...defaultOptions, ...options },
      },
      this.stop.signal,
    );
    await this.settle();
  }

  /** Lets pending work finish without moving the clock. */
  async settle(): Promise<void> {
    await settle(20);
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.settle();
  }

  /** Plays kubelet and scheduler: pending pods run and are ready, marked ones go. */
  async runPods(node = 'node-1'): Promise<void> {
    for (const pod of this.client.objects(pods)) {
      const { namespace, name = '' } = pod.metadata ?? {};
      if (pod.metadata?.deletionTimestamp !== undefined) {
        await this.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
      } else if (pod.status?.phase === 'Pending') {
        const placed = { ...pod, spec: { ...pod.spec!, nodeName: pod.spec?.nodeName ?? node } };
        const bound = await this.client.update(pods, placed);
        const lastTransitionTime = formatTime(this.clock.now());
        const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime }];
        const status = { phase: 'Running', conditions };
        await this.client.update(pods, { ...bound, status }, { subresource: 'status' });
      }
    }
    await this.settle();
  }

  /** Events so far as `reason: message`, in order of writing. */
  eventTexts(): string[] {
    return this.client
      .objects(coreEvents)
      .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map((e) => `${e.reason}: ${e.message}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}

/** A recorder that keeps `reason: message` in a list. */
export function listRecorder(texts: string[]): EventRecorder {
  return { event: (_about, _type, reason, message) => void texts.push(`${reason}: ${message}`) };
}
