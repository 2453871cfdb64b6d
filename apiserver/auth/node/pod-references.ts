/**
 * The names of what a pod refers to in its namespace: secrets, config maps, claims.
 * References through other objects (pod, claim, volume, secret) are not followed.
 */
import type { Container, Pod, Volume } from '../../../machinery/schema/wire.ts';

/** Containers of every kind. */
export function containersOf(pod: Pod): Container[] {
  const { spec } = pod;
  return [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...((spec?.ephemeralContainers ?? []) as Container[]),
  ];
}

/** Secrets for pulling, in the environment of containers, and in volumes. */
export function secretNames(pod: Pod): string[] {
  const names: (string | undefined)[] = (pod.spec?.imagePullSecrets ?? []).map((s) => s.name);
  for (const c of containersOf(pod)) {
    for (const from of c.envFrom ?? []) names.push(from.secretRef?.name);
    for (const e of c.env ?? []) names.push(e.valueFrom?.secretKeyRef?.name);
  }
  for (const v of pod.spec?.volumes ?? []) names.push(...volumeSecrets(v));
  return distinct(names);
}

function volumeSecrets(v: Volume): (string | undefined)[] {
  return [
    v.azureFile?.secretName,
    v.cephfs?.secretRef?.name,
    v.cinder?.secretRef?.name,
    v.flexVolume?.secretRef?.name,
    v.rbd?.secretRef?.name,
    v.secret?.secretName,
    v.scaleIO?.secretRef?.name,
    v.iscsi?.secretRef?.name,
    v.storageos?.secretRef?.name,
    v.csi?.nodePublishSecretRef?.name,
    ...(v.projected?.sources ?? []).map((s) => s.secret?.name),
  ];
}

/** Config maps in the environment of containers and in volumes. */
export function configMapNames(pod: Pod): string[] {
  const names: (string | undefined)[] = [];
  for (const c of containersOf(pod)) {
    for (const from of c.envFrom ?? []) names.push(from.configMapRef?.name);
    for (const e of c.env ?? []) names.push(e.valueFrom?.configMapKeyRef?.name);
  }
  for (const v of pod.spec?.volumes ?? []) {
    names.push(v.configMap?.name);
    for (const s of v.projected?.sources ?? []) names.push(s.configMap?.name);
  }
  return distinct(names);
}

/** Claims of volumes; those of ephemeral volumes carry the pod's name in front. */
export function claimNames(pod: Pod): string[] {
  const name = pod.metadata?.name ?? '';
  return distinct(
    (pod.spec?.volumes ?? []).map((v) =>
      v.ephemeral === undefined ? v.persistentVolumeClaim?.claimName : `${name}-${v.name}`,
    ),
  );
}

function distinct(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((n): n is string => n !== undefined && n !== ''))];
}
