/**
 * The node lifecycle controller: notices nodes that fall silent, says so in their conditions and
 * taints, and marks their pods as not ready. Evicting is left to the taint eviction controller.
 */
import { sleep } from '../../client/abort.ts';
import type { Informer } from '../../client/informer.ts';
import { errorFields } from '../../client/log.ts';
import { leases, nodes as nodeResource, pods as podResource } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { Lease, Node, ObjectReference, Pod } from '../../machinery/schema/wire.ts';
import { findCondition } from '../conditions.ts';
import { type ControllerContext, defineController } from '../controller.ts';
import { inParallel } from '../in-parallel.ts';
import { indexByNode, podsOnNode } from '../pods/pod-node-index.ts';
import { isPodReady } from '../pods/pod-state.ts';
import { type HealthVerdict, judgeHealth, type NodeHealth } from './health.ts';
import { labelChange } from './node-labels.ts';
import { PodMarks } from './pod-marks.ts';
import {
  changeTaints,
  hasNoExecute,
  noExecuteChange,
  noScheduleChange,
  notReady,
  unreachable,
} from './taints.ts';
import { Zones, zoneOf } from './zones.ts';

const leaseNamespace = 'kube-node-lease';
const excludeLabel = 'node.kubernetes.io/exclude-disruption';
const workers = 8;
const statusAttempts = 5;

export const nodeLifecycleController = defineController({
  name: 'node-lifecycle-controller',
  aliases: ['nodelifecycle'],
  serviceAccount: 'node-controller',
  setup(context) {
    const controller = new NodeLifecycle(context);
    controller.register();
  },
});

class NodeLifecycle {
  private readonly context: ControllerContext;
  private readonly nodes: Informer<Node>;
  private readonly pods: Informer<Pod>;
  private readonly leases: Informer<Lease>;
  private readonly recorder;
  private readonly health = new Map<string, NodeHealth>();
  /** Nodes that the monitor has met, with what events are to call them. */
  private readonly known = new Map<string, ObjectReference>();
  /** Nodes whose pods could not all be marked. */
  private readonly unmarked = new Set<string>();
  private readonly zones: Zones;
  private readonly marks: PodMarks;

  constructor(context: ControllerContext) {
    const { options } = context;
    this.context = context;
    this.nodes = context.informer(nodeResource);
    this.pods = context.informer(podResource);
    this.leases = context.informer(leases, { namespace: leaseNamespace });
    this.recorder = context.recorder('node-controller');
    this.marks = new PodMarks(context.client, context.clock, this.recorder);
    this.zones = new Zones({
      normal: options.nodeEvictionRate,
      secondary: options.secondaryNodeEvictionRate,
      largeZone: options.largeClusterSizeThreshold,
      unhealthyShare: options.unhealthyZoneThreshold,
    });
  }

  register(): void {
    const { context } = this;
    indexByNode(this.pods);
    const nodeQueue = context.queue({
      name: 'node_lifecycle_controller',
      workers,
      reconcile: async (name, signal) => void (await this.label(name, signal)),
    });
    this.nodes.addHandler({
      added: (node) => nodeQueue.add(keyOf(node)),
      updated: (old, node) => {
        const same =
          deepEqual(old.metadata?.labels, node.metadata?.labels) &&
          deepEqual(old.spec, node.spec) &&
          deepEqual(statuses(old), statuses(node));
        if (!same) nodeQueue.add(keyOf(node));
      },
      deleted: (node) => this.unmarked.delete(keyOf(node)),
    });
    const podQueue = context.queue({
      name: 'node_lifecycle_controller_pods',
      workers: 4,
      reconcile: async (key, signal) => {
        const pod = this.pods.store.byKey(key);
        if (pod !== undefined && this.isSilent(pod)) await this.marks.mark([pod], signal);
        return undefined;
      },
    });
    const bound = (pod: Pod): void => {
      if (this.isSilent(pod) && isPodReady(pod)) podQueue.add(keyOf(pod));
    };
    this.pods.addHandler({
      added: bound,
      updated: (old, pod) => {
        if (old.spec?.nodeName !== pod.spec?.nodeName) bound(pod);
      },
    });
    context.background('node monitor', (signal) => this.monitor(signal));
  }

  /** The pod is on a node that is known not to be ready. */
  private isSilent(pod: Pod): boolean {
    const ready = this.health.get(pod.spec?.nodeName ?? '')?.ready;
    return ready !== undefined && ready.status !== 'True';
  }

  /** NoSchedule taints and the labels of old names. */
  private async label(name: string, signal: AbortSignal): Promise<void> {
    const node = this.nodes.store.byKey(name);
    if (node === undefined) return;
    const { client, clock } = this.context;
    await changeTaints(client, node, noScheduleChange(node), clock.now(), signal);
    const labels = labelChange(node.metadata?.labels ?? {});
    if (labels === undefined) return;
    await client.patch(nodeResource, { name }, { metadata: { labels } }, { type: 'merge', signal });
  }

  /** Looks at all nodes each period; between looks taints those whose turn it is. */
  private async monitor(signal: AbortSignal): Promise<void> {
    const { clock, log, options } = this.context;
    while (!signal.aborted) {
      const nextLook = clock.now() + options.nodeMonitorPeriodMs;
      try {
        await this.look(signal);
      } catch (e) {
        if (!signal.aborted) log.error(errorFields(e), 'monitoring of nodes failed');
      }
      while (!signal.aborted) {
        await this.taintNext(signal);
        const now = clock.now();
        if (now >= nextLook) break;
        const next = Math.max(this.zones.nextAtMs() ?? nextLook, now + 10);
        await sleep(clock, Math.min(next, nextLook) - now, signal);
      }
    }
  }

  private async look(signal: AbortSignal): Promise<void> {
    const { client, clock, log } = this.context;
    const nodes = this.nodes.store.list();
    this.meet(nodes);
    const counts = new Map<string, { ready: number; notReady: number }>();
    await inParallel(nodes, workers, async (cached) => {
      const name = keyOf(cached);
      try {
        const ready = await this.lookAt(cached, signal);
        if (cached.metadata?.labels?.[excludeLabel] !== undefined) return;
        const zone = zoneOf(cached);
        const count = counts.get(zone) ?? { ready: 0, notReady: 0 };
        if (ready) count.ready++;
        else count.notReady++;
        counts.set(zone, count);
      } catch (e) {
        if (!signal.aborted) log.warn({ node: name, ...errorFields(e) }, 'look at node failed');
      }
    });
    const turn = this.zones.observe(counts, clock.now());
    if (turn === 'silenced') {
      log.warn({}, 'no node is ready: evictions stop');
      const clear = noExecuteChange(undefined);
      await inParallel(nodes, workers, (n) => changeTaints(client, n, clear, clock.now(), signal));
    }
    if (turn === 'back') {
      log.info({}, 'nodes are ready again: evictions go on');
      const aliveAtMs = clock.now();
      for (const [name, health] of this.health) this.health.set(name, { ...health, aliveAtMs });
    }
  }

  private meet(nodes: readonly Node[]): void {
    const tell = (about: ObjectReference, reason: string, what: string): void =>
      this.recorder.event(about, 'Normal', reason, `Node ${about.name} event: ${what}`);
    const present = new Set<string>();
    for (const node of nodes) {
      const name = keyOf(node);
      present.add(name);
      if (this.known.has(name)) continue;
      const reference = referenceTo(node);
      this.known.set(name, reference);
      tell(reference, 'RegisteredNode', `Registered Node ${name} in Controller`);
    }
    for (const [name, reference] of this.known) {
      if (present.has(name)) continue;
      tell(reference, 'RemovingNode', `Removing Node ${name} from Controller`);
      this.known.delete(name);
      this.health.delete(name);
      this.zones.forget(name);
    }
  }

  /** Judges one node and writes what follows from it. Returns whether it is ready. */
  private async lookAt(cached: Node, signal: AbortSignal): Promise<boolean> {
    const name = keyOf(cached);
    const { verdict, node } = await this.judge(cached, signal);
    const { ready } = verdict.health;
    if (ready !== undefined) {
      await this.wantTaint(node, ready.status, signal);
      const fell = verdict.observed === 'True' && ready.status !== 'True';
      if (fell) {
        const text = `Node ${name} status is now: NodeNotReady`;
        this.recorder.event(referenceTo(node), 'Normal', 'NodeNotReady', text);
      }
      if (fell || (this.unmarked.has(name) && verdict.observed !== 'True')) {
        this.unmarked.add(name);
        await this.marks.mark(podsOnNode(this.pods, name), signal);
      }
    }
    this.unmarked.delete(name);
    return ready?.status === 'True';
  }

  private async judge(
    cached: Node,
    signal: AbortSignal,
  ): Promise<{ verdict: HealthVerdict; node: Node }> {
    const { client, clock, options } = this.context;
    const name = keyOf(cached);
    const grace = {
      monitorMs: options.nodeMonitorGracePeriodMs,
      startupMs: options.nodeStartupGracePeriodMs,
    };
    let node = cached;
    for (let attempt = 1; ; attempt++) {
      const lease = this.leases.store.get(leaseNamespace, name);
      const verdict = judgeHealth(this.health.get(name), node, lease, grace, clock.now());
      this.health.set(name, verdict.health);
      const { conditions } = verdict;
      if (conditions === undefined) return { verdict, node };
      try {
        const silent = { ...node, status: { ...node.status, conditions } };
        node = await client.update(nodeResource, silent, { subresource: 'status', signal });
        const ready = findCondition(conditions, 'Ready');
        const health = { ...verdict.health, ready };
        this.health.set(name, health);
        return { verdict: { ...verdict, health }, node };
      } catch (e) {
        if (!hasReason(e, 'Conflict') || attempt === statusAttempts) throw e;
        node = await client.get(nodeResource, { name }, { signal });
      }
    }
  }

  /** Not ready and unreachable exclude each other; a change between them is no new eviction. */
  private async wantTaint(node: Node, ready: string, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.context;
    const wanted = ready === 'False' ? notReady : ready === 'Unknown' ? unreachable : undefined;
    const other = wanted === notReady ? unreachable : notReady;
    const has = wanted !== undefined && hasNoExecute(node, wanted);
    const swap = wanted === undefined || hasNoExecute(node, other);
    this.zones.want(zoneOf(node), keyOf(node), has || swap ? undefined : wanted);
    if (swap) await changeTaints(client, node, noExecuteChange(wanted), clock.now(), signal);
  }

  /** Taints the nodes whose turn it is. */
  private async taintNext(signal: AbortSignal): Promise<void> {
    const { client, clock, log } = this.context;
    for (;;) {
      const next = this.zones.take(clock.now());
      if (next === undefined) return;
      const node = this.nodes.store.byKey(next[0]);
      if (node === undefined) continue;
      try {
        await changeTaints(client, node, noExecuteChange(next[1]), clock.now(), signal);
      } catch (e) {
        // The next look puts it in line again.
        if (!signal.aborted) log.warn({ node: next[0], ...errorFields(e) }, 'taint failed');
      }
    }
  }
}

function statuses(node: Node): (readonly [string, string])[] {
  return (node.status?.conditions ?? []).map((c) => [c.type, c.status] as const);
}

/** As events about nodes name them: without a version, so that they fold into one. */
function referenceTo(node: Node): ObjectReference {
  const { name = '', uid } = node.metadata ?? {};
  return { apiVersion: 'v1', kind: 'Node', name, ...(uid === undefined ? {} : { uid }) };
}
