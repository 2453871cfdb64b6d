/** The rules of a Job's policies: what failed pods mean, when the job has succeeded. */
import { wasSent } from '../../../machinery/meta/emptied.ts';
import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalidValue,
  notSupported,
  quote,
  required,
  tooLong,
  tooMany,
} from '../../../machinery/meta/field-error.ts';
import { byteLength } from '../../../machinery/meta/names.ts';
import { validateNonnegative } from '../../../machinery/meta/object-meta-validation.ts';
import type { JobSpec } from '../../../machinery/schema/wire.ts';
import { validateQualifiedName } from '../core/field-checks.ts';
import { countIndexes } from './job-indexes.ts';

const maxFailureRules = 20;
const maxExitCodes = 255;
const maxConditions = 20;
const maxSuccessRules = 20;
const succeededIndexesLimitBytes = 64 * 1024;

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];

type FailurePolicy = NonNullable<JobSpec['podFailurePolicy']>;
type FailureRule = FailurePolicy['rules'][number];
type ExitCodes = NonNullable<FailureRule['onExitCodes']>;
type Conditions = NonNullable<FailureRule['onPodConditions']>;
type SuccessRule = NonNullable<JobSpec['successPolicy']>['rules'][number];

/** An `Invalid value` that does not show the value. */
export function invalidUnshown(at: FieldPath, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field: String(at), detail };
}

export function validatePodFailurePolicy(spec: JobSpec, at: FieldPath): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const rulesAt = at.child('rules');
  const errors: FieldError[] = [];
  if (rules.length > maxFailureRules) errors.push(tooMany(rulesAt, rules.length, maxFailureRules));
  const pods = spec.template?.spec;
  const containers = new Set(
    [...(pods?.containers ?? []), ...(pods?.initContainers ?? [])].map((c) => c.name),
  );
  for (const [i, rule] of rules.entries()) {
    errors.push(...validateFailureRule(spec, rule, rulesAt.index(i), containers));
  }
  return errors;
}

function validateFailureRule(
  spec: JobSpec,
  rule: FailureRule,
  at: FieldPath,
  containers: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const action = rule.action ?? '';
  const actionAt = at.child('action');
  if (action === '') errors.push(required(actionAt, validValues(actions)));
  else if (action === 'FailIndex') {
    if (spec.backoffLimitPerIndex === undefined) {
      const text = 'requires the backoffLimitPerIndex to be set';
      errors.push(invalidValue(actionAt, action, text));
    }
  } else if (!actions.includes(action)) errors.push(notSupported(actionAt, action, actions));
  const conditions = rule.onPodConditions ?? [];
  if (rule.onExitCodes !== undefined) {
    errors.push(...validateExitCodes(rule.onExitCodes, at.child('onExitCodes'), containers));
  }
  if (conditions.length > 0) {
    errors.push(...validateConditions(conditions, at.child('onPodConditions')));
  }
  if (rule.onExitCodes !== undefined && conditions.length > 0) {
    const text = 'specifying both OnExitCodes and OnPodConditions is not supported';
    errors.push(invalidUnshown(at, text));
  }
  if (rule.onExitCodes === undefined && conditions.length === 0) {
    const text = 'specifying one of OnExitCodes and OnPodConditions is required';
    errors.push(invalidUnshown(at, text));
  }
  return errors;
}

function validateConditions(conditions: Conditions, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (conditions.length > maxConditions) {
    errors.push(tooMany(at, conditions.length, maxConditions));
  }
  for (const [i, { type, status = '' }] of conditions.entries()) {
    errors.push(...validateQualifiedName(type ?? '', at.index(i).child('type')));
    const statusAt = at.index(i).child('status');
    if (status === '') errors.push(required(statusAt, validValues(statuses)));
    else if (!statuses.includes(status)) errors.push(notSupported(statusAt, status, statuses));
  }
  return errors;
}

function validateExitCodes(
  codes: ExitCodes,
  at: FieldPath,
  containers: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const { operator = '', containerName }: Partial<ExitCodes> = codes;
  const values = codes.values ?? [];
  const operatorAt = at.child('operator');
  if (operator === '') errors.push(required(operatorAt, validValues(operators)));
  else if (!operators.includes(operator)) {
    errors.push(notSupported(operatorAt, operator, operators));
  }
  if (containerName !== undefined && !containers.has(containerName)) {
    const text = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalidValue(at.child('containerName'), containerName, text));
  }
  const valuesAt = at.child('values');
  if (values.length === 0) {
    const shown = wasSent(codes, 'values') ? [] : null;
    errors.push(invalidValue(valuesAt, shown, 'at least one value is required'));
  } else if (values.length > maxExitCodes) {
    errors.push(tooMany(valuesAt, values.length, maxExitCodes));
  }
  const seen = new Set<number>();
  for (const [i, value] of values.entries()) {
    if (operator === 'In' && value === 0) {
      errors.push(invalidValue(valuesAt.index(i), value, 'must not be 0 for the In operator'));
    }
    if (seen.has(value)) errors.push(duplicate(valuesAt.index(i), value));
    seen.add(value);
  }
  if (values.some((v, i) => i > 0 && values[i - 1]! > v)) {
    errors.push(invalidValue(valuesAt, values, 'must be ordered'));
  }
  return errors;
}

export function validateSuccessPolicy(spec: JobSpec, at: FieldPath): FieldError[] {
  const rules = spec.successPolicy?.rules ?? [];
  const rulesAt = at.child('rules');
  const errors: FieldError[] = [];
  if (rules.length === 0) {
    const text = 'at least one rules must be specified when the successPolicy is specified';
    errors.push(required(rulesAt, text));
  }
  if (rules.length > maxSuccessRules) errors.push(tooMany(rulesAt, rules.length, maxSuccessRules));
  for (const [i, rule] of rules.entries()) {
    errors.push(...validateSuccessRule(rule, spec.completions ?? 0, rulesAt.index(i)));
  }
  return errors;
}

function validateSuccessRule(rule: SuccessRule, completions: number, at: FieldPath): FieldError[] {
  const { succeededCount, succeededIndexes } = rule;
  const errors: FieldError[] = [];
  if (succeededCount === undefined && succeededIndexes === undefined) {
    const text = 'at least one of succeededCount or succeededIndexes must be specified';
    errors.push(required(at, text));
  }
  let total = 0;
  if (succeededIndexes !== undefined) {
    const indexesAt = at.child('succeededIndexes');
    if (byteLength(succeededIndexes) > succeededIndexesLimitBytes) {
      errors.push(tooLong(indexesAt, succeededIndexesLimitBytes));
    }
    const counted = countIndexes(succeededIndexes, completions);
    if (counted.problem === undefined) total = counted.count;
    else {
      const text = `error parsing succeededIndexes: ${counted.problem}`;
      errors.push(invalidValue(indexesAt, succeededIndexes, text));
    }
  }
  if (succeededCount === undefined) return errors;
  const countAt = at.child('succeededCount');
  errors.push(...validateNonnegative(succeededCount, countAt));
  if (succeededCount > completions) {
    const text =
      `must be less than or equal to ${completions} ` + '(the number of specified completions)';
    errors.push(invalidValue(countAt, succeededCount, text));
  }
  if (succeededIndexes !== undefined && succeededCount > total) {
    const text =
      `must be less than or equal to ${total} ` +
      '(the number of indexes in the specified succeededIndexes field)';
    errors.push(invalidValue(countAt, succeededCount, text));
  }
  return errors;
}

export function validatePodReplacementPolicy(spec: JobSpec, at: FieldPath): FieldError[] {
  const policy = spec.podReplacementPolicy;
  if (policy === undefined) return [];
  const allowed =
    spec.podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  return allowed.includes(policy) ? [] : [notSupported(at, policy, allowed)];
}

function validValues(values: readonly string[]): string {
  return `valid values: [${values.map(quote).join(' ')}]`;
}
