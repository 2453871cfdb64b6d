/** A scheduler over the fake client, for tests: real informers, a fake clock, recorded events. */
import type { Client } from '../client/client.ts';
import { FakeClient } from '../client/fake-client.ts';
import { FakeClock, settle } from '../client/fake-clock.ts';
import { InformerFactory } from '../client/informer.ts';
import { silentLog } from '../client/log.ts';
import * as resources from '../client/resources.ts';
import { TaskGroup } from '../client/task-group.ts';
import type { Node, Pod } from '../machinery/schema/wire.ts';
import { defaultConfiguration, type SchedulerConfiguration } from './config/configuration.ts';
import { listersOf, watch } from './main.ts';
import { Scheduler } from './scheduler.ts';

/** Closed with `await using`. */
export class TestBed implements AsyncDisposable {
  readonly client = new FakeClient();
  readonly clock = new FakeClock();
  readonly scheduler: Scheduler;
  /** `type reason: note`, in order. */
  readonly events: string[] = [];
  readonly #tasks = new TaskGroup();
  readonly #informers: InformerFactory;

  constructor(configuration: SchedulerConfiguration = defaultConfiguration()) {
    const client: Client = this.client;
    this.#informers = new InformerFactory(client, { clock: this.clock });
    this.scheduler = new Scheduler({
      client,
      clock: this.clock,
      random: () => 0.99,
      listers: listersOf(this.#informers),
      recordEvent: (pod, _related, type, reason, _action, note) =>
        this.events.push(`${pod.metadata?.name}: ${type} ${reason}: ${note}`),
      log: silentLog,
      profiles: configuration.profiles,
      percentageOfNodesToScore: configuration.percentageOfNodesToScore,
      initialBackoffMs: configuration.initialBackoffMs,
      maxBackoffMs: configuration.maxBackoffMs,
    });
    watch(this.#informers, this.scheduler);
  }

  /** Starts informers and scheduling; what was seeded before is scheduled. */
  async start(): Promise<this> {
    this.#tasks.start('informers', (s) => this.#informers.run(s));
    await this.#informers.synced(this.#tasks.signal);
    this.scheduler.start();
    await settle(10);
    return this;
  }

  /** Creates pods and lets the scheduler work. */
  async create(...pods: Pod[]): Promise<void> {
    this.client.seed(resources.pods, ...pods);
    await settle(10);
  }

  /** The node of a pod; '' when it has none. */
  nodeOf(name: string): string {
    return this.pod(name).spec?.nodeName ?? '';
  }

  pod(name: string): Pod {
    const found = this.client.objects(resources.pods).find((p) => p.metadata?.name === name);
    if (found === undefined) throw new Error(`no pod ${name}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scheduler.stop();
    await this.#tasks.close();
  }
}

/** A ready node. */
export function testNode(
  name: string,
  allocatable: Record<string, string> = { cpu: '4', memory: '8Gi', pods: '110' },
  change: Partial<Node> & { labels?: Record<string, string> } = {},
): Node {
  const { labels, ...rest } = change;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `node-${name}`, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: {},
    ...rest,
    status: { allocatable, ...rest.status },
  };
}

/** A pod with one container that asks for the given resources. */
export function testPod(
  name: string,
  requests: Record<string, string> = {},
  spec: Partial<NonNullable<Pod['spec']>> = {},
  metadata: Pod['metadata'] = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, ...metadata },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [{ name: 'c', image: 'pause', resources: { requests } }],
      ...spec,
    },
    status: { phase: 'Pending' },
  };
}
