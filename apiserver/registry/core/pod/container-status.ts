/** Checks of container statuses: users and the health of allocated resources. */

import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../../machinery/meta/field-error.ts';
import { member } from '../../../../machinery/meta/member.ts';
import { byteLength, isUnixId } from '../../../../machinery/meta/names.ts';
import type {
  Container,
  ContainerStatus,
  PodSpec,
  PodStatus,
} from '../../../../machinery/schema/wire.ts';
import { invalidFor } from '../field-checks.ts';

const lists = [
  ['containerStatuses', 'containers'],
  ['initContainerStatuses', 'initContainers'],
  ['ephemeralContainerStatuses', undefined],
] as const;

/** `at` is the pod's status. */
export function validateContainerStatuses(
  status: PodStatus,
  spec: PodSpec,
  at: FieldPath,
): FieldError[] {
  const users = lists.flatMap(([list]) =>
    (status[list] ?? []).flatMap((s, i) => {
      const path = at.child(list).index(i).child('user', 'linux');
      return validateUser(s, spec.os?.name ?? 'linux', path);
    }),
  );
  const resources = lists.flatMap(([list, containers]) =>
    (status[list] ?? []).flatMap((s, i) => {
      const path = at.child(list).index(i).child('allocatedResourcesStatus');
      if (containers !== undefined) return validateAllocated(s, spec[containers], path);
      if ((s.allocatedResourcesStatus ?? []).length === 0) return [];
      return [forbiddenField(path, 'must not be specified in container status')];
    }),
  );
  return [...users, ...resources];
}

function validateUser(status: ContainerStatus, os: string, at: FieldPath): FieldError[] {
  const user = status.user?.linux;
  if (user === undefined) return [];
  if (os === 'windows') return [forbiddenField(at, 'cannot be set for a windows pod')];
  if (os !== 'linux') return [];
  const id = (value: number | undefined, path: FieldPath): FieldError[] =>
    invalidFor(path, value ?? 0, isUnixId(value ?? 0));
  return [
    ...id(user.uid, at.child('uid')),
    ...id(user.gid, at.child('gid')),
    ...(user.supplementalGroups ?? []).flatMap((g, i) =>
      id(g, at.child('supplementalGroups').index(i)),
    ),
  ];
}

const healths = ['Healthy', 'Unhealthy', 'Unknown'];
const maxMessageLength = 1024;

function validateAllocated(
  status: ContainerStatus,
  containers: readonly Container[] | undefined,
  at: FieldPath,
): FieldError[] {
  const container = containers?.find((c) => c.name === status.name);
  return (status.allocatedResourcesStatus ?? []).flatMap((allocated, i) => {
    const here = at.index(i);
    const errors = container === undefined ? [] : validateOwner(allocated.name, container, here);
    const seen = new Set<string>();
    for (const [j, resource] of (allocated.resources ?? []).entries()) {
      const path = here.child('resources').index(j);
      const { health = '', message, resourceID = '' } = resource;
      if (!healths.includes(health)) {
        errors.push(notSupported(path.child('health'), health, healths));
      }
      if (message === '') {
        errors.push(required(path.child('message'), 'must be non-empty if specified'));
      } else if (message !== undefined && byteLength(message) > maxMessageLength) {
        errors.push(tooLong(path.child('message'), maxMessageLength));
      }
      if (seen.has(resourceID)) errors.push(duplicate(path.child('resourceID'), resourceID));
      seen.add(resourceID);
    }
    return errors;
  });
}

/** The resource is one that the container asks for, itself or through a claim. */
function validateOwner(name: string, container: Container, at: FieldPath): FieldError[] {
  const path = at.child('name');
  if (!name?.startsWith('claim:')) {
    if (member(container.resources?.requests, name) !== undefined) return [];
    return [invalidValue(path, name ?? '', "must match one of the container's resource requests")];
  }
  const claims = (container.resources?.claims ?? []).map(
    (c) => `claim:${c.name}${c.request ? `/${c.request}` : ''}`,
  );
  if (claims.includes(name)) return [];
  const text =
    "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
  return [invalidValue(path, name, text)];
}
