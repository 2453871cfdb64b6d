/** Checks of services. */
import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../../machinery/meta/field-error.ts';
import {
  cidrWarnings,
  ipWarnings,
  parseIp,
  validateLegacyCidr,
  validateLegacyIp,
} from '../../../../machinery/meta/ip.ts';
import { isDns1123Subdomain, isPortNumber } from '../../../../machinery/meta/names.ts';
import { validateLabels } from '../../../../machinery/meta/object-meta-validation.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../../machinery/schema/wire.ts';
import { internalForm } from '../../internal-form.ts';
import {
  invalidFor,
  portProtocols,
  validateDnsLabel,
  validateDnsSubdomain,
  validateEndpointIp,
  validateOneOf,
  validatePortNumberOrName,
  validateQualifiedName,
} from '../field-checks.ts';
import {
  validateClusterIpFields,
  validateClusterIpsUpdate,
  validateIpFamiliesUpdate,
} from './cluster-ip-validation.ts';
import {
  headlessIp,
  isExternallyAccessible,
  isHeadless,
  needsHealthCheck,
} from './service-facts.ts';

const at = FieldPath.of('spec');
const portsAt = at.child('ports');
const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints';
const modeAnnotation = 'service.kubernetes.io/topology-mode';
const sourceRangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const maxAffinitySeconds = 86400;

/** Problems of a service; `prev` is the stored one. */
export function validateService(service: Service, prev?: Service): FieldError[] {
  const spec = service.spec ?? {};
  return [
    ...validateTopologyAnnotations(service),
    ...validateByType(spec),
    ...validatePorts(spec),
    ...validateLabels(spec.selector, at.child('selector')),
    ...validateSessionAffinity(spec),
    ...validateClusterIpFields(spec, prev?.spec),
    ...validateExternalIps(spec, prev?.spec),
    ...(spec.type
      ? validateOneOf(spec.type, types, at.child('type'))
      : [required(at.child('type'))]),
    ...validatePortNumbers(spec),
    ...validateSourceRanges(service, prev),
    ...validateLoadBalancerFields(spec),
    ...validateTrafficPolicies(spec),
  ];
}

/** Problems of an update. */
export function validateServiceUpdate(next: Service, prev: Service): FieldError[] {
  const spec = next.spec ?? {};
  const old = prev.spec ?? {};
  const errors = [...validateClusterIpsUpdate(spec, old), ...validateIpFamiliesUpdate(spec, old)];
  const both = spec.type === 'LoadBalancer' && old.type === 'LoadBalancer';
  if (both && spec.loadBalancerClass !== old.loadBalancerClass) {
    const path = at.child('loadBalancerClass');
    errors.push(invalidValue(path, spec.loadBalancerClass ?? null, 'may not change once set'));
  }
  errors.push(...validateLoadBalancerClass(spec));
  const kept = needsHealthCheck(spec) && needsHealthCheck(old);
  if (kept && spec.healthCheckNodePort !== old.healthCheckNodePort) {
    errors.push(forbiddenField(at.child('healthCheckNodePort'), 'field is immutable'));
  }
  return [...errors, ...validateService(next, prev)];
}

function validateTopologyAnnotations(service: Service): FieldError[] {
  const hints = service.metadata?.annotations?.[hintsAnnotation];
  const mode = service.metadata?.annotations?.[modeAnnotation];
  if (hints === undefined || mode === undefined || hints === mode) return [];
  const text = `must match annotations[${hintsAnnotation}] when both are specified`;
  return [invalidValue(FieldPath.of('metadata', 'annotations').key(modeAnnotation), mode, text)];
}

function validateByType(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const { type } = spec;
  if ((spec.ports ?? []).length === 0 && !isHeadless(spec) && type !== 'ExternalName') {
    errors.push(required(portsAt));
  }
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec)) {
    const text = `may not be set to 'None' for ${type} services`;
    errors.push(invalidValue(at.child('clusterIPs').index(0), headlessIp, text));
  }
  if (type !== 'ExternalName') return errors;
  const refuse = (field: string): void => {
    errors.push(forbiddenField(at.child(field), 'may not be set for ExternalName services'));
  };
  if ((spec.clusterIPs ?? []).length > 0) refuse('clusterIPs');
  if ((spec.ipFamilies ?? []).length > 0) refuse('ipFamilies');
  if (spec.ipFamilyPolicy !== undefined) refuse('ipFamilyPolicy');
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  const path = at.child('externalName');
  if (name === '') errors.push(required(path));
  else errors.push(...validateDnsSubdomain(name, path));
  return errors;
}

function validatePorts(spec: ServiceSpec): FieldError[] {
  const ports = spec.ports ?? [];
  const names = new Set<string>();
  return ports.flatMap((port, i) => {
    const here = portsAt.index(i);
    const errors: FieldError[] = [];
    const name = port.name ?? '';
    if (name !== '') {
      errors.push(...validateDnsLabel(name, here.child('name')));
      if (names.has(name)) errors.push(duplicate(here.child('name'), name));
      names.add(name);
    } else if (ports.length > 1) errors.push(required(here.child('name')));
    const number = port.port ?? 0;
    errors.push(...invalidFor(here.child('port'), number, isPortNumber(number)));
    errors.push(
      ...(port.protocol
        ? validateOneOf(port.protocol, portProtocols, here.child('protocol'))
        : [required(here.child('protocol'))]),
    );
    errors.push(...validatePortNumberOrName(port.targetPort, here.child('targetPort')));
    if (port.appProtocol !== undefined) {
      errors.push(...validateQualifiedName(port.appProtocol, here.child('appProtocol')));
    }
    return errors;
  });
}

function validateSessionAffinity(spec: ServiceSpec): FieldError[] {
  const affinity = spec.sessionAffinity;
  const here = at.child('sessionAffinityConfig');
  const config = spec.sessionAffinityConfig;
  if (affinity === 'None') {
    if (config === undefined) return [];
    return [forbiddenField(here, 'must not be set when session affinity is None')];
  }
  if (affinity !== 'ClientIP') {
    const path = at.child('sessionAffinity');
    return affinity ? [notSupported(path, affinity, ['ClientIP', 'None'])] : [required(path)];
  }
  const text = 'when session affinity type is ClientIP';
  if (config === undefined) return [required(here, text)];
  if (config.clientIP === undefined) return [required(here.child('clientIP'), text)];
  const path = here.child('clientIP', 'timeoutSeconds');
  const seconds = config.clientIP.timeoutSeconds;
  if (seconds === undefined) return [required(path, text)];
  if (seconds > 0 && seconds <= maxAffinitySeconds) return [];
  return [
    invalidValue(path, seconds, `must be greater than 0 and less than ${maxAffinitySeconds}`),
  ];
}

function validateExternalIps(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  return (spec.externalIPs ?? []).flatMap((ip, i) => {
    const here = at.child('externalIPs').index(i);
    const errors = validateLegacyIp(ip, here, true, old?.externalIPs ?? []);
    return errors.length > 0 ? errors : validateEndpointIp(ip, here);
  });
}

function validatePortNumbers(spec: ServiceSpec): FieldError[] {
  const ports = spec.ports ?? [];
  const errors: FieldError[] = [];
  if (spec.type === 'ClusterIP') {
    for (const [i, port] of ports.entries()) {
      if (!port.nodePort) continue;
      const text = "may not be used when `type` is 'ClusterIP'";
      errors.push(forbiddenField(portsAt.index(i).child('nodePort'), text));
    }
  }
  const repeated = (
    key: (p: ServicePort) => string,
    found: (i: number, p: ServicePort) => void,
  ) => {
    const seen = new Set<string>();
    for (const [i, port] of ports.entries()) {
      if (seen.has(key(port))) found(i, port);
      seen.add(key(port));
    }
  };
  const nodePort = (p: ServicePort): string => `${p.protocol}/${p.nodePort}`;
  repeated(nodePort, (i, p) => {
    if (p.nodePort) errors.push(duplicate(portsAt.index(i).child('nodePort'), p.nodePort));
  });
  repeated(
    (p) => `${p.protocol}/${p.port}`,
    (i, { protocol, port }) => {
      const key = { port, ...(protocol === undefined ? {} : { protocol }) };
      errors.push(duplicate(portsAt.index(i), internalForm('core/v1.ServicePort', key)));
    },
  );
  return errors;
}

function validateSourceRanges(service: Service, prev: Service | undefined): FieldError[] {
  const spec = service.spec ?? {};
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const onlyBalancers = "may only be used when `type` is 'LoadBalancer'";
  if (ranges.length > 0) {
    // The capital is the real server's.
    const path = at.child('LoadBalancerSourceRanges');
    const before = (prev?.spec?.loadBalancerSourceRanges ?? []).map((r) => r.trim());
    return [
      ...(spec.type === 'LoadBalancer' ? [] : [forbiddenField(path, onlyBalancers)]),
      ...ranges.flatMap((r, i) => validateLegacyCidr(r.trim(), path.index(i), true, before)),
    ];
  }
  const value = service.metadata?.annotations?.[sourceRangesAnnotation];
  if (value === undefined) return [];
  const path = FieldPath.of('metadata', 'annotations').key(sourceRangesAnnotation);
  const errors = spec.type === 'LoadBalancer' ? [] : [forbiddenField(path, onlyBalancers)];
  if (prev?.metadata?.annotations?.[sourceRangesAnnotation] === value || value.trim() === '') {
    return errors;
  }
  const cidrs = value.trim().split(',');
  return [...errors, ...cidrs.flatMap((c) => validateLegacyCidr(c.trim(), path, true))];
}

function validateLoadBalancerFields(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const balancer = spec.type === 'LoadBalancer';
  if (spec.allocateLoadBalancerNodePorts !== undefined && !balancer) {
    const text = "may only be used when `type` is 'LoadBalancer'";
    errors.push(forbiddenField(at.child('allocateLoadBalancerNodePorts'), text));
  }
  if (spec.allocateLoadBalancerNodePorts === undefined && balancer) {
    errors.push(required(FieldPath.of('allocateLoadBalancerNodePorts')));
  }
  return [...errors, ...validateLoadBalancerClass(spec)];
}

function validateLoadBalancerClass(spec: ServiceSpec): FieldError[] {
  if (spec.loadBalancerClass === undefined) return [];
  const path = at.child('loadBalancerClass');
  if (spec.type === 'LoadBalancer') return validateQualifiedName(spec.loadBalancerClass, path);
  return [forbiddenField(path, "may only be used when `type` is 'LoadBalancer'")];
}

const trafficPolicies = ['Cluster', 'Local'];
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

function validateTrafficPolicies(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const external = spec.externalTrafficPolicy;
  const externalAt = at.child('externalTrafficPolicy');
  if (!isExternallyAccessible(spec)) {
    if (external) {
      const text = 'may only be set for externally-accessible services';
      errors.push(invalidValue(externalAt, external, text));
    }
  } else if (!external) errors.push(required(externalAt));
  else errors.push(...validateOneOf(external, trafficPolicies, externalAt));
  errors.push(...validateHealthCheckPort(spec));
  const internal = spec.internalTrafficPolicy;
  const internalAt = at.child('internalTrafficPolicy');
  if (internal !== undefined) errors.push(...validateOneOf(internal, trafficPolicies, internalAt));
  else if (['NodePort', 'LoadBalancer', 'ClusterIP'].includes(spec.type ?? '')) {
    errors.push(required(internalAt));
  }
  const distribution = spec.trafficDistribution;
  if (distribution !== undefined) {
    errors.push(...validateOneOf(distribution, distributions, at.child('trafficDistribution')));
  }
  return errors;
}

function validateHealthCheckPort(spec: ServiceSpec): FieldError[] {
  const port = spec.healthCheckNodePort ?? 0;
  const here = at.child('healthCheckNodePort');
  if (needsHealthCheck(spec)) {
    return port === 0 ? [required(here)] : invalidFor(here, port, isPortNumber(port));
  }
  if (port === 0) return [];
  const text =
    "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return [invalidValue(here, port, text)];
}

/** Problems of a status update. */
export function validateServiceStatusUpdate(next: Service, prev: Service): FieldError[] {
  return [...validateLoadBalancerStatus(next, prev)];
}

const ipModes = ['Proxy', 'VIP'];

function validateLoadBalancerStatus(next: Service, prev: Service): FieldError[] {
  const ingress = next.status?.loadBalancer?.ingress ?? [];
  const path = FieldPath.of('status', 'loadBalancer', 'ingress');
  if (next.spec?.type !== 'LoadBalancer' && ingress.length > 0) {
    return [forbiddenField(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const known = (prev.status?.loadBalancer?.ingress ?? []).flatMap((i) => (i.ip ? [i.ip] : []));
  return ingress.flatMap((one, i) => {
    const here = path.index(i);
    const errors = one.ip ? validateLegacyIp(one.ip, here.child('ip'), true, known) : [];
    const modeAt = here.child('ipMode');
    if (one.ipMode === undefined) {
      if (one.ip) errors.push(required(modeAt, 'must be specified when `ip` is set'));
    } else if (!one.ip) {
      errors.push(forbiddenField(modeAt, 'may not be specified when `ip` is not set'));
    } else errors.push(...validateOneOf(one.ipMode, ipModes, modeAt));
    if (!one.hostname) return errors;
    const hostAt = here.child('hostname');
    errors.push(...invalidFor(hostAt, one.hostname, isDns1123Subdomain(one.hostname)));
    if (parseIp(one.hostname) !== undefined) {
      errors.push(invalidValue(hostAt, one.hostname, 'must be a DNS name, not an IP address'));
    }
    return errors;
  });
}

/** Warnings about a service. */
export function serviceWarnings(service: Service): string[] {
  const spec = service.spec ?? {};
  const warnings: string[] = [];
  const headless = spec.type === 'ClusterIP' && spec.clusterIP === headlessIp;
  const externalIps = spec.externalIPs ?? [];
  if (service.metadata?.annotations?.[hintsAnnotation] !== undefined) {
    warnings.push(
      `annotation ${hintsAnnotation} is deprecated, please use ${modeAnnotation} instead`,
    );
  }
  if (spec.clusterIP && spec.clusterIP !== headlessIp) {
    for (const [i, ip] of (spec.clusterIPs ?? []).entries()) {
      warnings.push(...ipWarnings(ip, at.child('clusterIPs').index(i)));
    }
  }
  if (headless) {
    const ignored = 'is ignored for headless services';
    if (spec.loadBalancerIP) warnings.push(`spec.loadBalancerIP ${ignored}`);
    if (externalIps.length > 0) warnings.push(`spec.externalIPs ${ignored}`);
    if (spec.sessionAffinity !== 'None') warnings.push(`spec.SessionAffinity ${ignored}`);
  }
  for (const [i, ip] of externalIps.entries()) {
    warnings.push(...ipWarnings(ip, at.child('externalIPs').index(i)));
  }
  if (externalIps.length > 0 && !headless && spec.type !== 'ExternalName') {
    warnings.push(
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    );
  }
  if (spec.loadBalancerIP) {
    warnings.push(...ipWarnings(spec.loadBalancerIP, at.child('loadBalancerIP')));
  }
  for (const [i, cidr] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    warnings.push(...cidrWarnings(cidr, at.child('loadBalancerSourceRanges').index(i)));
  }
  if (spec.type === 'ExternalName' && externalIps.length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (spec.type !== 'ExternalName' && spec.externalName) {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}
