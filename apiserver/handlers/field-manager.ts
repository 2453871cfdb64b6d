/** managedFields of writes that are no apply (operation Update), for the object as it was sent. */
import { formatTime } from '../../machinery/meta/times.ts';
import { updateManagedFields } from '../../machinery/patch/managed-fields.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { ServedResource } from '../registry/served-resource.ts';

type Paths = readonly (readonly string[])[];

// The same arrays each time: filters made from them are kept by identity.
const none: Paths = [];
const statusOnly: Paths = [['status']];
const withoutStatus = new WeakMap<ServedResource, Paths>();

function allButStatus(resource: ServedResource): Paths {
  let paths = withoutStatus.get(resource);
  if (paths === undefined) {
    paths = resource.type.fields
      .filter((f) => f.name !== 'metadata' && f.name !== 'status')
      .map((f) => [f.name]);
    withoutStatus.set(resource, paths);
  }
  return paths;
}

/** Paths that a write through this face of the resource can never own. */
export function resetFieldsOf(resource: ServedResource, subresource: string): Paths {
  const { definition } = resource;
  if (subresource === 'status' && definition.status !== false) {
    if (definition.status.resetFields !== undefined) return definition.status.resetFields;
    return allButStatus(resource);
  }
  if (subresource !== '') return definition.faces[subresource]?.resetFields ?? none;
  return definition.resetFields ?? (definition.status === false ? none : statusOnly);
}

/** Sets `next.metadata.managedFields`, in place. `live` undefined: a create. */
export function manageFields(
  resource: ServedResource,
  live: KubeObject | undefined,
  next: KubeObject,
  manager: string,
  subresource: string,
): void {
  updateManagedFields({
    live,
    next,
    type: resource.type,
    manager,
    apiVersion: resource.apiVersion,
    subresource,
    now: formatTime(Date.now()),
    resetFields: resetFieldsOf(resource, subresource),
  });
}
