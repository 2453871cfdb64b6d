/** Families and policy of a service: what is not said follows from addresses and the server. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
} from '../../../../machinery/meta/field-error.ts';
import type { Service, ServiceSpec } from '../../../../machinery/schema/wire.ts';
import { validateClusterIpFields } from './cluster-ip-validation.ts';
import { familyOf, headlessIp, type IpFamily, otherFamily, sameList } from './service-facts.ts';

const at = FieldPath.of('spec');
const policyAt = at.child('ipFamilyPolicy');

/** What the server can give. */
export interface ConfiguredFamilies {
  readonly defaultFamily: IpFamily;
  readonly families: ReadonlySet<IpFamily>;
}

/** Completes `ipFamilies` and `ipFamilyPolicy` of `next` in place; problems come in two rounds. */
export function completeIpFamilies(
  next: Service,
  prev: Service | undefined,
  configured: ConfiguredFamilies,
): FieldError[] {
  const spec = next.spec!;
  const old = prev?.spec;
  if (spec.type === 'ExternalName' || keepsPreferredDualStack(spec, old)) return [];
  const withoutEndpoints = spec.clusterIP === headlessIp && !hasSelector(spec);
  if (spec.ipFamilyPolicy === undefined) {
    spec.ipFamilyPolicy =
      old?.ipFamilyPolicy ?? (withoutEndpoints ? 'RequireDualStack' : 'SingleStack');
  }
  const basic = validateClusterIpFields(spec, old);
  if (basic.length > 0) return basic;
  const errors = [
    ...(old === undefined ? [] : shrink(spec, old)),
    ...validateSingleStack(spec),
    ...familiesFromAddresses(spec, configured),
  ];
  if (errors.length > 0) return errors;
  if (withoutEndpoints) {
    spec.ipFamilies = nonEmpty(spec.ipFamilies) ?? [configured.defaultFamily];
    if (spec.ipFamilies.length < 2 && spec.ipFamilyPolicy !== 'SingleStack') addOther(spec);
    return [];
  }
  const unavailable = validateAvailable(spec, configured);
  if (unavailable.length > 0) return unavailable;
  spec.ipFamilies = nonEmpty(spec.ipFamilies) ?? [configured.defaultFamily];
  const two = spec.ipFamilyPolicy !== 'SingleStack' && configured.families.size === 2;
  if (two && spec.ipFamilies.length === 1) addOther(spec);
  return [];
}

function hasSelector(spec: ServiceSpec): boolean {
  return Object.keys(spec.selector ?? {}).length > 0;
}

function nonEmpty(list: string[] | undefined): string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

function addOther(spec: ServiceSpec): void {
  const first = spec.ipFamilies![0] as IpFamily;
  spec.ipFamilies = [first, otherFamily(first)];
}

/** An update of a PreferDualStack service that touches neither addresses nor families. */
export function keepsPreferredDualStack(spec: ServiceSpec, old: ServiceSpec | undefined): boolean {
  return (
    old !== undefined &&
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    (old.ipFamilyPolicy ?? 'PreferDualStack') === 'PreferDualStack' &&
    old.type === spec.type &&
    ['ClusterIP', 'NodePort', 'LoadBalancer'].includes(spec.type ?? '') &&
    sameList(spec.clusterIPs, old.clusterIPs) &&
    sameList(spec.ipFamilies, old.ipFamilies)
  );
}

/** Back to one stack drops the second entries; otherwise they must stay. */
function shrink(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.ipFamilyPolicy === 'SingleStack') {
    for (const list of ['clusterIPs', 'ipFamilies'] as const) {
      if (sameList(spec[list], old[list]) && (spec[list] ?? []).length > 1) {
        spec[list] = spec[list]!.slice(0, 1);
      }
    }
    return [];
  }
  const errors: FieldError[] = [];
  const reduced = (list: 'clusterIPs' | 'ipFamilies'): boolean => {
    const length = (spec[list] ?? []).length;
    return length > 0 && length < (old[list] ?? []).length;
  };
  const refuse = (what: string): void => {
    const text = `must be 'SingleStack' to release the secondary ${what}`;
    errors.push(invalidValue(policyAt, spec.ipFamilyPolicy, text));
  };
  if (reduced('clusterIPs')) refuse('cluster IP');
  if (reduced('ipFamilies')) refuse('IP family');
  return errors;
}

function validateSingleStack(spec: ServiceSpec): FieldError[] {
  if (spec.ipFamilyPolicy !== 'SingleStack') return [];
  const errors: FieldError[] = [];
  const refuse = (what: string): void => {
    const text = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
    errors.push(invalidValue(policyAt, spec.ipFamilyPolicy, text));
  };
  if (spec.clusterIPs?.length === 2) refuse('cluster IPs');
  if (spec.ipFamilies?.length === 2) refuse('IP families');
  return errors;
}

function familiesFromAddresses(spec: ServiceSpec, configured: ConfiguredFamilies): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, ip] of (spec.clusterIPs ?? []).entries()) {
    if (ip === headlessIp) break;
    if (i < (spec.ipFamilies ?? []).length) continue;
    const family = familyOf(ip);
    if (family !== undefined && configured.families.has(family)) {
      spec.ipFamilies = [...(spec.ipFamilies ?? []), family];
    } else {
      const text = `${family ?? 'unknown'} is not configured on this cluster`;
      errors.push(invalidValue(at.child('clusterIPs').index(i), spec.clusterIPs, text));
    }
  }
  return errors;
}

function validateAvailable(spec: ServiceSpec, configured: ConfiguredFamilies): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.ipFamilyPolicy === 'RequireDualStack' && configured.families.size < 2) {
    const text = 'this cluster is not configured for dual-stack services';
    errors.push(invalidValue(policyAt, spec.ipFamilyPolicy, text));
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (configured.families.has(family as IpFamily)) continue;
    const text = 'not configured on this cluster';
    errors.push(invalidValue(at.child('ipFamilies').index(i), family, text));
  }
  return errors;
}
