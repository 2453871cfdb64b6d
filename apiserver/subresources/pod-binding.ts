/** `pods/binding`: puts a pod on a node, once. */
import * as fe from '../../machinery/meta/field-error.ts';
import { badRequest, conflict, StatusError } from '../../machinery/meta/status-error.ts';
import type { Binding, KubeObject, Pod } from '../../machinery/schema/wire.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { WriteContext } from '../registry/resource.ts';
import type { Subresource } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { setPodCondition } from './pod-condition.ts';

const bindingResource = { group: '', resource: 'pods/binding' };

/** The answer to what was done and has nothing to show. */
export const created: KubeObject = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
} as KubeObject;

export function podBinding(env: SubresourceEnvironment): Subresource {
  return {
    resource: 'pods',
    name: 'binding',
    verbs: ['create'],
    kind: 'Binding',
    async handle({ name, body, context, validate }) {
      const binding = body as Binding;
      if ((binding.metadata?.name ?? '') !== name) {
        throw badRequest('name in URL does not match name in Binding object');
      }
      checkBinding(binding);
      await validate();
      await bind(env.catalog(), binding, context);
      return { code: 201, object: created };
    },
  };
}

/** Assigns the node that a Binding names. Throws 500 for what it cannot be, 409 when assigned. */
export async function bind(
  catalog: Catalog,
  binding: Binding,
  context: WriteContext,
): Promise<void> {
  checkBinding(binding);
  const { name = '', uid } = binding.metadata ?? {};
  const { store } = catalog.stored('pods')!;
  if (name === '') throw badRequest('Name parameter required.');
  // That there is no such pod comes before what is asked of it.
  await store.get(context.namespace, name);
  await store.update(
    {
      namespace: context.namespace,
      name,
      strategy: {},
      uid,
      transform: (current) => Promise.resolve(assign(current as Pod, binding, context.now)),
    },
    context,
  );
}

/** The real server answers these with a 500 whose message is the list. */
function checkBinding(binding: Binding): void {
  const errors = problemsOf(binding);
  if (errors.length > 0) throw new StatusError('', fe.summarize(errors));
}

function problemsOf({ target }: Binding): fe.FieldError[] {
  const errors: fe.FieldError[] = [];
  const at = fe.FieldPath.of('target');
  const kind = target.kind ?? '';
  if (kind !== '' && kind !== 'Node') {
    errors.push(fe.notSupported(at.child('kind'), kind, ['Node', '<empty>']));
  }
  if (!target.name) errors.push(fe.required(at.child('name')));
  return errors;
}

function assign(pod: Pod, binding: Binding, now: string): Pod {
  const { metadata, spec } = pod;
  const name = metadata!.name!;
  const { annotations, labels, resourceVersion } = binding.metadata ?? {};
  if (resourceVersion && resourceVersion !== metadata!.resourceVersion) {
    throw conflict(
      { group: '', resource: 'pods' },
      name,
      `StorageError: invalid object, Code: 4, Key: /registry/pods/${metadata!.namespace}/${name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata!.resourceVersion}`,
    );
  }
  const refuse = (why: string) => conflict(bindingResource, name, `pod ${name} ${why}`);
  if (metadata!.deletionTimestamp !== undefined) {
    throw refuse('is being deleted, cannot be assigned to a host');
  }
  if (spec!.nodeName) {
    throw refuse(`is already assigned to node ${JSON.stringify(spec!.nodeName)}`);
  }
  if ((spec!.schedulingGates?.length ?? 0) > 0) throw refuse('has non-empty .spec.schedulingGates');
  spec!.nodeName = binding.target.name!;
  if (annotations !== undefined) {
    metadata!.annotations = { ...metadata!.annotations, ...annotations };
  }
  if (labels !== undefined) metadata!.labels = { ...metadata!.labels, ...labels };
  pod.status ??= {};
  // The hint has served its purpose.
  delete pod.status.nominatedNodeName;
  setPodCondition(pod.status, { type: 'PodScheduled', status: 'True' }, now);
  return pod;
}
