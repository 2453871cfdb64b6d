/**
 * Notices what happens in the runtime by itself (the pod lifecycle event generator): its event
 * stream where it has one, and an overview now and then, which is all there is where it has none.
 */
import { sleep } from '../../client/abort.ts';
import { errorFields, type Log } from '../../client/log.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import { isUnimplemented } from '../cri/cri-error.ts';
import type { Runtime } from '../cri/runtime.ts';
import type { RuntimePod, RuntimeView } from './runtime-view.ts';

export interface PlegOptions {
  readonly runtime: Runtime;
  readonly view: RuntimeView;
  readonly clock: Clock;
  readonly log: Log;
  /** The whole of the runtime, after each overview. */
  readonly onList: (pods: ReadonlyMap<string, RuntimePod>) => void;
  /** Something happened in a pod. */
  readonly onEvent: (uid: string) => void;
}

/** Between overviews without and with events. */
const relistMs = 1000;
const relistWithEventsMs = 30_000;
const retryEventsMs = 5000;
/** Without a successful overview for this long the runtime counts as lost. */
export const plegThresholdMs = 3 * 60_000;

export class Pleg {
  private readonly options: PlegOptions;
  private streaming = false;
  private listedAtMs: number | undefined;

  constructor(options: PlegOptions) {
    this.options = options;
  }

  /** When the last overview succeeded. */
  get lastListMs(): number | undefined {
    return this.listedAtMs;
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.list(signal), this.stream(signal)]);
  }

  private async list(signal: AbortSignal): Promise<void> {
    const { view, clock, log, onList } = this.options;
    let failing = false;
    while (!signal.aborted) {
      try {
        onList(await view.list());
        this.listedAtMs = clock.now();
        failing = false;
      } catch (error) {
        if (!failing) log.error(errorFields(error), 'runtime not listed');
        failing = true;
      }
      await sleep(clock, this.streaming ? relistWithEventsMs : relistMs, signal);
    }
  }

  private async stream(signal: AbortSignal): Promise<void> {
    const { runtime, clock, log, onEvent } = this.options;
    while (!signal.aborted) {
      try {
        for await (const event of runtime.events(signal)) {
          this.streaming = true;
          const uid = event.podSandboxStatus?.metadata?.uid;
          if (uid !== undefined) onEvent(uid);
        }
      } catch (error) {
        if (isUnimplemented(error)) {
          log.info({}, 'the runtime has no events: listing every second');
          return;
        }
        if (!signal.aborted) log.warn(errorFields(error), 'event stream broke');
      }
      this.streaming = false;
      await sleep(clock, retryEventsMs, signal);
    }
  }
}
