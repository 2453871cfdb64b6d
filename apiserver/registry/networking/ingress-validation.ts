/** The rules of Ingresses. */
import { wasSent } from '../../../machinery/meta/emptied.ts';
import {
  type FieldError,
  FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import { parseIp, validateLegacyIp } from '../../../machinery/meta/ip.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isPathSegmentName,
  isPortName,
  isPortNumber,
  isWildcardDns1123Subdomain,
} from '../../../machinery/meta/names.ts';
import type { Ingress, IngressBackend, IngressRule } from '../../../machinery/schema/wire.ts';
import { invalidFor } from '../core/field-checks.ts';
import { internalList } from '../internal-form.ts';

const classAnnotation = 'kubernetes.io/ingress.class';
const badSequences = ['//', '/./', '/../', '%2f', '%2F'];
const badSuffixes = ['/..', '/.'];
const specPath = FieldPath.of('spec');

type Spec = NonNullable<Ingress['spec']>;
type Path = NonNullable<IngressRule['http']>['paths'][number];

export function validateIngress(next: Ingress): FieldError[] {
  const spec = next.spec ?? {};
  const errors = validateSpec(spec, undefined);
  const annotation = next.metadata?.annotations?.[classAnnotation];
  if (
    annotation !== undefined &&
    spec.ingressClassName !== undefined &&
    annotation !== spec.ingressClassName
  ) {
    const text = 'must match `ingressClassName` when both are specified';
    errors.push(invalidValue(FieldPath.of('annotations', classAnnotation), annotation, text));
  }
  return errors;
}

export function validateIngressUpdate(next: Ingress, prev: Ingress): FieldError[] {
  return validateSpec(next.spec ?? {}, prev.spec ?? {});
}

/** A class named by annotation alone is the old way. */
export function ingressWarnings(next: Ingress, prev: Ingress | undefined): string[] {
  const annotated = next.metadata?.annotations?.[classAnnotation] !== undefined;
  if (prev !== undefined || !annotated || next.spec?.ingressClassName !== undefined) return [];
  return [
    `annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`,
  ];
}

/** `prev` is the stored spec: what was invalid in it may stay. */
function validateSpec(spec: Spec, prev: Spec | undefined): FieldError[] {
  const at = specPath;
  const errors: FieldError[] = [];
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec;
  if (rules.length === 0 && defaultBackend === undefined) {
    const shown = internalList(
      'networking/v1.IngressRule',
      wasSent(spec, 'rules') ? rules : undefined,
    );
    const text = 'either `defaultBackend` or `rules` must be specified';
    errors.push(invalidValue(at, shown, text));
  }
  if (defaultBackend !== undefined) {
    errors.push(...validateBackend(defaultBackend, at.child('defaultBackend')));
  }
  const keepsWildcards = (prev?.rules ?? []).some(
    (r) => r.host?.includes('*') && validateRuleValue(r, FieldPath.root).length > 0,
  );
  for (const [i, rule] of rules.entries()) {
    errors.push(...validateRule(rule, at.child('rules').index(i), keepsWildcards));
  }
  errors.push(...validateTls(tls, prev?.tls ?? [], at.child('tls')));
  if (ingressClassName !== undefined) {
    const problems = isDns1123Subdomain(ingressClassName);
    errors.push(...invalidFor(at.child('ingressClassName'), ingressClassName, problems));
  }
  return errors;
}

function validateRule(rule: IngressRule, at: FieldPath, keepsWildcards: boolean): FieldError[] {
  const host = rule.host ?? '';
  const errors = host === '' ? [] : validateHost(host, at.child('host'));
  if (host.includes('*') && keepsWildcards) return errors;
  return [...errors, ...validateRuleValue(rule, at)];
}

function validateHost(host: string, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (parseIp(host) !== undefined) {
    errors.push(invalidValue(at, host, 'must be a DNS name, not an IP address'));
  }
  return [...errors, ...invalidFor(at, host, hostProblems(host))];
}

function hostProblems(host: string): string[] {
  return host.includes('*') ? isWildcardDns1123Subdomain(host) : isDns1123Subdomain(host);
}

function validateRuleValue(rule: IngressRule, at: FieldPath): FieldError[] {
  if (rule.http === undefined) return [];
  const pathsAt = at.child('http', 'paths');
  const paths = rule.http.paths ?? [];
  if (paths.length === 0) return [required(pathsAt)];
  return paths.flatMap((p, i) => validatePath(p, pathsAt.index(i)));
}

function validatePath(p: Path, at: FieldPath): FieldError[] {
  const path = p.path ?? '';
  const pathAt = at.child('path');
  const errors: FieldError[] = [];
  const invalidPath = (text: string) => errors.push(invalidValue(pathAt, path, text));
  switch (p.pathType ?? undefined) {
    case undefined:
      return [required(at.child('pathType'), 'pathType must be specified')];
    case 'Exact':
    case 'Prefix':
      if (!path.startsWith('/')) invalidPath('must be an absolute path');
      for (const s of badSequences) if (path.includes(s)) invalidPath(`must not contain '${s}'`);
      for (const s of badSuffixes) if (path.endsWith(s)) invalidPath(`cannot end with '${s}'`);
      break;
    case 'ImplementationSpecific':
      if (path !== '' && !path.startsWith('/')) invalidPath('must be an absolute path');
      break;
    default: {
      const types = ['Exact', 'ImplementationSpecific', 'Prefix'];
      errors.push(notSupported(at.child('pathType'), p.pathType, types));
    }
  }
  return [...errors, ...validateBackend(p.backend ?? {}, at.child('backend'))];
}

function validateBackend(backend: IngressBackend, at: FieldPath): FieldError[] {
  const { resource, service } = backend;
  if (resource !== undefined && service !== undefined) {
    return [invalidValue(at, '', 'cannot set both resource and service backends')];
  }
  if (resource !== undefined) return validateReference(resource, at.child('resource'));
  if (service === undefined) {
    return [invalidValue(at, '', 'resource or service backend is required')];
  }
  const nameAt = at.child('service', 'name');
  const errors = service.name
    ? invalidFor(nameAt, service.name, isDns1123Label(service.name))
    : [required(nameAt)];
  const { name = '', number = 0 } = service.port ?? {};
  const portAt = at.child('service', 'port');
  if (name !== '' && number !== 0) {
    errors.push(invalidValue(at, '', 'cannot set both port name & port number'));
  } else if (name !== '') {
    errors.push(...invalidFor(portAt.child('name'), name, isPortName(name)));
  } else if (number !== 0) {
    errors.push(...invalidFor(portAt.child('number'), number, isPortNumber(number)));
  } else errors.push(required(at, 'port name or number is required'));
  return errors;
}

/** A reference to an object of any kind in the same namespace. */
export function validateReference(
  ref: { apiGroup?: string | null; kind: string; name: string },
  at: FieldPath,
): FieldError[] {
  const { apiGroup, kind = '', name = '' } = ref;
  const errors: FieldError[] = [];
  // The field is written without omitempty: null where it is not given.
  if (apiGroup !== undefined && apiGroup !== null) {
    errors.push(...invalidFor(at.child('apiGroup'), apiGroup, isDns1123Subdomain(apiGroup)));
  }
  if (kind === '') errors.push(required(at.child('kind')));
  else errors.push(...invalidFor(at.child('kind'), kind, isPathSegmentName(kind)));
  if (name === '') errors.push(required(at.child('name')));
  else errors.push(...invalidFor(at.child('name'), name, isPathSegmentName(name)));
  return errors;
}

function validateTls(
  tls: NonNullable<Spec['tls']>,
  prev: NonNullable<Spec['tls']>,
  at: FieldPath,
): FieldError[] {
  const secretProblems = (name: string) => (name === '' ? [] : isDns1123Subdomain(name));
  const keepsSecrets = prev.some((t) => secretProblems(t.secretName ?? '').length > 0);
  const errors: FieldError[] = [];
  for (const [i, { hosts = [], secretName = '' }] of tls.entries()) {
    for (const [j, host] of hosts.entries()) {
      errors.push(...invalidFor(at.index(i).child('hosts').index(j), host, hostProblems(host)));
    }
    if (keepsSecrets) continue;
    const secretAt = at.index(i).child('secretName');
    errors.push(...invalidFor(secretAt, secretName, secretProblems(secretName)));
  }
  return errors;
}

export function validateIngressStatus(next: Ingress, prev: Ingress): FieldError[] {
  const at = FieldPath.of('status', 'loadBalancer', 'ingress');
  const known = (prev.status?.loadBalancer?.ingress ?? []).flatMap((i) => i.ip || []);
  const errors: FieldError[] = [];
  for (const [i, { ip, hostname }] of (next.status?.loadBalancer?.ingress ?? []).entries()) {
    if (ip) errors.push(...validateLegacyIp(ip, at.index(i).child('ip'), true, known));
    if (!hostname) continue;
    const hostAt = at.index(i).child('hostname');
    errors.push(...invalidFor(hostAt, hostname, isDns1123Subdomain(hostname)));
    if (parseIp(hostname) !== undefined) {
      errors.push(invalidValue(hostAt, hostname, 'must be a DNS name, not an IP address'));
    }
  }
  return errors;
}
