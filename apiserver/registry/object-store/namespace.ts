/** The namespace of an object and that of the request it came with. */
import { badRequest } from '../../../machinery/meta/status-error.ts';
import type { ObjectMeta } from '../../../machinery/schema/wire.ts';

/** Sets the namespace, or refuses one that is not the request's. */
export function ensureNamespace(requestNamespace: string, meta: ObjectMeta): void {
  const own = meta.namespace ?? '';
  if (own === requestNamespace) {
    if (own === '') delete meta.namespace;
  } else if (own === '') meta.namespace = requestNamespace;
  else if (requestNamespace === '') delete meta.namespace;
  else {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
}
