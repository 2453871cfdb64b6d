/** The rules of webhook configurations, validating and mutating. */

import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  duplicate,
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../../machinery/meta/names.ts';
import {
  hasInvalidSelectorValue,
  validateLabelSelector,
} from '../../../machinery/meta/object-meta-validation.ts';
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from '../../../machinery/schema/wire.ts';
import { validateOneOf } from '../core/field-checks.ts';
import { validateWebhookService, validateWebhookUrl } from '../webhook-client.ts';
import { validateMatchConditions } from './match-condition-validation.ts';
import { matchPolicies, validateIfGiven, validateRule } from './rule-validation.ts';

type MutatingWebhook = NonNullable<MutatingWebhookConfiguration['webhooks']>[number];
type ValidatingWebhook = NonNullable<ValidatingWebhookConfiguration['webhooks']>[number];
type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;

const reviewVersions = ['v1', 'v1beta1'];
const failurePolicies = ['Fail', 'Ignore'];
const harmless = ['None', 'NoneOnDryRun'];
const sideEffects = [...harmless, 'Some', 'Unknown'];
const reinvocationPolicies = ['IfNeeded', 'Never'];

/** What an old configuration already has, a new one may keep. */
interface Kept {
  readonly sideEffects: boolean;
  readonly reviewVersions: boolean;
  readonly repeatedNames: boolean;
  readonly selectorValues: boolean;
  readonly matchConditions: boolean;
}

const nothingKept: Kept = {
  sideEffects: false,
  reviewVersions: false,
  repeatedNames: false,
  selectorValues: false,
  matchConditions: false,
};

/** A new configuration. */
export function validateWebhookConfiguration(next: Configuration): FieldError[] {
  return validateWebhooks(next.webhooks ?? [], nothingKept);
}

/** A changed configuration. */
export function validateWebhookConfigurationUpdate(
  next: Configuration,
  prev: Configuration,
): FieldError[] {
  return [
    ...validateWebhooks(next.webhooks ?? [], keptFrom(next.webhooks ?? [], prev.webhooks ?? [])),
  ];
}

function keptFrom(next: readonly Webhook[], prev: readonly Webhook[]): Kept {
  return {
    sideEffects: prev.some((w) => !harmless.includes(w.sideEffects ?? '')),
    reviewVersions: prev.some((w) => {
      const versions = w.admissionReviewVersions ?? [];
      return versions.length > 0 && !versions.some((v) => reviewVersions.includes(v));
    }),
    repeatedNames: new Set(prev.map((w) => w.name)).size < prev.length,
    selectorValues: prev.some((w) =>
      [w.namespaceSelector, w.objectSelector].some(hasInvalidSelectorValue),
    ),
    matchConditions: deepEqual(
      next.map((w) => w.matchConditions ?? null),
      prev.map((w) => w.matchConditions ?? null),
    ),
  };
}

function validateWebhooks(list: readonly Webhook[], kept: Kept): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, w] of list.entries()) {
    const at = FieldPath.of('webhooks').index(i);
    errors.push(...validateWebhook(w, kept, at), ...validateReviewVersions(w, kept, at));
    if (kept.repeatedNames || !w.name) continue;
    if (names.has(w.name)) errors.push(duplicate(at.child('name'), w.name));
    names.add(w.name);
  }
  return errors;
}

function validateWebhook(w: Webhook, kept: Kept, at: FieldPath): FieldError[] {
  const errors = [
    ...validateName(w.name, at.child('name')),
    ...(w.rules ?? []).flatMap((r, i) => validateRule(r, at.child('rules').index(i))),
    ...validateIfGiven(w.failurePolicy, failurePolicies, at.child('failurePolicy')),
    ...validateIfGiven(w.matchPolicy, matchPolicies, at.child('matchPolicy')),
    ...validateSideEffects(w.sideEffects, kept.sideEffects ? sideEffects : harmless, at),
    ...validateTimeout(w.timeoutSeconds, at.child('timeoutSeconds')),
  ];
  for (const name of ['namespaceSelector', 'objectSelector'] as const) {
    const options = { allowInvalidValues: kept.selectorValues };
    errors.push(...validateLabelSelector(w[name], at.child(name), options));
  }
  const reinvocation = at.child('reinvocationPolicy');
  errors.push(
    ...validateIfGiven(w.reinvocationPolicy, reinvocationPolicies, reinvocation),
    ...validateClient(w.clientConfig, at.child('clientConfig')),
  );
  if (kept.matchConditions) return errors;
  return [...errors, ...validateMatchConditions(w.matchConditions, at.child('matchConditions'))];
}

function validateName(name: string, at: FieldPath): FieldError[] {
  if (!name) return [required(at)];
  const problems = isDns1123Subdomain(name);
  if (problems.length > 0) return [invalidValue(at, name, problems.join(','))];
  if (name.split('.').length >= 3) return [];
  const text = 'should be a domain with at least three segments separated by dots';
  return [invalidValue(at, name, text)];
}

function validateSideEffects(
  value: string | null | undefined,
  allowed: readonly string[],
  webhook: FieldPath,
): FieldError[] {
  const at = webhook.child('sideEffects');
  if (value !== undefined && value !== null) return validateOneOf(value, allowed, at);
  return [required(at, `must specify one of ${allowed.join(', ')}`)];
}

function validateTimeout(seconds: number | null | undefined, at: FieldPath): FieldError[] {
  if (seconds === undefined || seconds === null || (seconds >= 1 && seconds <= 30)) return [];
  return [invalidValue(at, seconds, 'the timeout value must be between 1 and 30 seconds')];
}

function validateClient(client: Webhook['clientConfig'] | undefined, at: FieldPath): FieldError[] {
  const url = client?.url ?? undefined;
  const service = client?.service ?? undefined;
  if (url !== undefined && service === undefined) return validateWebhookUrl(url, at.child('url'));
  if (url === undefined && service !== undefined) {
    return validateWebhookService(service, at.child('service'), { swapped: true });
  }
  return [required(at, 'exactly one of url or service is required')];
}

function validateReviewVersions(w: Webhook, kept: Kept, webhook: FieldPath): FieldError[] {
  const at = webhook.child('admissionReviewVersions');
  const versions = w.admissionReviewVersions ?? [];
  const known = reviewVersions.join(', ');
  if (versions.length === 0) return [required(at, `must specify one of ${known}`)];
  const errors = versions.flatMap((v, i) =>
    versions.indexOf(v) < i
      ? [invalidValue(at.index(i), v, 'duplicate version')]
      : isDns1035Label(v).map((p) => invalidValue(at.index(i), v, p)),
  );
  if (!kept.reviewVersions && !versions.some((v) => reviewVersions.includes(v))) {
    errors.push(invalidValue(at, versions, `must include at least one of ${known}`));
  }
  return errors;
}
