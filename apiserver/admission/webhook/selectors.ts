/** Whether a webhook's selectors choose a request, by its namespace and by its objects. */
import type { Selector } from '../../../machinery/meta/labels.ts';
import { notFound, StatusError } from '../../../machinery/meta/status-error.ts';
import type { KubeObject, Namespace } from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment } from '../admission.ts';

type Namespaces = Pick<AdmissionEnvironment, 'access' | 'fresh'>;

/** True, false, or why it cannot be told. */
export type Chosen = boolean | StatusError;

/** Requests about what is in no namespace are always chosen. */
export async function namespaceChosen(
  selector: Selector | StatusError,
  a: AdmissionAttributes,
  env: Namespaces,
): Promise<Chosen> {
  if (a.namespace === '' && a.resource !== 'namespaces') return true;
  if (selector instanceof StatusError) return selector;
  if (selector.empty) return true;
  // What a request makes of a namespace is what counts.
  const itself = a.resource === 'namespaces' && a.subresource === '';
  if (itself && (a.operation === 'CREATE' || a.operation === 'UPDATE')) {
    return selector.matches(a.object?.metadata?.labels);
  }
  const found = await namespaceOf(a.namespace, env);
  if (found === undefined) return notFound({ group: '', resource: 'namespaces' }, a.namespace);
  return selector.matches(found.metadata?.labels);
}

/** The namespace of a request: one that the cache does not show may be new. */
export async function namespaceOf(
  name: string,
  { access, fresh }: Namespaces,
): Promise<Namespace | undefined> {
  const found = await access.get<Namespace>('namespaces', '', name);
  if (found !== undefined || name === '') return found;
  await fresh();
  return access.get<Namespace>('namespaces', '', name);
}

/** The object or the one before it must have the labels. */
export function objectChosen(
  selector: Selector | StatusError,
  object: KubeObject | undefined,
  oldObject: KubeObject | undefined,
): Chosen {
  if (selector instanceof StatusError) return selector;
  if (selector.empty) return true;
  return carries(object, selector) || carries(oldObject, selector);
}

/** Objects without metadata (PodExecOptions) carry nothing. */
function carries(object: KubeObject | undefined, selector: Selector): boolean {
  return object?.metadata !== undefined && selector.matches(object.metadata.labels);
}
