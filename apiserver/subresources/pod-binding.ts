/** `pods/binding`: puts a pod on a node, once. */
import { conflict, StatusError } from '../../machinery/meta/status-error.ts';
import type { Binding, Pod } from '../../machinery/schema/wire.ts';
import type { Subresource } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';

const pods = { group: '', resource: 'pods' };
const bindingResource = { group: '', resource: 'pods/binding' };

export function podBinding(env: SubresourceEnvironment): Subresource {
  return {
    resource: 'pods',
    name: 'binding',
    verbs: ['create'],
    kind: 'Binding',
    async handle({ namespace, name, body, context }) {
      await bind(env, namespace, name, body as Binding, context.now, context.dryRun);
      return {
        code: 201,
        object: {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Success',
          code: 201,
        } as never,
      };
    },
  };
}

/** Assigns the node that a Binding names. Throws 500 for what it cannot be, 409 when assigned. */
export async function bind(
  env: SubresourceEnvironment,
  namespace: string,
  name: string,
  binding: Binding,
  now: string,
  dryRun: boolean,
): Promise<void> {
  const { target, metadata } = binding;
  const kind = target.kind ?? '';
  const problems: string[] = [];
  // The real server answers these with a 500 whose message is the list.
  if (kind !== '' && kind !== 'Node') {
    problems.push(
      `target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`,
    );
  }
  if (!target.name) problems.push('target.name: Required value');
  if (problems.length > 0) {
    throw new StatusError('', problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`);
  }
  if (dryRun) return;
  await env.access.update<Pod>('pods', namespace, name, (pod) => {
    if (metadata?.uid && metadata.uid !== pod.metadata?.uid) {
      throw conflict(
        pods,
        name,
        `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${pod.metadata?.uid}`,
      );
    }
    if (pod.metadata?.deletionTimestamp !== undefined) {
      throw conflict(
        bindingResource,
        name,
        `pod ${name} is being deleted, cannot be assigned to a host`,
      );
    }
    if (pod.spec?.nodeName) {
      throw conflict(
        bindingResource,
        name,
        `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`,
      );
    }
    if ((pod.spec?.schedulingGates?.length ?? 0) > 0) {
      throw conflict(bindingResource, name, `pod ${name} has non-empty .spec.schedulingGates`);
    }
    pod.spec!.nodeName = target.name!;
    const annotations = metadata?.annotations;
    if (annotations !== undefined) {
      pod.metadata!.annotations = { ...pod.metadata!.annotations, ...annotations };
    }
    pod.status ??= {};
    const { status } = pod;
    const conditions = (status.conditions ?? []).filter((c) => c.type !== 'PodScheduled');
    conditions.push({ type: 'PodScheduled', status: 'True', lastTransitionTime: now });
    status.conditions = conditions;
    return pod;
  });
}
