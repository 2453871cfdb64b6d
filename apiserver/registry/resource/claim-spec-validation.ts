/** The rules of the specs of ResourceClaims and their templates. */
import { compileDeviceSelector } from '../../../machinery/cel/library/device-selector.ts';
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../machinery/meta/field-error.ts';
import { byteLength } from '../../../machinery/meta/names.ts';
import type { ResourceClaim } from '../../../machinery/schema/wire.ts';
import { callCostLimit } from '../../cel/budget.ts';
import { expressionErrors } from '../../cel/expression-validation.ts';
import { validateDnsLabel, validateDnsSubdomain } from '../core/field-checks.ts';
import { validateCsiDriverName } from '../core/volume/sources.ts';
import {
  validateFullAttributeName,
  validateItems,
  validateRawObject,
  validateSet,
} from './field-checks.ts';
import { validateToleration } from './taint-validation.ts';

type Spec = ResourceClaim['spec'];
type Devices = NonNullable<Spec['devices']>;
type Request = NonNullable<Devices['requests']>[number];
type ExactRequest = NonNullable<Request['exactly']>;
type SubRequest = NonNullable<Request['firstAvailable']>[number];
type Constraint = NonNullable<Devices['constraints']>[number];
type Config = NonNullable<Devices['config']>[number];
type Selector = NonNullable<ExactRequest['selectors']>[number];

const maxSubRequests = 8;
const maxConstraints = 32;
const maxSelectors = 32;
const maxExpression = 10 * 1024;
const maxParameters = 10 * 1024;
const nameProblem =
  'must be the name of a request in the claim or the name of a request and a subrequest ' +
  "separated by '/'";

/** How many requests a claim has at most. */
export const maxRequests = 32;
/** How many configurations a claim or a class has at most. */
export const maxConfigs = 32;

/** The requests of a claim, each with the names of its alternatives. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

/** A claim's spec. */
export function validateClaimSpec(spec: Spec | undefined, at: FieldPath): FieldError[] {
  const here = at.child('devices');
  const devices = spec?.devices ?? {};
  const names = requestNames(spec);
  const nameOf = (r: { name?: string }): string => r.name ?? '';
  return [
    ...validateSet(devices.requests, maxRequests, validateRequest, nameOf, here.child('requests')),
    ...validateItems(
      devices.constraints,
      maxConstraints,
      (c, p) => validateConstraint(c, names, p),
      here.child('constraints'),
    ),
    ...validateItems(
      devices.config,
      maxConfigs,
      (c, p) => [...validateRequestRefs(c.requests, names, p), ...validateConfig(c, p)],
      here.child('config'),
    ),
  ];
}

/** The names that results and configurations may refer to. */
export function requestNames(spec: Spec | undefined): RequestNames {
  const requests = spec?.devices?.requests ?? [];
  return new Map(
    requests.map((r) => [r.name ?? '', new Set((r.firstAvailable ?? []).map((s) => s.name ?? ''))]),
  );
}

function validateRequest(request: Request, at: FieldPath): FieldError[] {
  const errors = validateDnsLabel(request.name ?? '', at.child('name'));
  const alternatives = request.firstAvailable ?? [];
  const exactly = request.exactly ?? undefined;
  const text = 'exactly one of `exactly` or `firstAvailable` is required';
  if (alternatives.length > 0 && exactly !== undefined) {
    errors.push(invalidValue(at, null, `${text}, but multiple fields are set`));
  } else if (alternatives.length > 0) {
    const here = at.child('firstAvailable');
    const check = (s: SubRequest, p: FieldPath): FieldError[] => [
      ...validateDnsLabel(s.name ?? '', p.child('name')),
      ...validateDeviceChoice(s, p),
    ];
    errors.push(...validateSet(alternatives, maxSubRequests, check, (s) => s.name ?? '', here));
  } else if (exactly !== undefined) {
    errors.push(...validateDeviceChoice(exactly, at.child('exactly')));
  } else errors.push(required(at, text));
  return errors;
}

function validateDeviceChoice(r: ExactRequest | SubRequest, at: FieldPath): FieldError[] {
  const name = at.child('deviceClassName');
  return [
    ...(r.deviceClassName ? validateDnsSubdomain(r.deviceClassName, name) : [required(name)]),
    ...validateSelectors(r.selectors, at.child('selectors')),
    ...validateAllocationMode(r.allocationMode ?? '', r.count ?? 0, at),
    ...(r.tolerations ?? []).flatMap((t, i) =>
      validateToleration(t, at.child('tolerations').index(i)),
    ),
  ];
}

function validateAllocationMode(mode: string, count: number, at: FieldPath): FieldError[] {
  const countAt = at.child('count');
  if (mode === 'All') {
    if (count === 0) return [];
    return [invalidValue(countAt, count, `must not be specified when allocationMode is '${mode}'`)];
  }
  if (mode === 'ExactCount') {
    return count > 0 ? [] : [invalidValue(countAt, count, 'must be greater than zero')];
  }
  return [notSupported(at.child('allocationMode'), mode, ['All', 'ExactCount'])];
}

/** Which devices will do: expressions, which must compile and be cheap. */
export function validateSelectors(
  selectors: readonly Selector[] | null | undefined,
  at: FieldPath,
): FieldError[] {
  return validateItems(selectors, maxSelectors, validateSelector, at);
}

function validateSelector(selector: Selector, at: FieldPath): FieldError[] {
  if (!selector.cel) return [required(at.child('cel'))];
  const { expression = '' } = selector.cel;
  const place = at.child('cel', 'expression');
  if (byteLength(expression) > maxExpression) return [tooLong(place, maxExpression)];
  const compiled = compileDeviceSelector(expression);
  if ('problem' in compiled) return expressionErrors(compiled, expression, place);
  if (compiled.maxCost <= callCostLimit) return [];
  return [forbiddenField(place, 'too complex, exceeds cost limit')];
}

function validateConstraint(c: Constraint, names: RequestNames, at: FieldPath): FieldError[] {
  const errors = validateRequestRefs(c.requests, names, at);
  const match = c.matchAttribute ?? undefined;
  const distinct = c.distinctAttribute ?? undefined;
  if (match !== undefined) {
    return [...errors, ...validateFullAttributeName(match, at.child('matchAttribute'))];
  }
  if (distinct !== undefined) {
    return [...errors, ...validateFullAttributeName(distinct, at.child('distinctAttribute'))];
  }
  // The real server's words are the wrong ones here.
  const text =
    'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields ' +
    'are set';
  return [...errors, required(at, text)];
}

/** The list of requests that a constraint or a configuration is for. */
export function validateRequestRefs(
  refs: readonly string[] | null | undefined,
  names: RequestNames,
  owner: FieldPath,
): FieldError[] {
  return validateSet(
    refs,
    maxRequests,
    (ref, at) => validateRequestRef(ref, names, at),
    (ref) => ref,
    owner.child('requests'),
  );
}

/** The name of a request, or of one of its alternatives after a slash. */
export function validateRequestRef(ref: string, names: RequestNames, at: FieldPath): FieldError[] {
  const parts = ref.split('/');
  if (parts.length > 2) return [invalidValue(at, ref, nameProblem)];
  const errors = parts.flatMap((p) => validateDnsLabel(p, at));
  const [request = '', alternative] = parts;
  const known = names.get(request);
  const found = alternative === undefined ? known !== undefined : known?.has(alternative) === true;
  return found ? errors : [...errors, invalidValue(at, ref, nameProblem)];
}

/** What a driver is told, which is its own affair. */
export function validateConfig(config: Pick<Config, 'opaque'>, at: FieldPath): FieldError[] {
  const here = at.child('opaque');
  if (!config.opaque) return [required(here)];
  return [
    ...validateCsiDriverName(config.opaque.driver ?? '', here.child('driver')),
    ...validateRawObject(config.opaque.parameters, maxParameters, here.child('parameters')),
  ];
}
