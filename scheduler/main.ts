/** Wiring of the scheduler process: informers, leader election, health port. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { allowManyListeners } from '../client/abort.ts';
import type { Client } from '../client/client.ts';
import { createActionRecorder } from '../client/events.ts';
import { startHealthServer } from '../client/health-server.ts';
import { InformerFactory } from '../client/informer.ts';
import { runAsLeader } from '../client/leader-election.ts';
import type { Log } from '../client/log.ts';
import { OwnPages } from '../client/own-pages.ts';
import * as resources from '../client/resources.ts';
import { TaskGroup } from '../client/task-group.ts';
import { systemClock } from '../machinery/meta/clock.ts';
import type { EventResource } from './cluster-event.ts';
import type { SchedulerConfiguration } from './config/configuration.ts';
import { renderConfiguration } from './config/render-configuration.ts';
import { nodeHandler, podHandler, wakingHandler } from './event-handlers.ts';
import type { Listers } from './listers.ts';
import { Scheduler } from './scheduler.ts';

/** What a scheduler process runs with. */
export interface SchedulerProcessOptions {
  readonly client: Client;
  readonly configuration: SchedulerConfiguration;
  readonly log: Log;
  readonly bindAddress: string;
  /** 0 turns the health port off. */
  readonly securePort: number;
  /** What `/flagz` shows. */
  readonly flags?: Readonly<Record<string, string>>;
  /** PEM; left out: the health port speaks plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

const component = 'kube-scheduler';
const ownPaths = ['/healthz', '/livez', '/readyz', '/metrics'];
/** Pods that ended take no room; the server leaves them out. */
const livePods = { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' };

/**
 * Runs until the signal aborts and everything started has ended. Rejects when leadership was lost
 * or a part failed for good: the process is to be started again.
 */
export async function run(options: SchedulerProcessOptions, signal: AbortSignal): Promise<void> {
  const { client, configuration, log } = options;
  allowManyListeners(signal);
  await using tasks = new TaskGroup(signal);
  const clock = systemClock;
  // Events name the profile as their source.
  const recorders = new Map(
    configuration.profiles.map(({ schedulerName }) => {
      const recorder = createActionRecorder(client, { component: schedulerName, clock, log });
      tasks.start(`events of ${schedulerName}`, (s) => recorder.run(s));
      return [schedulerName, recorder] as const;
    }),
  );
  const informers = new InformerFactory(client, { clock, log });
  const scheduler = new Scheduler({
    client,
    clock,
    random: Math.random,
    listers: listersOf(informers),
    recordEvent: (pod, ...event) =>
      recorders.get(pod.spec?.schedulerName ?? '')?.event(pod, ...event),
    log,
    profiles: configuration.profiles,
    percentageOfNodesToScore: configuration.percentageOfNodesToScore,
    initialBackoffMs: configuration.initialBackoffMs,
    maxBackoffMs: configuration.maxBackoffMs,
  });
  watch(informers, scheduler);
  tasks.start('informers', (s) => informers.run(s));
  let synced = false;
  await using _health =
    options.securePort === 0
      ? undefined
      : await startHealthServer({
          host: options.bindAddress,
          port: options.securePort,
          ...(options.tls === undefined ? {} : { tls: options.tls }),
          client,
          clock,
          checks: {
            ping: () => undefined,
            'informer-sync': () => (synced ? undefined : 'informers are not synced'),
          },
          metrics: () => scheduler.metrics.registry.metrics(),
          pages: new OwnPages({
            component,
            flags: options.flags ?? {},
            configz: () => renderConfiguration(configuration),
            paths: ownPaths,
          }),
        });
  const lead = async (leading: AbortSignal) => {
    await informers.synced(leading);
    synced = true;
    scheduler.start();
    log.info({}, 'scheduling');
    await aborted(leading);
  };
  tasks.start('scheduler', async (s) => {
    try {
      const { leaderElection } = configuration;
      if (!leaderElection.leaderElect) await lead(s);
      else {
        const identity = `${hostname()}_${randomUUID()}`;
        await runAsLeader(client, { ...leaderElection, identity, clock, log }, lead, s);
      }
    } finally {
      await scheduler.stop();
    }
  });
  await tasks.wait();
}

/** The caches plugins use. */
export function listersOf(informers: InformerFactory): Listers {
  return {
    pods: informers.for(resources.pods, livePods).store,
    namespaces: informers.for(resources.namespaces).store,
    services: informers.for(resources.services).store,
    replicationControllers: informers.for(resources.replicationControllers).store,
    replicaSets: informers.for(resources.replicaSets).store,
    statefulSets: informers.for(resources.statefulSets).store,
    podDisruptionBudgets: informers.for(resources.podDisruptionBudgets).store,
    persistentVolumes: informers.for(resources.persistentVolumes).store,
    persistentVolumeClaims: informers.for(resources.persistentVolumeClaims).store,
    storageClasses: informers.for(resources.storageClasses).store,
    csiNodes: informers.for(resources.csiNodes).store,
    csiDrivers: informers.for(resources.csiDrivers).store,
    csiStorageCapacities: informers.for(resources.csiStorageCapacities).store,
    volumeAttachments: informers.for(resources.volumeAttachments).store,
  };
}

/** Feeds the scheduler from the informers. */
export function watch(informers: InformerFactory, scheduler: Scheduler): void {
  // Nodes first: a pod known before its node is harmless, but costs a second look.
  informers.for(resources.nodes).addHandler(nodeHandler(scheduler));
  informers.for(resources.pods, livePods).addHandler(podHandler(scheduler));
  const waking: readonly [Parameters<InformerFactory['for']>[0], EventResource][] = [
    [resources.persistentVolumes, 'PersistentVolume'],
    [resources.persistentVolumeClaims, 'PersistentVolumeClaim'],
    [resources.storageClasses, 'storage.k8s.io/StorageClass'],
    [resources.csiNodes, 'storage.k8s.io/CSINode'],
    [resources.csiDrivers, 'storage.k8s.io/CSIDriver'],
    [resources.csiStorageCapacities, 'storage.k8s.io/CSIStorageCapacity'],
    [resources.volumeAttachments, 'storage.k8s.io/VolumeAttachment'],
  ];
  for (const [resource, kind] of waking) {
    informers.for(resource).addHandler(wakingHandler(scheduler, kind));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
