/** Checks of nodes. */
import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  quote,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { parseCidr, validateLegacyCidr } from '../../../../machinery/meta/ip.ts';
import { byteLength, isLabelValue } from '../../../../machinery/meta/names.ts';
import { validateLabelName } from '../../../../machinery/meta/object-meta-validation.ts';
import type { Node, Taint } from '../../../../machinery/schema/wire.ts';
import { internalForm } from '../../internal-form.ts';
import { validatePositive } from '../field-checks.ts';
import { parseGoJson } from '../go-json-problem.ts';
import { lowerKeys } from '../internal-names.ts';
import { validateTaintEffect } from '../pod/tolerations.ts';
import { resourceEntries, validateResourceQuantity } from '../resource-names.ts';
import { validateConfigSource, validateConfigStatus } from './node-config.ts';

const metaAt = FieldPath.of('metadata');
const specAt = FieldPath.of('spec');
const statusAt = FieldPath.of('status');
const cidrsAt = specAt.child('podCIDRs');

/** What holds for a node at any time. The path of taints is the real server's. */
export function validateNode(node: Node): FieldError[] {
  const swap = node.status?.nodeInfo?.swap?.capacity;
  return [
    ...validateAnnotations(node),
    ...validateTaints(node.spec?.taints ?? [], metaAt.child('taints')),
    ...validateResources(node),
    ...(swap === undefined
      ? []
      : validatePositive(swap, metaAt.child('nodeSwapStatus', 'capacity'))),
    ...validateDeclaredFeatures(node),
    ...validatePodCidrs(node.spec?.podCIDRs ?? []),
  ];
}

/** What a change may do, of the node or its status. */
export function validateNodeChange(next: Node, prev: Node): FieldError[] {
  const errors = [
    ...validateAnnotations(next),
    ...validateResources(next),
    ...validateDeclaredFeatures(next),
    ...validateAddresses(next),
    ...validateFixed(next, prev),
  ];
  const source = next.spec?.configSource;
  if (source !== undefined) {
    errors.push(...validateConfigSource(source, specAt.child('configSource')));
  }
  const config = next.status?.config;
  if (config !== undefined) {
    errors.push(...validateConfigStatus(config, statusAt.child('config')));
  }
  errors.push(...validateTaints(next.spec?.taints ?? [], metaAt.child('taints')));
  if ((next.spec?.externalID ?? '') !== (prev.spec?.externalID ?? '')) {
    errors.push(forbiddenField(specAt.child('externalID'), 'may not be updated'));
  }
  return errors;
}

const taintsAnnotation = 'scheduler.alpha.kubernetes.io/taints';
const avoidPodsAnnotation = 'scheduler.alpha.kubernetes.io/preferAvoidPods';

function validateAnnotations(node: Node): FieldError[] {
  const annotations = node.metadata?.annotations ?? {};
  const at = metaAt.child('annotations');
  const errors: FieldError[] = [];
  const taints = annotations[taintsAnnotation];
  if (taints) {
    const parsed = parseGoJson(taints);
    if (parsed.problem !== undefined || !Array.isArray(parsed.value)) {
      errors.push(invalidValue(at, taintsAnnotation, parsed.problem ?? notTaints));
    } else {
      const list = parsed.value.map((t) => lowerKeys(t) as unknown as Taint);
      errors.push(...validateTaints(list, at.child(taintsAnnotation)));
    }
  }
  const avoid = annotations[avoidPodsAnnotation];
  if (avoid) errors.push(...validateAvoidPods(avoid, at));
  return errors;
}

const notTaints = 'json: cannot unmarshal into Go value of type []core.Taint';

interface AvoidPods {
  preferAvoidPods?: { podSignature?: { podController?: { controller?: boolean } } }[];
}

function validateAvoidPods(text: string, at: FieldPath): FieldError[] {
  const parsed = parseGoJson(text);
  if (parsed.problem !== undefined) {
    return [invalidValue(at.child('AvoidPods'), avoidPodsAnnotation, parsed.problem)];
  }
  const entries = (parsed.value as AvoidPods | null)?.preferAvoidPods ?? [];
  return entries.flatMap((entry, i) => {
    const path = at.child(avoidPodsAnnotation).index(i).child('PodSignature');
    const controller = entry.podSignature?.podController;
    if (controller === undefined) return [required(path)];
    if (controller.controller === true) return [];
    const flag = path.child('PodController', 'Controller');
    return [invalidValue(flag, false, 'must point to a controller')];
  });
}

function validateTaints(taints: readonly Taint[], at: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, i) => {
    const here = at.index(i);
    const { key = '', value = '', effect = '' } = taint;
    const errors = validateLabelName(key, here.child('key'));
    const problems = isLabelValue(value);
    if (problems.length > 0) {
      errors.push(invalidValue(here.child('value'), value, problems.join(';')));
    }
    errors.push(...validateTaintEffect(effect, here.child('effect')));
    const pair = `${effect} ${key}`;
    if (seen.has(pair)) {
      const shown = internalForm('core/v1.Taint', taint);
      const detail = 'taints must be unique by key and effect pair';
      errors.push({ ...duplicate(here, shown), detail });
    }
    seen.add(pair);
    return errors;
  });
}

function validateResources(node: Node): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap((list) =>
    resourceEntries(node.status?.[list]).flatMap(([name, quantity]) =>
      validateResourceQuantity(name, quantity, statusAt.child(list, name)),
    ),
  );
}

const maxFeatureLength = 253;
const featureName = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;

function validateDeclaredFeatures(node: Node): FieldError[] {
  const features = node.status?.declaredFeatures ?? [];
  const at = statusAt.child('declaredFeatures');
  return features.flatMap((feature, i) => {
    const errors: FieldError[] = [];
    const problem = featureProblem(feature);
    if (problem !== undefined) {
      const text = `invalid feature name ${quote(feature)}: ${problem}`;
      errors.push(invalidValue(at.index(i), feature, text));
    }
    const next = features[i + 1];
    if (next === feature) errors.push(duplicate(at.index(i + 1), next));
    else if (next !== undefined && feature > next) {
      errors.push(invalidValue(at.index(i + 1), next, 'list must be sorted alphabetically'));
    }
    return errors;
  });
}

function featureProblem(name: string): string | undefined {
  if (byteLength(name) > maxFeatureLength) {
    return `must be no more than ${maxFeatureLength} characters`;
  }
  if (featureName.test(name)) return undefined;
  return "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";
}

function validatePodCidrs(cidrs: readonly string[]): FieldError[] {
  const errors = cidrs.flatMap((c, i) => validateLegacyCidr(c, cidrsAt.index(i), true));
  if (cidrs.length < 2) return errors;
  const parsed = cidrs.map((c) => parseCidr(c));
  const bad = parsed.indexOf(undefined);
  if (bad >= 0) {
    const detail = `invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${cidrs[bad]})`;
    errors.push({ type: 'InternalError', field: String(cidrsAt), detail });
  }
  const families = new Set(parsed.map((c) => c?.address.bytes.length));
  if (bad >= 0 || families.size !== 2 || cidrs.length > 2) {
    const text = 'may specify no more than one CIDR for each IP family';
    errors.push(invalidValue(cidrsAt, cidrs, text));
  }
  return errors;
}

function validateAddresses(node: Node): FieldError[] {
  const seen = new Set<string>();
  return (node.status?.addresses ?? []).flatMap((address, i) => {
    const key = `${address.type} ${address.address}`;
    const repeated = seen.has(key);
    seen.add(key);
    const shown = (): object => internalForm('core/v1.NodeAddress', address);
    return repeated ? [duplicate(statusAt.child('addresses').index(i), shown())] : [];
  });
}

/** Set once: pod CIDRs and the provider's id. */
function validateFixed(next: Node, prev: Node): FieldError[] {
  const errors: FieldError[] = [];
  const before = prev.spec?.podCIDRs ?? [];
  const now = next.spec?.podCIDRs ?? [];
  const changed =
    before.length === now.length ? before.filter((c, i) => c !== now[i]) : before.slice(0, 1);
  const text = (what: string): string =>
    `node updates may not change ${what} except from "" to valid`;
  errors.push(...changed.map(() => forbiddenField(cidrsAt, text('podCIDR'))));
  const provider = prev.spec?.providerID;
  if (provider && provider !== next.spec?.providerID) {
    errors.push(forbiddenField(specAt.child('providerID'), text('providerID')));
  }
  return errors;
}
