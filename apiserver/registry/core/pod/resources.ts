/** Resource requirements of containers and pods. */

import { wasSent } from '../../../../machinery/meta/emptied.ts';
import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notFoundField,
  notSupported,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { member } from '../../../../machinery/meta/member.ts';
import { parseQuantity } from '../../../../machinery/meta/quantity.ts';
import type { PodSpec, ResourceRequirements } from '../../../../machinery/schema/wire.ts';
import { validateDnsLabel } from '../field-checks.ts';
import {
  isHugePagesName,
  isOvercommitAllowed,
  isWholePages,
  type ResourceNameCheck,
  resourceEntries,
  validateContainerResourceName,
  validateResourceName,
  validateResourceQuantity,
} from '../resource-names.ts';
import { aggregateContainers } from './aggregate-resources.ts';
import type { PodValidationOptions } from './pod-options.ts';

/** A container's requests, limits and claims. `claims`: names in the pod's resourceClaims. */
export function validateContainerResources(
  resources: ResourceRequirements | undefined,
  claims: ReadonlySet<string>,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  return validateRequirements(resources, validateContainerResourceName, claims, at, options);
}

function validateRequirements(
  resources: ResourceRequirements | undefined,
  checkName: ResourceNameCheck,
  claims: ReadonlySet<string>,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  if (resources === undefined) return [];
  const errors: FieldError[] = [];
  const limits = resources.limits ?? {};
  const each = (name: string, quantity: string, here: FieldPath): void => {
    errors.push(...checkName(name, here), ...validateResourceQuantity(name, quantity, here));
  };
  const pages = (name: string, quantity: string, here: FieldPath): void => {
    if (!isHugePagesName(name) || options.allowIndivisibleHugePages) return;
    if (isWholePages(name, quantity)) return;
    const text = `${quantity} is not positive integer multiple of ${name}`;
    errors.push(invalidValue(here, quantity, text));
  };
  for (const [name, quantity] of resourceEntries(limits)) {
    const here = at.child('limits').key(name);
    each(name, quantity, here);
    pages(name, quantity, here);
  }
  for (const [name, quantity] of resourceEntries(resources.requests)) {
    const here = at.child('requests').key(name);
    each(name, quantity, here);
    errors.push(...validateAgainstLimit(name, quantity, member(limits, name), at));
    pages(name, quantity, here);
  }
  const names = [...Object.keys(limits), ...Object.keys(resources.requests ?? {})];
  if (names.some(isHugePagesName) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbiddenField(at, 'HugePages require cpu or memory'));
  }
  errors.push(...validateClaims(resources.claims ?? [], claims, at.child('claims')));
  return errors;
}

function validateAgainstLimit(
  name: string,
  request: string,
  limit: string | undefined,
  at: FieldPath,
): FieldError[] {
  if (limit === undefined) {
    if (isOvercommitAllowed(name)) return [];
    const text = 'Limit must be set for non overcommitable resources';
    return [required(at.child('limits'), text)];
  }
  const order = parseQuantity(request).cmp(parseQuantity(limit));
  if (order !== 0 && !isOvercommitAllowed(name)) {
    const text = `must be equal to ${name} limit of ${limit}`;
    return [invalidValue(at.child('requests'), request, text)];
  }
  if (order <= 0) return [];
  const text = `must be less than or equal to ${name} limit of ${limit}`;
  return [invalidValue(at.child('requests'), request, text)];
}

type Claims = NonNullable<ResourceRequirements['claims']>;

function validateClaims(
  claims: Claims,
  podClaims: ReadonlySet<string>,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, claim] of claims.entries()) {
    const here = at.index(i);
    const name = claim.name ?? '';
    if (name === '') {
      errors.push(required(here));
      continue;
    }
    if (seen.has(name)) errors.push(duplicate(here, name));
    else {
      const request = claim.request ?? '';
      if (request !== '') errors.push(...validateDnsLabel(request, here.child('request')));
      const key = request === '' ? name : `${name}/${request}`;
      if (seen.has(key)) errors.push(duplicate(here, key));
      else if (request === '') {
        const parts = [...seen].filter((k) => k.includes('/') && k.split('/')[0] === name);
        errors.push(...parts.map(() => duplicate(here, name)));
      }
      seen.add(key);
    }
    if (!podClaims.has(name)) {
      const which =
        podClaims.size === 0 ? ' which is empty' : `: ${[...podClaims].sort().join(', ')}`;
      const detail = `must be one of the names in pod.spec.resourceClaims${which}`;
      errors.push({ ...notFoundField(here, name), detail });
    }
  }
  return errors;
}

const podResources = ['cpu', 'hugepages-', 'memory'];

const validatePodResourceName: ResourceNameCheck = (name, at) => {
  const errors = validateResourceName(name, at);
  if (errors.length > 0 || name === 'cpu' || name === 'memory' || isHugePagesName(name)) {
    return errors;
  }
  return [notSupported(at, name, podResources)];
};

/** `spec.resources`, the pod's own requirements; `at` is the spec. */
export function validatePodResources(
  spec: PodSpec,
  claims: ReadonlySet<string>,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const resources = spec.resources;
  if (resources === undefined) return [];
  const here = at.child('resources');
  if (spec.os?.name === 'windows') {
    return [forbiddenField(here, 'may not be set for a windows pod')];
  }
  const errors: FieldError[] = [];
  if (wasSent(resources, 'claims')) {
    const text = 'claims may not be set for Resources at pod-level';
    errors.push(forbiddenField(here.child('claims'), text));
  }
  errors.push(
    ...validateRequirements(resources, validatePodResourceName, claims, here, options),
    ...validateConsistency(spec, resources, here),
  );
  return errors;
}

/** The containers together must fit into what the pod has. */
function validateConsistency(
  spec: PodSpec,
  resources: ResourceRequirements,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, sum] of aggregateContainers(spec, 'requests')) {
    const own = member(resources.requests, name);
    if (own === undefined || sum.cmp(parseQuantity(own)) <= 0) continue;
    const text = `must be greater than or equal to aggregate container requests of ${sum}`;
    errors.push(invalidValue(at.child('requests').key(name), own, text));
  }
  for (const [name, sum] of aggregateContainers(spec, 'limits')) {
    const own = member(resources.limits, name);
    if (!isHugePagesName(name) || own === undefined || sum.cmp(parseQuantity(own)) <= 0) continue;
    const text = `must be greater than or equal to aggregate container limits of ${sum}`;
    errors.push(invalidValue(at.child('limits').key(name), own, text));
  }
  for (const [i, container] of (spec.containers ?? []).entries()) {
    for (const [name, limit] of resourceEntries(container.resources?.limits)) {
      const own = member(resources.limits, name);
      if (own === undefined || parseQuantity(limit).cmp(parseQuantity(own)) <= 0) continue;
      const path = at.child('containers').index(i).key(name).child('limits');
      const text = `must be less than or equal to pod limits of ${own}`;
      errors.push(invalidValue(path, limit, text));
    }
  }
  return errors;
}
