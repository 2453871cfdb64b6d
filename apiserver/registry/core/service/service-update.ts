/**
 * What an update of a Service leaves unsaid: values that were allocated stay, values that no longer
 * fit the type go. The rules guess what a client meant that knows only some of the fields.
 */
import { deepCopy } from '../../../../machinery/meta/copy.ts';
import type { Service, ServiceSpec } from '../../../../machinery/schema/wire.ts';
import {
  familyOf,
  headlessIp,
  type IpFamily,
  isExternallyAccessible,
  mayHaveNodePorts,
  needsClusterIp,
  needsHealthCheck,
  needsNodePort,
  otherFamily,
  sameList,
} from './service-facts.ts';

/** A copy of a stored service with what older servers did not store. */
export function withReadDefaults(service: Service, defaultFamily: IpFamily): Service {
  const out = deepCopy(service);
  out.spec ??= {};
  const { spec } = out;
  if (spec.clusterIP && (spec.clusterIPs ?? []).length === 0) spec.clusterIPs = [spec.clusterIP];
  if (!needsClusterIp(spec)) delete spec.internalTrafficPolicy;
  if (!needsClusterIp(spec) || (spec.ipFamilies ?? []).length > 0) return out;
  if (spec.clusterIP === headlessIp) {
    const both = Object.keys(spec.selector ?? {}).length === 0;
    spec.ipFamilyPolicy = both ? 'RequireDualStack' : 'SingleStack';
    spec.ipFamilies = both ? [defaultFamily, otherFamily(defaultFamily)] : [defaultFamily];
    return out;
  }
  spec.ipFamilies = (spec.clusterIPs ?? []).map((ip) => familyOf(ip) ?? 'IPv4');
  if (spec.ipFamilies.length === 1) spec.ipFamilyPolicy = 'SingleStack';
  else if (spec.ipFamilies.length === 2) spec.ipFamilyPolicy = 'RequireDualStack';
  return out;
}

/** Fills in what was allocated before and is still needed; changes `spec` in place. */
export function adoptAllocated(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(old) && needsClusterIp(spec)) {
    if (!spec.clusterIP && old.clusterIP !== undefined) spec.clusterIP = old.clusterIP;
    if ((spec.clusterIPs ?? []).length === 0 && old.clusterIPs !== undefined) {
      spec.clusterIPs = [...old.clusterIPs];
    }
  }
  if (needsNodePort(old) && needsNodePort(spec)) {
    const now = new Set((spec.ports ?? []).map((p) => p.nodePort));
    const byName = new Map((old.ports ?? []).map((p) => [p.name ?? '', p.nodePort]));
    for (const port of spec.ports ?? []) {
      const before = byName.get(port.name ?? '');
      if (!port.nodePort && before && !now.has(before)) port.nodePort = before;
    }
  }
  if (needsHealthCheck(old) && needsHealthCheck(spec) && !spec.healthCheckNodePort) {
    if (old.healthCheckNodePort) spec.healthCheckNodePort = old.healthCheckNodePort;
  }
}

/** Keeps `clusterIP` and `clusterIPs` together when a client changes one; in place. */
export function normalizeClusterIps(spec: ServiceSpec, old: ServiceSpec): void {
  const now = spec.clusterIP ?? '';
  const before = old.clusterIP ?? '';
  if ((old.clusterIPs ?? []).length > 0 && (spec.clusterIPs ?? []).length === 0 && now === before) {
    spec.clusterIPs = [...old.clusterIPs!];
  }
  if (now === before || !sameList(spec.clusterIPs, old.clusterIPs)) return;
  if (before !== '' && now === '') delete spec.clusterIPs;
  else spec.clusterIPs = [now];
}

/** Clears what the new type has no use for, unless the client changed it as well; in place. */
export function dropTypeDependentFields(next: Service, prev: Service): void {
  const spec = next.spec ?? {};
  const old = prev.spec ?? {};
  if (needsClusterIp(old) && !needsClusterIp(spec)) {
    if (
      (spec.clusterIP ?? '') === (old.clusterIP ?? '') &&
      sameList(spec.clusterIPs, old.clusterIPs)
    ) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (sameList(spec.ipFamilies, old.ipFamilies)) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === old.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  // By type alone: ports of a load balancer that asks for none are kept.
  if (mayHaveNodePorts(old) && !mayHaveNodePorts(spec)) {
    const before = new Set((old.ports ?? []).map((p) => p.nodePort ?? 0));
    const ports = spec.ports ?? [];
    if (ports.every((p) => !p.nodePort || before.has(p.nodePort))) {
      for (const p of ports) delete p.nodePort;
    }
  }
  if (needsHealthCheck(old) && !needsHealthCheck(spec)) dropSame(spec, old, 'healthCheckNodePort');
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    dropSame(spec, old, 'allocateLoadBalancerNodePorts');
    dropSame(spec, old, 'loadBalancerClass');
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) {
    dropSame(spec, old, 'externalTrafficPolicy');
  }
  if (spec.type !== 'LoadBalancer') next.status = { ...next.status, loadBalancer: {} };
}

function dropSame(spec: ServiceSpec, old: ServiceSpec, field: keyof ServiceSpec): void {
  if (spec[field] === old[field]) delete spec[field];
}
