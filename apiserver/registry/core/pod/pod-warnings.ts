/** Warnings about pods and pod templates: deprecated, ambiguous or useless settings. */
import { deepEqual } from '../../../../machinery/meta/equality.ts';
import { FieldPath, quote } from '../../../../machinery/meta/field-error.ts';
import { ipWarnings } from '../../../../machinery/meta/ip.ts';
import { parseQuantity } from '../../../../machinery/meta/quantity.ts';
import type {
  ContainerPort,
  EnvVar,
  ObjectMeta,
  Pod,
  PodSpec,
  PodTemplateSpec,
} from '../../../../machinery/schema/wire.ts';
import { deprecatedNodeLabel, nodeSelectorTermWarnings } from '../node/deprecated-labels.ts';
import { claimSpecWarnings } from '../volume/claim-warnings.ts';
import { overlappingPathWarnings } from '../volume/overlapping-paths.ts';
import { containersWithPath } from './pod-walk.ts';
import {
  appArmorAnnotationPrefix,
  appArmorProfileOf,
  seccompContainerAnnotationPrefix,
  seccompPodAnnotation,
} from './profiles.ts';

/** Warnings about a new pod. */
export function podWarnings(pod: Pod): string[] {
  return warningsOf(pod.spec ?? { containers: [] }, pod.metadata ?? {}, FieldPath.root, false);
}

/** Warnings about the template at `at`; undefined gives none. */
export function podTemplateWarnings(
  template: PodTemplateSpec | undefined,
  at: FieldPath,
): string[] {
  if (template === undefined) return [];
  return warningsOf(template.spec ?? { containers: [] }, template.metadata ?? {}, at, true);
}

function warningsOf(spec: PodSpec, meta: ObjectMeta, at: FieldPath, template: boolean): string[] {
  const specAt = at.child('spec');
  return [
    ...placementWarnings(spec, specAt),
    ...annotationWarnings(meta, at.child('metadata', 'annotations')),
    ...volumeWarnings(spec, specAt),
    ...overlappingPathWarnings(spec.volumes ?? []),
    ...duplicateWarnings(spec, specAt),
    ...fractionWarnings(spec.overhead, specAt.child('overhead')),
    ...profileAndContainerWarnings(spec, meta, at, template),
    ...portWarnings(spec, specAt),
    ...graceWarnings(spec, specAt),
    ...affinityWarnings(spec, specAt),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, i) =>
      ipWarnings(ip, specAt.child('dnsConfig', 'nameservers').index(i)),
    ),
    ...(spec.hostAliases ?? []).flatMap((alias, i) =>
      ipWarnings(alias.ip ?? '', specAt.child('hostAliases').index(i).child('ip')),
    ),
  ];
}

const nullSelector = 'a null labelSelector results in matching no pod';

function placementWarnings(spec: PodSpec, at: FieldPath): string[] {
  const warnings: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {}).sort()) {
    const message = deprecatedNodeLabel(key);
    if (message !== undefined) warnings.push(`${at.child('nodeSelector').key(key)}: ${message}`);
  }
  const affinity = spec.affinity?.nodeAffinity;
  const here = at.child('affinity', 'nodeAffinity');
  const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
  const soft = 'preferredDuringSchedulingIgnoredDuringExecution';
  for (const [i, term] of (affinity?.[hard]?.nodeSelectorTerms ?? []).entries()) {
    const path = here.child(hard, 'nodeSelectorTerms').index(i);
    warnings.push(...nodeSelectorTermWarnings(term, path));
  }
  for (const [i, term] of (affinity?.[soft] ?? []).entries()) {
    const path = here.child(soft).index(i).child('preference');
    warnings.push(...nodeSelectorTermWarnings(term.preference ?? {}, path, true));
  }
  for (const [i, c] of (spec.topologySpreadConstraints ?? []).entries()) {
    const path = at.child('topologySpreadConstraints').index(i);
    const message = deprecatedNodeLabel(c.topologyKey);
    if (message !== undefined) {
      warnings.push(`${path.child('topologyKey')}: ${c.topologyKey} is ${message}`);
    }
    if (c.labelSelector === undefined) {
      warnings.push(`${path.child('labelSelector')}: ${nullSelector}`);
    }
  }
  return warnings;
}

const deprecatedAnnotations = [
  [
    'scheduler.alpha.kubernetes.io/critical-pod',
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  [
    'security.alpha.kubernetes.io/sysctls',
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
  [
    'security.alpha.kubernetes.io/unsafe-sysctls',
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
] as const;

function annotationWarnings(meta: ObjectMeta, at: FieldPath): string[] {
  return deprecatedAnnotations
    .filter(([key]) => meta.annotations?.[key] !== undefined)
    .map(([key, message]) => `${at.key(key)}: ${message}`);
}

const deprecatedVolumes = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['ephemeral', ''],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

function volumeWarnings(spec: PodSpec, at: FieldPath): string[] {
  return (spec.volumes ?? []).flatMap((volume, i) => {
    const here = at.child('volumes').index(i);
    return deprecatedVolumes.flatMap(([source, message]) => {
      if (volume[source] === undefined) return [];
      if (source === 'ephemeral') {
        const template = volume.ephemeral?.volumeClaimTemplate;
        const path = here.child('ephemeral', 'volumeClaimTemplate', 'spec');
        return template === undefined ? [] : claimSpecWarnings(template.spec, path);
      }
      const shown = source === 'storageos' ? 'storageOS' : source;
      return [`${here.child(shown)}: ${message}`];
    });
  });
}

function duplicateWarnings(spec: PodSpec, at: FieldPath): string[] {
  const warnings: string[] = [];
  const ips = new Set<string>();
  for (const [i, { ip = '' }] of (spec.hostAliases ?? []).entries()) {
    const path = at.child('hostAliases').index(i).child('ip');
    if (ips.has(ip)) warnings.push(`${path}: duplicate ip ${quote(ip)}`);
    ips.add(ip);
  }
  const secrets = spec.imagePullSecrets ?? [];
  const nameAt = (i: number): FieldPath => at.child('imagePullSecrets').index(i).child('name');
  const names = new Set<string>();
  for (const [i, { name = '' }] of secrets.entries()) {
    if (names.has(name)) warnings.push(`${nameAt(i)}: duplicate name ${quote(name)}`);
    names.add(name);
  }
  for (const [i, { name }] of secrets.entries()) {
    if (!name) warnings.push(`${nameAt(i)}: invalid empty name ""`);
  }
  return warnings;
}

function fractionWarnings(
  list: Readonly<Record<string, string>> | undefined,
  at: FieldPath,
  names: readonly string[] = ['memory', 'ephemeral-storage'],
): string[] {
  return names.flatMap((name) => {
    const value = list?.[name];
    if (value === undefined || parseQuantity(value).isWhole()) return [];
    return [
      `${at.key(name)}: fractional byte value ${quote(value)} is invalid, must be an integer`,
    ];
  });
}

function profileAndContainerWarnings(
  spec: PodSpec,
  meta: ObjectMeta,
  at: FieldPath,
  template: boolean,
): string[] {
  const annotations = meta.annotations ?? {};
  const annotationsAt = at.child('metadata', 'annotations');
  const seccomp = (key: string): string[] =>
    annotations[key] === undefined
      ? []
      : [
          `${annotationsAt.key(key)}: non-functional in v1.27+; use the "seccompProfile" field instead`,
        ];
  const warnings =
    spec.securityContext?.seccompProfile === undefined ? seccomp(seccompPodAnnotation) : [];
  for (const [c, here] of containersWithPath(spec, at.child('spec'))) {
    if (c.securityContext?.seccompProfile === undefined) {
      warnings.push(...seccomp(seccompContainerAnnotationPrefix + c.name));
    }
    const key = appArmorAnnotationPrefix + c.name;
    const annotation = annotations[key];
    // Of pods this was said when the annotation was copied to the field.
    if (template && annotation !== undefined && !c.securityContext?.appArmorProfile) {
      const own = spec.securityContext?.appArmorProfile;
      if (own === undefined || !deepEqual(own, appArmorProfileOf(annotation))) {
        const text = 'deprecated since v1.30; use the "appArmorProfile" field instead';
        warnings.push(`${annotationsAt.key(key)}: ${text}`);
      }
    }
    const { limits, requests } = c.resources ?? {};
    for (const name of ['memory', 'ephemeral-storage']) {
      warnings.push(
        ...fractionWarnings(limits, here.child('resources', 'limits'), [name]),
        ...fractionWarnings(requests, here.child('resources', 'requests'), [name]),
      );
    }
    warnings.push(...envWarnings(c.env ?? [], here.child('env')));
  }
  return warnings;
}

/** A later variable of the same name is fine when it builds on the earlier one. */
function envWarnings(vars: readonly EnvVar[], at: FieldPath): string[] {
  const seen = new Set<string>();
  return vars.flatMap((v, i) => {
    if (!seen.has(v.name)) {
      seen.add(v.name);
      return [];
    }
    const reference = `$(${v.name})`;
    const value = v.value ?? '';
    if (v.valueFrom === undefined && value !== reference && value.includes(reference)) return [];
    const shown = quote(v.name);
    return [
      `${at.index(i)}: hides previous definition of ${shown}, which may be dropped when using apply`,
    ];
  });
}

interface PlacedPort {
  readonly at: FieldPath;
  readonly port: ContainerPort;
}

function portWarnings(spec: PodSpec, at: FieldPath): string[] {
  const ports: PlacedPort[] = containersWithPath(spec, at).flatMap(([c, here]) =>
    (c.ports ?? []).map((port, i) => ({ at: here.child('ports').index(i), port })),
  );
  const warnings: string[] = [];
  const byNumber = new Map<string, PlacedPort[]>();
  for (const placed of ports) {
    const { port } = placed;
    if (port.hostIP && !port.hostPort) {
      warnings.push(`${placed.at}: hostIP set without hostPort: ${printed(port)}`);
    }
    const key = `${port.containerPort}/${port.protocol}`;
    const others = byNumber.get(key) ?? [];
    warnings.push(...others.flatMap((other) => conflictWarning(placed, other)));
    byNumber.set(key, [...others, placed]);
  }
  const byName = new Map<string, FieldPath>();
  for (const placed of ports) {
    const name = placed.port.name;
    if (!name) continue;
    const other = byName.get(name);
    if (other === undefined) byName.set(name, placed.at);
    else {
      warnings.push(
        `${placed.at}: duplicate port name ${quote(name)} with ${other}, services and probes that ` +
          `select ports by name will use ${other}`,
      );
    }
  }
  return warnings;
}

/** A Go struct as %+v prints it. */
function printed(p: ContainerPort): string {
  return (
    `{Name:${p.name ?? ''} HostPort:${p.hostPort ?? 0} ContainerPort:${p.containerPort} ` +
    `Protocol:${p.protocol ?? ''} HostIP:${p.hostIP ?? ''}}`
  );
}

function conflictWarning(one: PlacedPort, other: PlacedPort): string[] {
  const [a, b] = [one.port.hostPort ?? 0, other.port.hostPort ?? 0];
  const [ipA, ipB] = [one.port.hostIP ?? '', other.port.hostIP ?? ''];
  let what: string | undefined;
  if (ipA === ipB && a === b) what = 'duplicate';
  else if (a === 0 || b === 0) what = 'overlapping';
  else if (a === b && (ipA === '') !== (ipB === '')) what = 'dangerously ambiguous';
  return what === undefined ? [] : [`${one.at}: ${what} port definition with ${other.at}`];
}

function graceWarnings(spec: PodSpec, at: FieldPath): string[] {
  if ((spec.terminationGracePeriodSeconds ?? 0) >= 0) return [];
  const path = at.child('terminationGracePeriodSeconds');
  return [`${path}: must be >= 0; negative values are invalid and will be treated as 1`];
}

function affinityWarnings(spec: PodSpec, at: FieldPath): string[] {
  const warnings: string[] = [];
  const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
  const soft = 'preferredDuringSchedulingIgnoredDuringExecution';
  for (const field of ['podAffinity', 'podAntiAffinity'] as const) {
    const own = spec.affinity?.[field];
    const here = at.child('affinity', field);
    for (const [i, term] of (own?.[hard] ?? []).entries()) {
      if (term.labelSelector !== undefined) continue;
      warnings.push(`${here.child(hard).index(i).child('labelSelector')}: ${nullSelector}`);
    }
    for (const [i, term] of (own?.[soft] ?? []).entries()) {
      if (term.podAffinityTerm?.labelSelector !== undefined) continue;
      const path = here.child(soft).index(i).child('podAffinityTerm', 'labelSelector');
      warnings.push(`${path}: ${nullSelector}`);
    }
  }
  return warnings;
}
