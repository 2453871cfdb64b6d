/** How admission refuses: 403 with the name that the request has so far. */
import { forbidden, type StatusError } from '../../machinery/meta/status-error.ts';
import type { AdmissionAttributes } from './admission.ts';

/** `pods "x" is forbidden: <why>`; before a name is generated its generateName stands there. */
export function refused(a: AdmissionAttributes, why: string): StatusError {
  const meta = a.object?.metadata;
  const name = a.name || meta?.name || meta?.generateName || 'Unknown';
  return forbidden({ group: a.group, resource: a.resource }, name, why);
}

/** True for the object itself of a resource of the core group. */
export function isCore(a: AdmissionAttributes, resource: string, subresource = ''): boolean {
  return a.group === '' && a.resource === resource && a.subresource === subresource;
}
