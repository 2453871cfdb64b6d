/** Keeps flow control in step with the FlowSchemas and PriorityLevelConfigurations of the cluster. */
import { hasReason } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../machinery/schema/wire.ts';
import type { ResourceAccess } from '../registry/resource.ts';
import type { ResourceCache } from '../storage/cache/resource-cache.ts';
import { applyDangling, withDangling } from './dangling.ts';
import type { FlowControl } from './flow-control.ts';

export interface FlowConfigurationOptions {
  readonly flowControl: FlowControl;
  readonly schemas: Pick<ResourceCache, 'objects' | 'subscribe'>;
  readonly levels: Pick<ResourceCache, 'objects' | 'subscribe'>;
  readonly access: Pick<ResourceAccess, 'update'>;
  now(): number;
  onProblem(what: string, error: unknown): void;
}

/** Servers that disagree about a condition must not write it for ever. */
const writesPerMinute = 6;
const calmMs = 30_000;
const retryMs = 5_000;
const adjustEveryMs = 10_000;

/**
 * Takes the configuration over at once and follows it until `signal`. Conditions are written in the
 * background, from the next call of `keepConditions` on.
 */
export class FlowConfiguration {
  readonly #options: FlowConfigurationOptions;
  readonly #writes = new Map<string, number[]>();
  #pending = false;
  #writing = false;
  #again = false;
  #keeps = false;
  #signal: AbortSignal | undefined;

  constructor(options: FlowConfigurationOptions) {
    this.#options = options;
  }

  follow(signal: AbortSignal): void {
    this.#signal = signal;
    this.#takeOver();
    const watcher = {
      namespace: '',
      onEvent: () => this.#changed(),
      onLost: () => this.#changed(),
    };
    const { schemas, levels, flowControl } = this.#options;
    const leave = [schemas.subscribe(watcher), levels.subscribe(watcher)];
    const adjusting = setInterval(() => flowControl.adjust(), adjustEveryMs).unref();
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(adjusting);
        for (const one of leave) one();
      },
      { once: true },
    );
  }

  /** From now on the conditions are kept: writes are possible. */
  keepConditions(): void {
    this.#keeps = true;
    void this.#writeConditions();
  }

  /** Changes that come together are taken over together. */
  #changed(): void {
    if (this.#pending) return;
    this.#pending = true;
    setImmediate(() => {
      this.#pending = false;
      if (this.#signal?.aborted) return;
      this.#takeOver();
      void this.#writeConditions();
    });
  }

  #takeOver(): void {
    const { flowControl, schemas, levels } = this.#options;
    flowControl.configure(
      [...levels.objects('')].map((o) => o.shared<PriorityLevelConfiguration>()),
      [...schemas.objects('')].map((o) => o.shared<FlowSchema>()),
    );
  }

  async #writeConditions(): Promise<void> {
    if (!this.#keeps) return;
    if (this.#writing) {
      this.#again = true;
      return;
    }
    this.#writing = true;
    try {
      do {
        this.#again = false;
        for (const o of [...this.#options.schemas.objects('')]) {
          await this.#writeCondition(o.shared<FlowSchema>());
        }
      } while (this.#again && !this.#signal?.aborted);
    } catch (error) {
      if (this.#signal?.aborted) return;
      this.#options.onProblem('conditions of flow schemas could not be written', error);
      this.#later(retryMs);
    } finally {
      this.#writing = false;
    }
  }

  async #writeCondition(schema: FlowSchema): Promise<void> {
    const { access, now } = this.#options;
    const name = schema.metadata?.name ?? '';
    if (withDangling(schema, this.#exists(schema), formatTime(now())) === undefined) return;
    const revised = (current: FlowSchema) =>
      applyDangling(current, this.#exists(current), formatTime(now()));
    if (!this.#mayWrite(name)) {
      this.#later(calmMs * (1 + Math.random()));
      return;
    }
    try {
      await access.update<FlowSchema>(
        'flowschemas.flowcontrol.apiserver.k8s.io',
        '',
        name,
        (current) => revised(current) ?? current,
      );
    } catch (error) {
      // It has been deleted: there is nothing to be done.
      if (!hasReason(error, 'NotFound')) throw error;
    }
  }

  #exists(schema: FlowSchema): boolean {
    return this.#options.flowControl.has(schema.spec?.priorityLevelConfiguration.name ?? '');
  }

  #mayWrite(name: string): boolean {
    const now = this.#options.now();
    const recent = (this.#writes.get(name) ?? []).filter((at) => now - at < 60_000);
    const may = recent.length < writesPerMinute;
    this.#writes.set(name, may ? [...recent, now] : recent);
    return may;
  }

  #later(ms: number): void {
    setTimeout(() => void this.#writeConditions(), ms).unref();
  }
}
