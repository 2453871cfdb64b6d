/** The Deployment controller: reads caches, plans one step, writes it, waits for the next event. */
import {
  deployments as deploymentResource,
  pods as podResource,
  replicaSets,
} from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { selectorOf } from '../../machinery/meta/labels.ts';
import { controllerOf, isControlledBy } from '../../machinery/meta/owner.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type {
  Deployment,
  DeploymentStatus,
  OwnerReference,
  ReplicaSet,
} from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';
import { claim } from '../pods/claim.ts';
import { indexByController, ownedBy, ownedOrOrphaned } from '../pods/owner-index.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';
import { progressDeadline } from './limits.ts';
import {
  type DeploymentPlan,
  isStatusCurrent,
  planDeployment,
  scalingText,
  selectsAll,
} from './plan.ts';
import { revisionAnnotation, sameTemplate } from './replica-sets.ts';
import { condition, setCondition } from './status.ts';

export const deploymentController = defineController({
  name: 'deployment-controller',
  aliases: ['deployment'],
  serviceAccount: 'deployment-controller',
  setup,
});

function setup(context: ControllerContext): void {
  const { client, clock } = context;
  const recorder = context.recorder('deployment-controller');
  const deployments = context.informer(deploymentResource);
  const sets = context.informer(replicaSets);
  const pods = context.informer(podResource);
  indexByController(sets);
  indexByController(pods);
  const queue = context.queue({ workers: context.options.concurrentDeploymentSyncs, reconcile });

  const wake = (deployment: Deployment): void => queue.add(keyOf(deployment));
  deployments.addHandler({ added: wake, updated: (_, d) => wake(d), deleted: wake });
  sets.addHandler({
    added: wakeOwner,
    updated(old, set) {
      const [before, now] = [controllerOf(old), controllerOf(set)];
      const previous = before === undefined ? undefined : resolve(old, before);
      if (before?.uid !== now?.uid && previous !== undefined) wake(previous);
      const orphanChanged =
        before?.uid !== now?.uid ||
        JSON.stringify(old.metadata?.labels) !== JSON.stringify(set.metadata?.labels);
      if (now !== undefined || orphanChanged) wakeOwner(set);
    },
    deleted: wakeOwner,
  });
  pods.addHandler({
    deleted(pod) {
      // A recreating deployment waits for its last old pod to go.
      const owner = controllerOf(pod);
      if (owner?.kind !== 'ReplicaSet') return;
      const set = sets.store.get(pod.metadata?.namespace, owner.name);
      const controller = set === undefined ? undefined : controllerOf(set);
      const deployment =
        set === undefined || controller === undefined ? undefined : resolve(set, controller);
      if (deployment?.spec?.strategy?.type === 'Recreate') wake(deployment);
    },
  });

  function wakeOwner(set: ReplicaSet): void {
    const controller = controllerOf(set);
    if (controller !== undefined) {
      const deployment = resolve(set, controller);
      if (deployment !== undefined) wake(deployment);
      return;
    }
    const labels = set.metadata?.labels ?? {};
    for (const deployment of deployments.store.list(set.metadata?.namespace ?? '')) {
      const selector = selectorOf(deployment.spec?.selector);
      if (!selector.empty && selector.matches(labels)) wake(deployment);
    }
  }

  function resolve(set: ReplicaSet, reference: OwnerReference): Deployment | undefined {
    if (reference.kind !== 'Deployment') return undefined;
    const deployment = deployments.store.get(set.metadata?.namespace, reference.name);
    return deployment?.metadata?.uid === reference.uid ? deployment : undefined;
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const deployment = deployments.store.byKey(key);
    if (deployment === undefined) return undefined;
    if (selectsAll(deployment)) {
      const text = 'This deployment is selecting all pods. A non-empty selector is required.';
      recorder.event(deployment, 'Warning', 'SelectingAll', text);
      const observedGeneration = deployment.metadata?.generation ?? 0;
      if ((deployment.status?.observedGeneration ?? 0) < observedGeneration) {
        await writeStatus(deployment, { ...deployment.status, observedGeneration }, signal);
      }
      return undefined;
    }
    const own = await claim({
      client,
      owner: deployment,
      ownerResource: deploymentResource,
      resource: replicaSets,
      selector: selectorOf(deployment.spec?.selector),
      candidates: ownedOrOrphaned(sets, deployment),
      signal,
    });
    const plan = planDeployment(deployment, own, (set) => ownedBy(pods, set), clock.now());
    await carryOut(deployment, own, plan, signal);
    return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
  }

  async function carryOut(
    deployment: Deployment,
    own: readonly ReplicaSet[],
    plan: DeploymentPlan,
    signal: AbortSignal,
  ): Promise<void> {
    if (plan.create !== undefined) await create(deployment, plan.create, signal);
    for (const set of plan.update) {
      const before = own.find((s) => s.metadata?.uid === set.metadata?.uid);
      await client.update(replicaSets, set, { signal });
      const text = before === undefined ? undefined : scalingText(before, set);
      if (text !== undefined) recorder.event(deployment, 'Normal', 'ScalingReplicaSet', text);
    }
    for (const set of plan.remove) {
      const { namespace, name = '' } = set.metadata ?? {};
      try {
        await client.delete(replicaSets, { namespace, name }, { signal });
      } catch (e) {
        if (!hasReason(e, 'NotFound')) throw e;
      }
    }
    if (isStatusCurrent(deployment, plan)) return;
    const { revision } = plan;
    const metadata = { ...deployment.metadata };
    if (revision !== undefined) {
      metadata.annotations = { ...metadata.annotations, [revisionAnnotation]: revision };
    }
    await writeStatus({ ...deployment, metadata }, plan.status, signal);
  }

  async function create(
    deployment: Deployment,
    set: ReplicaSet,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, name = '' } = set.metadata ?? {};
    try {
      const made = await client.create(replicaSets, set, { signal });
      const text = scalingText(undefined, made);
      if (text !== undefined) recorder.event(deployment, 'Normal', 'ScalingReplicaSet', text);
    } catch (e) {
      if (hasReason(e, 'AlreadyExists')) {
        const there = await client.get(replicaSets, { namespace, name }, { signal });
        const ours =
          isControlledBy(there, deployment) &&
          sameTemplate(there.spec?.template, deployment.spec?.template);
        // Ours: only the cache is behind.
        if (ours) return;
        // Another template with the same hash: count the collision and hash again.
        const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
        await writeStatus(deployment, { ...deployment.status, collisionCount }, signal);
        throw e;
      }
      if (!isNamespaceTerminating(e) && !signal.aborted) {
        await reportFailure(deployment, name, e, signal);
      }
      throw e;
    }
  }

  async function reportFailure(
    deployment: Deployment,
    name: string,
    e: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const why = e instanceof Error ? e.message : String(e);
    const text = `Failed to create new replica set "${name}": ${why}`;
    const reason = 'ReplicaSetCreateError';
    recorder.event(deployment, 'Warning', reason, text);
    if (progressDeadline(deployment) === undefined) return;
    const failed = condition('Progressing', 'False', reason, text, clock.now());
    const conditions = setCondition(deployment.status?.conditions ?? [], failed);
    await writeStatus(deployment, { ...deployment.status, conditions }, signal);
  }

  async function writeStatus(
    deployment: Deployment,
    status: DeploymentStatus,
    signal: AbortSignal,
  ): Promise<void> {
    const next = { ...deployment, status };
    await client.update(deploymentResource, next, { subresource: 'status', signal });
  }
}
