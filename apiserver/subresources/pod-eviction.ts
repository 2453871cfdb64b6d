/** `pods/eviction`: a delete that asks the disruption budgets first (policy/v1 Eviction). */
import { deepCopy } from '../../machinery/meta/copy.ts';
import * as fe from '../../machinery/meta/field-error.ts';
import {
  badRequest,
  conflict,
  hasReason,
  invalid,
  StatusError,
} from '../../machinery/meta/status-error.ts';
import type { Eviction, Pod, PodDisruptionBudget } from '../../machinery/schema/wire.ts';
import { checkDeleteOptions } from '../handlers/delete-options.ts';
import { manageFields } from '../handlers/field-manager.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { ObjectStore } from '../registry/object-store/object-store.ts';
import type { WriteContext } from '../registry/resource.ts';
import type { Subresource } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { budgetsOf, stillProcessing, takeDisruption } from './disruption-budget.ts';
import { created } from './pod-binding.ts';
import { setPodCondition } from './pod-condition.ts';

const budgets = 'poddisruptionbudgets.policy';
/** How often a delete is tried again when the pod changes under it. */
const attempts = 20;

interface Plan {
  readonly name: string;
  /** As they were sent: the delete checks them, when the pod is marked already. */
  readonly options: Parameters<typeof checkDeleteOptions>[0];
  readonly context: WriteContext;
}

export function podEviction(env: SubresourceEnvironment): Subresource {
  return {
    resource: 'pods',
    name: 'eviction',
    verbs: ['create'],
    kind: 'Eviction',
    apiVersion: 'policy/v1',
    aliases: ['policy/v1beta1'],
    async handle({ name, body, context, validate }) {
      const eviction = body as Eviction;
      checkEviction(eviction, name);
      await validate();
      // That there is no such pod comes before what is wrong with the options of its deletion.
      await env.catalog().stored('pods')!.store.get(context.namespace, name);
      await evict(env.catalog(), planOf(eviction, name, context));
      return { code: 201, object: created };
    },
  };
}

function checkEviction(eviction: Eviction, name: string): void {
  if ((eviction.metadata?.name ?? '') !== name) {
    throw badRequest('name in URL does not match name in Eviction object');
  }
  const sent = eviction.deleteOptions ?? {};
  if (sent.ignoreStoreReadErrorWithClusterBreakingPotential === true) {
    throw invalid({ group: 'policy', resource: 'Eviction' }, name, [
      fe.invalidValue(
        fe.FieldPath.of('deleteOptions', 'ignoreStoreReadErrorWithClusterBreakingPotential'),
        true,
        'can not be set for pod eviction, try after removing the option',
      ),
    ]);
  }
}

function planOf(eviction: Eviction, name: string, context: WriteContext): Plan {
  const options = eviction.deleteOptions ?? {};
  const dryRun = context.dryRun || (options.dryRun?.length ?? 0) > 0;
  return { name, options, context: { ...context, dryRun } };
}

async function evict(catalog: Catalog, plan: Plan): Promise<void> {
  const pods = catalog.stored('pods')!.store;
  const { namespace } = plan.context;
  let pod = (await pods.get(namespace, plan.name)).object<Pod>();
  for (let attempt = 1; needsNoBudget(pod); attempt++) {
    try {
      // A pending pod may turn healthy meanwhile, and then count for a budget.
      const pinned =
        pod.status?.phase === 'Pending' && pod.metadata?.deletionTimestamp === undefined;
      await remove(pods, plan, pinned ? pod.metadata!.resourceVersion : undefined);
      return;
    } catch (e) {
      const retries = plan.options.preconditions?.resourceVersion === undefined;
      if (!hasReason(e, 'Conflict') || !retries || attempt === attempts) throw e;
    }
    pod = (await pods.get(namespace, plan.name)).object<Pod>();
  }
  const all = [...catalog.stored(budgets)!.store.cache.objects(namespace)];
  const mine = budgetsOf(
    pod,
    all.map((o) => o.object<PodDisruptionBudget>()),
  );
  if (mine.length > 1) {
    throw new StatusError(
      '',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const [budget] = mine;
  if (budget === undefined) return remove(pods, plan, undefined);
  if (!spares(budget, pod)) {
    await take(catalog, budget, plan);
    return remove(pods, plan, undefined);
  }
  try {
    await remove(pods, plan, pod.metadata!.resourceVersion);
  } catch (e) {
    const own = plan.options.preconditions?.resourceVersion === undefined;
    // The pod may have become healthy: the client is to ask again.
    if (hasReason(e, 'Conflict') && own) throw stillProcessing(budget.metadata!.name!);
    throw e;
  }
}

/** It disrupts nobody to delete what has not started, has ended, or is already going. */
function needsNoBudget(pod: Pod): boolean {
  const phase = pod.status?.phase ?? '';
  return (
    ['Succeeded', 'Failed', 'Pending'].includes(phase) ||
    pod.metadata?.deletionTimestamp !== undefined
  );
}

/** An unhealthy pod goes without being counted when its budget allows that. */
function spares(budget: PodDisruptionBudget, pod: Pod): boolean {
  const ready = pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
  if (ready === true) return false;
  if (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

async function take(catalog: Catalog, budget: PodDisruptionBudget, plan: Plan): Promise<void> {
  const resource = catalog.find('policy', 'v1', 'poddisruptionbudgets')!;
  await catalog.stored(budgets)!.store.update(
    {
      namespace: plan.context.namespace,
      name: budget.metadata!.name!,
      strategy: {},
      transform: async (current) => {
        const next = current as PodDisruptionBudget;
        const before = deepCopy(next);
        takeDisruption(next, plan.name, plan.context.now);
        manageFields(resource, before, next, 'kube-apiserver', 'status');
        return next;
      },
    },
    plan.context,
  );
}

/** Marks the pod as evicted, then deletes it; `pinned`: only in this revision. */
async function remove(pods: ObjectStore, plan: Plan, pinned: string | undefined): Promise<void> {
  const { name, context } = plan;
  const asked = plan.options.preconditions ?? {};
  let revision = asked.resourceVersion ?? pinned;
  if (!context.dryRun) {
    const { object } = await pods.update(
      {
        namespace: context.namespace,
        name,
        strategy: {},
        transform: async (current) => {
          const pod = current as Pod;
          checkPreconditions(pod, asked.uid, revision);
          pod.status ??= {};
          const condition = {
            type: 'DisruptionTarget',
            status: 'True',
            reason: 'EvictionByEvictionAPI',
            message: 'Eviction API: evicting',
          };
          setPodCondition(pod.status, condition, context.now);
          return pod;
        },
      },
      context,
    );
    if (revision !== undefined) revision = String(object.revision);
  }
  const preconditions = {
    ...(asked.uid === undefined ? {} : { uid: asked.uid }),
    ...(revision === undefined ? {} : { resourceVersion: revision }),
  };
  const options = { ...checkDeleteOptions(plan.options), preconditions };
  await pods.delete(context.namespace, name, options, context);
}

function checkPreconditions(pod: Pod, uid: string | undefined, revision: string | undefined): void {
  const { name = '', uid: own, resourceVersion } = pod.metadata!;
  const refuse = (why: string) => conflict({ group: '', resource: 'Pod' }, name, why);
  if (uid && uid !== own) {
    throw refuse(
      `the UID in the precondition (${uid}) does not match the UID in record (${own}). The object might have been deleted and then recreated`,
    );
  }
  if (revision && revision !== resourceVersion) {
    throw refuse(
      `the ResourceVersion in the precondition (${revision}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}
