/** The rules of StatefulSets. */
import { semanticEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import type { Selector } from '../../../machinery/meta/labels.ts';
import {
  validateAnnotations,
  validateLabels,
  validateNonnegative,
} from '../../../machinery/meta/object-meta-validation.ts';
import { typeRef } from '../../../machinery/schema/schema.ts';
import type {
  PodTemplateSpec,
  StatefulSet,
  StatefulSetSpec,
} from '../../../machinery/schema/wire.ts';
import { validateDnsLabel, validateOneOf } from '../core/field-checks.ts';
import { validatePodAnnotations } from '../core/pod/pod-annotations.ts';
import { type PodValidationOptions, templateOptions } from '../core/pod/pod-options.ts';
import { validatePodTemplateSpec } from '../core/pod/pod-template.ts';
import { validateClaimSpec } from '../core/volume/claim-spec.ts';
import { amountOf, validateAtMost100Percent, validateIntOrPercent } from '../int-or-percent.ts';
import { internalForm } from '../internal-form.ts';
import {
  parsedSelector,
  selectorValue,
  validateTemplateLabels,
  validateWorkloadSelector,
} from './selector-validation.ts';
import { validateCounts, validateNotDecremented } from './status-validation.ts';

const noPods = { containers: [] };
const specPath = FieldPath.of('spec');
const specType = typeRef('apps/v1.StatefulSetSpec');

/** What an update lets pass: fields that cannot change, templates that were invalid before. */
interface Leniency {
  readonly serviceName: boolean;
  readonly claimTemplates: boolean;
  readonly podTemplate: boolean;
}

const strict: Leniency = { serviceName: false, claimTemplates: false, podTemplate: false };

export function validateStatefulSet(next: StatefulSet): FieldError[] {
  return validateSpec(next.spec!, templateOptions(undefined), strict);
}

export function validateStatefulSetUpdate(next: StatefulSet, prev: StatefulSet): FieldError[] {
  const options = templateOptions(prev.spec?.template);
  const fixed: Leniency = { serviceName: true, claimTemplates: true, podTemplate: false };
  const wasInvalid = validateSpec(prev.spec!, options, fixed).length > 0;
  return [
    ...validateSpec(next.spec!, options, { ...fixed, podTemplate: wasInvalid }),
    ...validateFixedFields(next.spec!, prev.spec!),
  ];
}

function validateFixedFields(next: StatefulSetSpec, prev: StatefulSetSpec): FieldError[] {
  const fixed = ({
    replicas: _r,
    template: _t,
    updateStrategy: _u,
    minReadySeconds: _m,
    ordinals: _o,
    revisionHistoryLimit: _h,
    persistentVolumeClaimRetentionPolicy: _p,
    ...rest
  }: StatefulSetSpec) => rest;
  if (semanticEqual(specType, fixed(next), fixed(prev))) return [];
  const text =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', " +
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and " +
    "'minReadySeconds' are forbidden";
  return [forbiddenField(specPath, text)];
}

function validateSpec(
  spec: StatefulSetSpec,
  options: PodValidationOptions,
  lenient: Leniency,
): FieldError[] {
  const at = specPath;
  const errors = [
    ...validateManagement(spec.podManagementPolicy ?? '', at.child('podManagementPolicy')),
    ...validateStrategy(spec.updateStrategy ?? {}, at.child('updateStrategy')),
    ...validateRetention(spec, at.child('persistentVolumeClaimRetentionPolicy')),
  ];
  if (!lenient.claimTemplates) {
    for (const [i, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
      const claimAt = at.child('volumeClaimTemplates').index(i).child('spec');
      errors.push(...validateClaimSpec(claim.spec ?? {}, claimAt));
    }
  }
  errors.push(
    ...validateNonnegative(spec.replicas ?? 0, at.child('replicas')),
    ...validateNonnegative(spec.minReadySeconds ?? 0, at.child('minReadySeconds')),
    ...validateNonnegative(spec.ordinals?.start ?? 0, at.child('ordinals.start')),
  );
  if (!lenient.serviceName && spec.serviceName) {
    errors.push(...validateDnsLabel(spec.serviceName, at.child('serviceName')));
  }
  errors.push(...validateWorkloadSelector(spec.selector, 'statefulset', at.child('selector')));
  const templateAt = at.child('template');
  const selector = parsedSelector(spec.selector);
  if (selector === undefined) {
    errors.push(invalidValue(at.child('selector'), selectorValue(spec.selector), ''));
  } else {
    const template = templateWithClaims(spec);
    const check = !lenient.podTemplate;
    errors.push(...validateTemplate(template, selector, templateAt, options, check));
  }
  const pods = spec.template?.spec;
  const policy = pods?.restartPolicy ?? '';
  if (policy !== 'Always') {
    errors.push(notSupported(templateAt.child('spec', 'restartPolicy'), policy, ['Always']));
  }
  if (pods?.activeDeadlineSeconds !== undefined) {
    const text = 'activeDeadlineSeconds in StatefulSet is not Supported';
    errors.push(forbiddenField(templateAt.child('spec', 'activeDeadlineSeconds'), text));
  }
  return errors;
}

/** The template as the pods get it: a volume for each claim, no host name of its own. */
function templateWithClaims(spec: StatefulSetSpec): PodTemplateSpec {
  const pods = spec.template?.spec;
  if (pods === undefined) return spec.template ?? {};
  const { subdomain: _s, hostname: _h, ...rest } = pods;
  const names = new Set((spec.volumeClaimTemplates ?? []).map((c) => c.metadata?.name ?? ''));
  if (names.size === 0) return { ...spec.template, spec: rest };
  const claims = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const others = (pods.volumes ?? []).filter((v) => !names.has(v.name));
  return { ...spec.template, spec: { ...rest, volumes: [...claims, ...others] } };
}

function validateTemplate(
  template: PodTemplateSpec,
  selector: Selector,
  at: FieldPath,
  options: PodValidationOptions,
  check: boolean,
): FieldError[] {
  const errors = selector.empty ? [] : validateTemplateLabels(template, selector, at);
  if (check) errors.push(...validatePodTemplateSpec(template, at, options));
  const { labels, annotations } = template.metadata ?? {};
  const annotationsAt = at.child('annotations');
  errors.push(
    ...validateLabels(labels, at.child('labels')),
    ...validateAnnotations(annotations, annotationsAt),
    ...validatePodAnnotations(annotations, template.spec ?? noPods, annotationsAt, options),
  );
  return errors;
}

function validateManagement(policy: string, at: FieldPath): FieldError[] {
  if (policy === '') return [required(at)];
  if (policy === 'OrderedReady' || policy === 'Parallel') return [];
  return [invalidValue(at, policy, "must be 'OrderedReady' or 'Parallel'")];
}

function validateStrategy(
  strategy: NonNullable<StatefulSetSpec['updateStrategy']>,
  at: FieldPath,
): FieldError[] {
  const { type, rollingUpdate } = strategy;
  const rollingAt = at.child('rollingUpdate');
  if (!type) return [required(at)];
  if (type === 'OnDelete') {
    if (rollingUpdate === undefined) return [];
    const shown = internalForm('apps/v1.RollingUpdateStatefulSetStrategy', rollingUpdate);
    return [invalidValue(rollingAt, shown, "only allowed for updateStrategy 'RollingUpdate'")];
  }
  if (type !== 'RollingUpdate') {
    const shown = internalForm('apps/v1.StatefulSetUpdateStrategy', strategy);
    return [invalidValue(at, shown, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  if (rollingUpdate === undefined) return [];
  const { partition, maxUnavailable } = rollingUpdate;
  const errors = validateNonnegative(partition ?? 0, rollingAt.child('partition'));
  if (maxUnavailable !== undefined) {
    const unavailableAt = rollingAt.child('maxUnavailable');
    errors.push(...validateIntOrPercent(maxUnavailable, unavailableAt));
    if (amountOf(maxUnavailable) === 0) {
      errors.push(invalidValue(unavailableAt, maxUnavailable, 'cannot be 0'));
    }
    errors.push(...validateAtMost100Percent(maxUnavailable, unavailableAt));
  }
  return errors;
}

function validateRetention(spec: StatefulSetSpec, at: FieldPath): FieldError[] {
  const policy = spec.persistentVolumeClaimRetentionPolicy;
  if (policy === undefined) return [];
  return (['whenDeleted', 'whenScaled'] as const).flatMap((f) =>
    validateOneOf(policy[f] ?? '', ['Retain', 'Delete'], at.child(f)),
  );
}

export function validateStatefulSetStatus(next: StatefulSet, prev: StatefulSet): FieldError[] {
  const at = FieldPath.of('status');
  const status = next.status ?? { replicas: 0 };
  const errors = validateCounts(status, at, [
    'replicas',
    'readyReplicas',
    'currentReplicas',
    'updatedReplicas',
    'availableReplicas',
    'observedGeneration',
    'collisionCount',
  ]);
  for (const field of [
    'readyReplicas',
    'currentReplicas',
    'updatedReplicas',
    'availableReplicas',
  ] as const) {
    if ((status[field] ?? 0) > (status.replicas ?? 0)) {
      const text = 'cannot be greater than status.replicas';
      errors.push(invalidValue(at.child(field), status[field] ?? 0, text));
    }
  }
  const available = status.availableReplicas ?? 0;
  if (available > (status.readyReplicas ?? 0)) {
    const text = 'cannot be greater than status.readyReplicas';
    errors.push(invalidValue(at.child('availableReplicas'), available, text));
  }
  errors.push(...validateNotDecremented(status.collisionCount, prev.status?.collisionCount, at));
  return errors;
}
