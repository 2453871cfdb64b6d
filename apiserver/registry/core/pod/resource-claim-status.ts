/** What a pod's status says of its resource claims. */

import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { member } from '../../../../machinery/meta/member.ts';
import { nameIsDnsSubdomain } from '../../../../machinery/meta/names.ts';
import { parseQuantity } from '../../../../machinery/meta/quantity.ts';
import type { PodSpec, PodStatus } from '../../../../machinery/schema/wire.ts';
import { invalidFor, validateDnsLabel } from '../field-checks.ts';
import { isNativeResource, resourceEntries } from '../resource-names.ts';

/** `at` is the pod's status. */
export function validateClaimStatuses(
  status: PodStatus,
  spec: PodSpec,
  at: FieldPath,
): FieldError[] {
  return [
    ...validateNamed(status, spec, at.child('resourceClaimStatuses')),
    ...validateExtended(status, spec, at.child('extendedResourceClaimStatus')),
    ...validateAllocatable(status, spec, at.child('nodeAllocatableResourceClaimStatuses')),
  ];
}

function validateNamed(status: PodStatus, spec: PodSpec, at: FieldPath): FieldError[] {
  const known = new Set((spec.resourceClaims ?? []).map((c) => c.name));
  const seen = new Set<string>();
  return (status.resourceClaimStatuses ?? []).flatMap((s, i) => {
    const errors: FieldError[] = [];
    const name = s.name ?? '';
    const path = at.index(i).child('name');
    if (!known.has(name)) {
      const text = 'must match the name of an entry in `spec.resourceClaims`';
      errors.push(invalidValue(path, name, text));
    }
    if (seen.has(name)) errors.push(duplicate(path, name));
    seen.add(name);
    const claim = s.resourceClaimName;
    if (claim === undefined) return errors;
    const problems = nameIsDnsSubdomain(claim, false);
    return [...errors, ...invalidFor(at.index(i).child('resourceClaimName'), claim, problems)];
  });
}

function validateExtended(status: PodStatus, spec: PodSpec, at: FieldPath): FieldError[] {
  const extended = status.extendedResourceClaimStatus;
  if (extended === undefined) return [];
  const containers = new Map(
    [...(spec.initContainers ?? []), ...(spec.containers ?? [])].map((c) => [c.name, c]),
  );
  const errors: FieldError[] = [];
  const mappings = extended.requestMappings ?? [];
  const mappingsAt = at.child('requestMappings');
  if (mappings.length === 0) {
    errors.push(required(mappingsAt, 'at least one request mapping is required'));
  }
  const seen = new Set<string>();
  for (const [i, m] of mappings.entries()) {
    const here = mappingsAt.index(i);
    const { containerName = '', resourceName = '', requestName = '' } = m;
    const container = containers.get(containerName);
    if (container === undefined) {
      const text =
        'must match the name of an entry in spec.initContainers.name or spec.containers.name';
      errors.push(invalidValue(here.child('containerName'), containerName, text));
    } else if (member(container.resources?.requests, resourceName) === undefined) {
      const text =
        'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests';
      errors.push(invalidValue(here.child('resourceName'), resourceName, text));
    }
    errors.push(...validateDnsLabel(requestName, at.child('requestName')));
    const key = [containerName, resourceName, requestName].join('\n');
    if (seen.has(key)) {
      errors.push(
        duplicate(here.child('containerName'), containerName),
        duplicate(here.child('resourceName'), resourceName),
        duplicate(here.child('requestName'), requestName),
      );
    }
    seen.add(key);
  }
  const claim = extended.resourceClaimName ?? '';
  const path = at.child('resourceClaimName');
  if (claim === '') errors.push(required(path));
  else errors.push(...invalidFor(path, claim, nameIsDnsSubdomain(claim, false)));
  return errors;
}

function validateAllocatable(status: PodStatus, spec: PodSpec, at: FieldPath): FieldError[] {
  const known = new Set(
    [...(spec.resourceClaims ?? []), ...(status.resourceClaimStatuses ?? [])].map(
      (c) => c.resourceClaimName,
    ),
  );
  return (status.nodeAllocatableResourceClaimStatuses ?? []).flatMap((s, i) => {
    const here = at.index(i);
    const claim = s.resourceClaimName ?? '';
    const errors: FieldError[] = [];
    if (claim === '') errors.push(required(here.child('resourceClaimName'), 'must not be empty'));
    if (!known.has(claim)) {
      const text = 'no mapping found in pod reference';
      errors.push(invalidValue(here.child('resourceClaimName'), claim, text));
    }
    if ((s.containers ?? []).length === 0) {
      errors.push(required(here.child('containers'), 'must not be empty'));
    }
    const entries = resourceEntries(s.resources);
    const resourcesAt = here.child('resources');
    if (entries.length === 0) errors.push(required(resourcesAt, 'must not be empty'));
    for (const [name, quantity] of entries) {
      if (!isNativeResource(name)) {
        const text = 'must be a node allocatable resource name';
        errors.push(invalidValue(resourcesAt.key(name), name, text));
      }
      if (parseQuantity(quantity).sign() < 0) {
        errors.push(invalidValue(resourcesAt.key(name), quantity, 'must be non-negative'));
      }
    }
    return errors;
  });
}
