/** Restart policies of single containers and the rules that refine them. */
import {
  type FieldError,
  type FieldPath,
  notSupported,
  required,
  tooMany,
} from '../../../../machinery/meta/field-error.ts';
import type { AnyContainer } from './pod-walk.ts';

const policies = ['Always', 'Never', 'OnFailure'];
const operators = ['In', 'NotIn'];
const actions = ['Restart', 'RestartAllContainers'];
const maxRules = 20;
const maxExitCodes = 255;

/** A container's own policy; `at` is the container. */
export function validateContainerRestart(container: AnyContainer, at: FieldPath): FieldError[] {
  const { restartPolicy: policy, restartPolicyRules: rules = [] } = container;
  const errors: FieldError[] = [];
  if (policy === undefined) {
    if (rules.length === 0) return [];
    const text = 'must specify restartPolicy when restart rules are used';
    errors.push(required(at.child('restartPolicy'), text));
  } else if (!policies.includes(policy)) {
    errors.push(notSupported(at.child('restartPolicy'), policy, policies));
  }
  const rulesAt = at.child('restartPolicyRules');
  if (rules.length > maxRules) errors.push(tooMany(rulesAt, rules.length, maxRules));
  for (const [i, rule] of rules.entries()) errors.push(...validateRule(rule, rulesAt.index(i)));
  return errors;
}

/** An init container without a policy of its own has no rules either; nothing more is said then. */
export function validateInitRestart(container: AnyContainer, at: FieldPath): FieldError[] {
  if (container.restartPolicy !== undefined) return validateContainerRestart(container, at);
  if ((container.restartPolicyRules ?? []).length === 0) return [];
  const text = 'must specify restartPolicy when restart rules are used';
  return [required(at.child('restartPolicy'), text)];
}

type Rule = NonNullable<AnyContainer['restartPolicyRules']>[number];

function validateRule(rule: Rule, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const action = rule.action ?? '';
  if (!actions.includes(action)) errors.push(notSupported(at.child('action'), action, actions));
  const codes = rule.exitCodes;
  if (codes === undefined) return [...errors, required(at.child('exitCodes'), 'must be specified')];
  const operator = codes.operator ?? '';
  if (!operators.includes(operator)) {
    errors.push(notSupported(at.child('exitCodes', 'operator'), operator, operators));
  }
  const count = (codes.values ?? []).length;
  if (count > maxExitCodes) {
    errors.push(tooMany(at.child('exitCodes', 'values'), count, maxExitCodes));
  }
  return errors;
}
