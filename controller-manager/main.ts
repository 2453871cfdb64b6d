/** Wiring of the controller manager process: leader election, health port, controllers. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { allowManyListeners } from '../client/abort.ts';
import { createEventRecorder } from '../client/events.ts';
import { startHealthServer } from '../client/health-server.ts';
import { runAsLeader } from '../client/leader-election.ts';
import type { Log } from '../client/log.ts';
import { OwnPages } from '../client/own-pages.ts';
import type { RestClient } from '../client/rest-client.ts';
import { ServiceAccountTokens } from '../client/service-account-tokens.ts';
import { TaskGroup } from '../client/task-group.ts';
import { systemClock } from '../machinery/meta/clock.ts';
import { selectControllers } from './controllers.ts';
import { ControllerMetrics } from './metrics.ts';
import type { ControllerManagerOptions } from './options.ts';
import { renderOptions } from './render-options.ts';
import { runControllers } from './runtime.ts';

/** What a controller manager process runs with. */
export interface ControllerManagerProcessOptions {
  readonly client: RestClient;
  readonly options: ControllerManagerOptions;
  readonly log: Log;
  readonly bindAddress: string;
  /** Upstream's is 10257; 0 turns the health port off. */
  readonly securePort: number;
  /** What `/flagz` shows. */
  readonly flags?: Readonly<Record<string, string>>;
  /** PEM; left out: the health port speaks plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

const component = 'kube-controller-manager';
const ownPaths = ['/healthz', '/livez', '/readyz', '/metrics'];

/**
 * Runs until the signal aborts and everything started has ended. Rejects when leadership was lost
 * or a part failed for good: the process is to be started again. Throws at once on an unknown
 * name in `options.controllers`.
 */
export async function run(
  process: ControllerManagerProcessOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client, options, log } = process;
  const clock = systemClock;
  const selected = selectControllers(options.controllers);
  const runnable = selected.filter((controller) => {
    const why = controller.missing?.(options);
    if (why !== undefined) log.warn({ controller: controller.name }, `controller is off: ${why}`);
    return why === undefined;
  });
  allowManyListeners(signal);
  const metrics = new ControllerMetrics();
  await using tasks = new TaskGroup(signal);
  allowManyListeners(tasks.signal);
  await using _health =
    process.securePort === 0
      ? undefined
      : await startHealthServer({
          host: process.bindAddress,
          port: process.securePort,
          ...(process.tls === undefined ? {} : { tls: process.tls }),
          client,
          clock,
          checks: { ping: () => undefined },
          metrics: () => metrics.registry.metrics(),
          pages: new OwnPages({
            component,
            flags: process.flags ?? {},
            configz: () => renderOptions(options),
            paths: ownPaths,
          }),
        });
  const tokens = new ServiceAccountTokens({ client, clock, namespace: 'kube-system' });
  const clientOf = options.useServiceAccountCredentials
    ? (account: string) => client.actingAs(tokens.bearer(account))
    : undefined;
  const lead = async (leading: AbortSignal): Promise<void> => {
    metrics.leads(options.leaderElection.resourceName, true);
    allowManyListeners(leading);
    const deps = {
      client,
      clientOf,
      clock,
      random: Math.random,
      log,
      options,
      observe: (queue: string) => metrics.queue(queue),
    };
    await runControllers(runnable, deps, leading);
  };
  tasks.start(component, async (s) => {
    const { leaderElect, resourceName, resourceNamespace, ...timing } = options.leaderElection;
    if (!leaderElect) {
      await lead(s);
      return;
    }
    const recorder = createEventRecorder(client, { component, clock, log });
    tasks.start('events of leader election', (signal) => recorder.run(signal));
    const identity = `${hostname()}_${randomUUID()}`;
    const lock = { namespace: resourceNamespace, name: resourceName, identity };
    await runAsLeader(client, { ...lock, ...timing, clock, log, recorder }, lead, s);
  });
  await tasks.wait();
}
