/** The namespace that expressions know as `namespaceObject`. */
import { notFound } from '../../../machinery/meta/status-error.ts';
import type { Namespace } from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment } from '../admission.ts';
import { requestKind } from '../request-kind.ts';
import { namespaceOf } from '../webhook/selectors.ts';

/** Undefined for namespaces themselves and what is in none. Throws StatusError when it is gone. */
export async function requestNamespace(
  a: AdmissionAttributes,
  env: Pick<AdmissionEnvironment, 'access' | 'fresh'>,
): Promise<Namespace | undefined> {
  const { group, version, kind } = requestKind(a);
  if (a.namespace === '' || (group === '' && version === 'v1' && kind === 'Namespace')) {
    return undefined;
  }
  const found = await namespaceOf(a.namespace, env);
  if (found === undefined) throw notFound({ group: '', resource: 'namespaces' }, a.namespace);
  return found;
}
