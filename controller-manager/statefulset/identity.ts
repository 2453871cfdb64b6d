/** Who a pod of a stateful set is: its ordinal, name, labels and volumes. */
import { newControllerRef } from '../../machinery/meta/owner.ts';
import type { Pod, PodTemplateSpec, StatefulSet, Volume } from '../../machinery/schema/wire.ts';
import { podFromTemplate } from '../pods/pod-control.ts';
import { claimName } from './claims.ts';

export const revisionLabel = 'controller-revision-hash';
const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';

/** The parent's name and the ordinal in a pod's name; undefined when it is of another form. */
function parsed(pod: Pod): { parent: string; ordinal: number } | undefined {
  const match = /^(.*)-([0-9]+)$/.exec(pod.metadata?.name ?? '');
  if (match === null) return undefined;
  const ordinal = Number(match[2]);
  return ordinal < 2 ** 31 ? { parent: match[1]!, ordinal } : undefined;
}

export function ordinalOf(pod: Pod): number | undefined {
  return parsed(pod)?.ordinal;
}

/** Named as a pod of this set. */
export function isMember(set: StatefulSet, pod: Pod): boolean {
  return parsed(pod)?.parent === set.metadata?.name;
}

export function startOrdinal(set: StatefulSet): number {
  return set.spec?.ordinals?.start ?? 0;
}

export function replicasOf(set: StatefulSet): number {
  return set.spec?.replicas ?? 1;
}

/** The set wants a pod of this ordinal. */
export function isWanted(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(pod) ?? -1;
  const start = startOrdinal(set);
  return ordinal >= start && ordinal < start + replicasOf(set);
}

export function revisionOf(pod: Pod): string {
  return pod.metadata?.labels?.[revisionLabel] ?? '';
}

/** The pod of an ordinal by a template, not created yet. */
export function newPod(
  set: StatefulSet,
  template: PodTemplateSpec,
  ordinal: number,
  revision: string,
): Pod {
  const reference = newControllerRef(set, 'apps/v1', 'StatefulSet');
  const bare = podFromTemplate(template, set, reference);
  const name = `${set.metadata?.name}-${ordinal}`;
  const named = withIdentity({ ...bare, metadata: { ...bare.metadata, name } });
  const { serviceName = '' } = set.spec!;
  const labels = { ...named.metadata?.labels, [revisionLabel]: revision };
  return withStorage(set, {
    ...named,
    metadata: { ...named.metadata, labels },
    spec: {
      ...named.spec!,
      hostname: name,
      ...(serviceName === '' ? {} : { subdomain: serviceName }),
    },
  });
}

/** The labels say who it is. */
export function hasIdentity(pod: Pod): boolean {
  return pod.metadata?.labels?.[podNameLabel] === pod.metadata?.name;
}

/** The pod with the labels of its identity. */
export function withIdentity(pod: Pod): Pod {
  const { name = '', labels } = pod.metadata ?? {};
  const own = { [podNameLabel]: name, [podIndexLabel]: String(ordinalOf(pod) ?? '') };
  return { ...pod, metadata: { ...pod.metadata, labels: { ...labels, ...own } } };
}

/** Its volumes cover the claim templates of the set. */
export function hasStorage(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(pod) ?? 0;
  return (set.spec?.volumeClaimTemplates ?? []).every((template) => {
    const volume = pod.spec?.volumes?.find((v) => v.name === template.metadata?.name);
    return volume?.persistentVolumeClaim?.claimName === claimName(set, template, ordinal);
  });
}

/** The pod with the set's claims as volumes, in place of volumes of the same names. */
export function withStorage(set: StatefulSet, pod: Pod): Pod {
  const templates = set.spec?.volumeClaimTemplates ?? [];
  if (templates.length === 0) return pod;
  const ordinal = ordinalOf(pod) ?? 0;
  const claimed: Volume[] = templates.map((t) => ({
    name: t.metadata?.name ?? '',
    persistentVolumeClaim: { claimName: claimName(set, t, ordinal) },
  }));
  const names = new Set(claimed.map((v) => v.name));
  const others = (pod.spec?.volumes ?? []).filter((v) => !names.has(v.name));
  return { ...pod, spec: { ...pod.spec!, volumes: [...claimed, ...others] } };
}
