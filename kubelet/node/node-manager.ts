/**
 * Registers the node and keeps its status and lease fresh: the lease every ten seconds, the status
 * when something in it changed, or every five minutes.
 */
import { sleep } from '../../client/abort.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import { errorFields, type Log } from '../../client/log.ts';
import { leases, nodes } from '../../client/resources.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { formatMicroTime, formatTime } from '../../machinery/meta/times.ts';
import type { Lease, Node, NodeStatus, ObjectReference } from '../../machinery/schema/wire.ts';
import type { KubeletConfiguration } from '../config/configuration.ts';
import type { Runtime } from '../cri/runtime.ts';
import type { ResourceList } from '../pods/resource-summary.ts';
import type { Availability, MachineFacts } from './machine.ts';
import {
  defaultLabels,
  initialNode,
  type NodeIdentity,
  nodeConditions,
  nodeImages,
  nodeStatus,
} from './node-status.ts';
import { type Breach, breaches, PressureMemory } from './pressure.ts';
import type { RuntimeState } from './runtime-state.ts';

export interface NodeManagerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: EventRecorder;
  readonly configuration: KubeletConfiguration;
  readonly identity: NodeIdentity;
  readonly machine: MachineFacts;
  readonly capacity: ResourceList;
  readonly allocatable: ResourceList;
  readonly runtime: Runtime;
  readonly runtimeState: RuntimeState;
  readonly availability: () => Promise<Availability>;
  /** Further reasons why the node is not ready. */
  readonly problems: () => readonly string[];
  /** Told of what the node runs out of, each time it is measured. */
  readonly onPressure: (breaches: readonly Breach[]) => void;
}

const leaseNamespace = 'kube-node-lease';
const registerRetryMs = 1000;
/** After a failed status the next try; renewals have their own pace. */
const statusRetryMs = 2000;
/** The share of a lease's duration after which it is renewed. */
const renewShare = 0.25;

export class NodeManager {
  private readonly options: NodeManagerOptions;
  private readonly pressures: PressureMemory;
  /** The node as the API last answered. */
  private known: Node | undefined;
  private reportedAtMs = 0;
  private lease: Lease | undefined;
  private readonly wake = new EventTarget();
  /** Something changed since the last report began. */
  private poked = false;

  constructor(options: NodeManagerOptions) {
    this.options = options;
    this.pressures = new PressureMemory(options.configuration.evictionPressureTransitionPeriodMs);
  }

  /** What events about the node are attached to. */
  reference(): ObjectReference {
    const { name } = this.options.identity;
    return { kind: 'Node', name, uid: name };
  }

  /** The node as last seen; undefined before it is registered. */
  node(): Node | undefined {
    return this.known;
  }

  /** The watch shows the node changed (labels, taints, pod CIDR). */
  observe(node: Node): void {
    this.known = node;
  }

  /** Something that the status tells of has changed: report now. */
  poke(): void {
    this.poked = true;
    this.wake.dispatchEvent(new Event('poke'));
  }

  /** Registers, then reports until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { configuration } = this.options;
    if (configuration.registerNode) await this.register(signal);
    if (signal.aborted) return;
    this.record('Normal', 'Starting', 'Starting kubelet.');
    await Promise.all([this.reportStatus(signal), this.renewLease(signal)]);
  }

  private async register(signal: AbortSignal): Promise<void> {
    const { client, identity, machine, configuration, clock, log } = this.options;
    const wanted = initialNode(identity, machine, configuration);
    while (!signal.aborted) {
      try {
        // The status goes with the object: a node without capacity must not be seen.
        const status = await this.currentStatus([]);
        try {
          this.known = await client.create(nodes, { ...wanted, status });
          this.reportedAtMs = clock.now();
        } catch (error) {
          if (!hasReason(error, 'AlreadyExists', 'Forbidden')) throw error;
          this.known = await this.adopt(wanted);
        }
        log.info({ node: identity.name }, 'node registered');
        return;
      } catch (error) {
        log.warn({ ...errorFields(error), node: identity.name }, 'node not registered');
        await sleep(clock, registerRetryMs, signal);
      }
    }
  }

  /** Takes over a node that exists: labels that are the kubelet's to say are put right. */
  private async adopt(wanted: Node): Promise<Node> {
    const { client, identity, machine } = this.options;
    const { name } = identity;
    const existing = await client.get(nodes, { name });
    const labels = defaultLabels(identity, machine);
    const annotations = wanted.metadata?.annotations ?? {};
    const differs = (
      want: Readonly<Record<string, string>>,
      have: Readonly<Record<string, string>> | undefined,
    ): boolean => Object.entries(want).some(([k, v]) => have?.[k] !== v);
    const { metadata } = existing;
    if (!differs(labels, metadata?.labels) && !differs(annotations, metadata?.annotations)) {
      return existing;
    }
    return client.patch(nodes, { name }, { metadata: { labels, annotations } }, { type: 'merge' });
  }

  private async currentStatus(before: NonNullable<NodeStatus['conditions']>): Promise<NodeStatus> {
    const { options } = this;
    const { clock, runtime, runtimeState, configuration } = options;
    const now = clock.now();
    const found = breaches(configuration.evictionHard, await options.availability());
    options.onPressure(found);
    const problems = [...runtimeState.problems(), ...options.problems()];
    const pressures = this.pressures.update(found, now);
    const { images } = await runtime.call('ListImages', {}).catch(() => ({ images: [] }));
    return nodeStatus({
      identity: options.identity,
      machine: options.machine,
      capacity: options.capacity,
      allocatable: options.allocatable,
      conditions: nodeConditions({ pressures, problems }, before, formatTime(now)),
      images: nodeImages(images, configuration.nodeStatusMaxImages),
      runtimeVersion: `${runtimeState.name}://${runtimeState.version}`,
      runtimeHandlers: runtimeState.handlers(),
      features: runtimeState.features(),
    });
  }

  private async reportStatus(signal: AbortSignal): Promise<void> {
    const { log, configuration } = this.options;
    while (!signal.aborted) {
      let pauseMs = configuration.nodeStatusUpdateFrequencyMs;
      this.poked = false;
      try {
        await this.report();
      } catch (error) {
        log.warn(errorFields(error), 'node status not written');
        pauseMs = Math.min(pauseMs, statusRetryMs);
      }
      await this.pause(pauseMs, signal);
    }
  }

  /** Waits, but not past a poke; one that came during the report holds too. */
  private async pause(ms: number, signal: AbortSignal): Promise<void> {
    if (this.poked) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.options.clock.after(ms, resolve);
    const wake = (): void => resolve();
    this.wake.addEventListener('poke', wake, { once: true });
    signal.addEventListener('abort', wake, { once: true });
    await promise;
    cancel();
    this.wake.removeEventListener('poke', wake);
    signal.removeEventListener('abort', wake);
  }

  private async report(): Promise<void> {
    const { client, clock, identity, configuration } = this.options;
    const { name } = identity;
    this.known ??= await client.get(nodes, { name });
    const old = this.known.status ?? {};
    const status = await this.currentStatus(old.conditions ?? []);
    const now = clock.now();
    const due = now - this.reportedAtMs >= configuration.nodeStatusReportFrequencyMs;
    if (!due && deepEqual(withoutHeartbeats(old), withoutHeartbeats(merged(old, status)))) return;
    const patch = { status: statusPatch(old, status) };
    const options = { type: 'strategic', subresource: 'status' } as const;
    this.known = await client.patch(nodes, { name }, patch, options);
    this.reportedAtMs = now;
    this.recordChanges(old, status);
  }

  private recordChanges(old: NodeStatus, status: NodeStatus): void {
    const events: Record<string, readonly [string, string]> = {
      Ready: ['NodeReady', 'NodeNotReady'],
      MemoryPressure: ['NodeHasInsufficientMemory', 'NodeHasSufficientMemory'],
      DiskPressure: ['NodeHasDiskPressure', 'NodeHasNoDiskPressure'],
      PIDPressure: ['NodeHasInsufficientPID', 'NodeHasSufficientPID'],
    };
    for (const condition of status.conditions ?? []) {
      const before = old.conditions?.find((c) => c.type === condition.type);
      const names = events[condition.type];
      if (names === undefined || before?.status === condition.status) continue;
      const reason = names[condition.status === 'True' ? 0 : 1];
      const text = `Node ${this.options.identity.name} status is now: ${reason}`;
      this.record('Normal', reason, text);
    }
  }

  private async renewLease(signal: AbortSignal): Promise<void> {
    const { clock, log, configuration } = this.options;
    const everyMs = configuration.nodeLeaseDurationSeconds * 1000 * renewShare;
    while (!signal.aborted) {
      try {
        await this.renew();
      } catch (error) {
        this.lease = undefined;
        log.warn(errorFields(error), 'lease not renewed');
      }
      await sleep(
        clock,
        this.lease === undefined ? Math.min(everyMs, statusRetryMs) : everyMs,
        signal,
      );
    }
  }

  private async renew(): Promise<void> {
    const { client, clock, identity, configuration } = this.options;
    const { name } = identity;
    const renewTime = formatMicroTime(clock.now());
    if (this.lease === undefined) {
      try {
        this.lease = await client.get(leases, { namespace: leaseNamespace, name });
      } catch (error) {
        if (!hasReason(error, 'NotFound')) throw error;
      }
    }
    const uid = this.known?.metadata?.uid;
    const owner = { apiVersion: 'v1', kind: 'Node', name, uid: uid ?? '' };
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: configuration.nodeLeaseDurationSeconds,
      renewTime,
    };
    if (this.lease !== undefined) {
      this.lease = await client.update(leases, {
        ...this.lease,
        spec: { ...this.lease.spec, ...spec },
      });
      return;
    }
    this.lease = await client.create(leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name,
        namespace: leaseNamespace,
        ...(uid ? { ownerReferences: [owner] } : {}),
      },
      spec,
    });
  }

  private record(type: 'Normal' | 'Warning', reason: string, text: string): void {
    this.options.recorder.event(this.reference(), type, reason, text);
  }
}

/** What the status would be after the patch: conditions of others stay. */
function merged(old: NodeStatus, next: NodeStatus): NodeStatus {
  const conditions = [...(old.conditions ?? [])];
  for (const condition of next.conditions ?? []) {
    const at = conditions.findIndex((c) => c.type === condition.type);
    if (at < 0) conditions.push(condition);
    else conditions[at] = condition;
  }
  return { ...old, ...next, conditions };
}

function withoutHeartbeats(status: NodeStatus): NodeStatus {
  const conditions = status.conditions?.map(({ lastHeartbeatTime: _, ...rest }) => rest);
  return { ...status, ...(conditions ? { conditions } : {}) };
}

/** Only what differs; addresses of one type are several, so that list is replaced whole. */
function statusPatch(old: NodeStatus, next: NodeStatus): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(next)) {
    if (field === 'addresses') {
      if (deepEqual(old.addresses, value)) continue;
      const replaces = (old.addresses?.length ?? 0) > 0;
      patch[field] = replaces ? [...(value as object[]), { $patch: 'replace' }] : value;
    } else if (!deepEqual(old[field as keyof NodeStatus], value)) {
      patch[field] = value;
    }
  }
  return patch;
}
