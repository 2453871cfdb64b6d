/**
 * Names of resources (`cpu`, `hugepages-2Mi`, `example.com/gpu`) and the quantities that may stand
 * beside them, in containers, quotas, limit ranges and nodes.
 */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
} from '../../../machinery/meta/field-error.ts';
import { isQualifiedName } from '../../../machinery/meta/names.ts';
import { parseQuantity, type Quantity, QuantityError } from '../../../machinery/meta/quantity.ts';
import { invalidFor, validateNonnegativeQuantity } from './field-checks.ts';

/** Resource names with their quantities as text. */
export type ResourceList = Readonly<Record<string, string>>;

const hugePagesPrefix = 'hugepages-';
const requestsPrefix = 'requests.';
const nativeDomain = 'kubernetes.io/';

const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** What can only be counted in whole objects. */
const objectCounts = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
] as const;

const integerResources = new Set<string>(objectCounts);

const quotaResources = new Set<string>([
  ...containerResources,
  ...[...containerResources].flatMap((r) => [`requests.${r}`, `limits.${r}`]),
  'requests.storage',
  ...objectCounts,
]);

const standardResources = new Set([...quotaResources, 'storage']);

export function isHugePagesName(name: string): boolean {
  return name.startsWith(hugePagesPrefix);
}

function isQuotaHugePagesName(name: string): boolean {
  return isHugePagesName(name) || name.startsWith(requestsPrefix + hugePagesPrefix);
}

/** Kubernetes' own: without a domain, or in kubernetes.io. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes(nativeDomain);
}

/** With a foreign domain, such as `example.com/gpu`. */
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith(requestsPrefix)) return false;
  return isQualifiedName(requestsPrefix + name).length === 0;
}

/** Requests may stay below limits. */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePagesName(name);
}

/** Resources that a quota can hold. */
export function isQuotaResource(name: string): boolean {
  return quotaResources.has(name) || isQuotaHugePagesName(name);
}

/** Huge pages come in whole pages. False when the name holds no page size. */
export function isWholePages(name: string, quantity: string): boolean {
  let pageSize: Quantity;
  try {
    pageSize = parseQuantity(name.slice(hugePagesPrefix.length));
  } catch (e) {
    if (e instanceof QuantityError) return false;
    throw e;
  }
  if (pageSize.sign() <= 0 || !pageSize.isWhole()) return false;
  return parseQuantity(quantity).value() % pageSize.value() === 0n;
}

/** A check of a resource's name. */
export type ResourceNameCheck = (name: string, at: FieldPath) => FieldError[];

/** Any resource's name. */
export const validateResourceName: ResourceNameCheck = (name, at) => {
  const errors = invalidFor(at, name, isQualifiedName(name));
  if (errors.length > 0 || name.includes('/')) return errors;
  if (standardResources.has(name) || isQuotaHugePagesName(name)) return [];
  return [invalidValue(at, name, 'must be a standard resource type or fully qualified')];
};

/** What containers can ask for. */
export const validateContainerResourceName: ResourceNameCheck = (name, at) => {
  const errors = validateResourceName(name, at);
  if (name.split('/').length === 1) {
    if (!containerResources.has(name) && !isHugePagesName(name)) {
      errors.push(invalidValue(at, name, 'must be a standard resource for containers'));
    }
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalidValue(at, name, "doesn't follow extended resource name standard"));
  }
  return errors;
};

/** What quotas can hold. */
export const validateQuotaResourceName: ResourceNameCheck = (name, at) => {
  const errors = validateResourceName(name, at);
  if (name.split('/').length === 1 && !isQuotaResource(name)) {
    errors.push(invalidValue(at, name, 'must be a standard resource for quota'));
  }
  return errors;
};

/** At least zero, and whole where only whole things are counted. */
export function validateResourceQuantity(name: string, value: string, at: FieldPath): FieldError[] {
  const errors = validateNonnegativeQuantity(value, at);
  const counted = integerResources.has(name) || isExtendedResource(name);
  if (counted && !parseQuantity(value).isWhole()) {
    errors.push(invalidValue(at, value, 'must be an integer'));
  }
  return errors;
}

/** The entries of a resource list in a stable order. */
export function resourceEntries(list: ResourceList | undefined): [string, string][] {
  return Object.keys(list ?? {})
    .sort()
    .map((name) => [name, list![name]!]);
}
