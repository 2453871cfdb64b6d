/**
 * Fields of features that are off by default in v1.36: cleared from what clients send, unless the
 * stored object uses the feature already.
 */
import type { PodSpec, PodStatus } from '../../../../machinery/schema/wire.ts';
import { allContainers } from './pod-walk.ts';

/** Changes `next` in place; `prev` is the stored spec. */
export function dropDisabledPodFields(next: PodSpec | undefined, prev: PodSpec | undefined): void {
  if (next === undefined) return;
  for (const feature of projections) {
    if (!usesProjection(prev, feature)) dropProjection(next, feature);
  }
  if (prev?.schedulingGroup === undefined) delete next.schedulingGroup;
  if (!usesStopSignal(prev)) dropStopSignals(next);
}

/** ClusterTrustBundleProjection and PodCertificateRequest. */
const projections = ['clusterTrustBundle', 'podCertificate'] as const;
type Projection = (typeof projections)[number];

function usesProjection(spec: PodSpec | undefined, feature: Projection): boolean {
  return (spec?.volumes ?? []).some((v) =>
    v.projected?.sources?.some((s) => s[feature] !== undefined),
  );
}

function dropProjection(spec: PodSpec, feature: Projection): void {
  for (const v of spec.volumes ?? []) for (const s of v.projected?.sources ?? []) delete s[feature];
}

/** ContainerStopSignals. */
function usesStopSignal(spec: PodSpec | undefined): boolean {
  return spec !== undefined && allContainers(spec).some((c) => c.lifecycle?.stopSignal);
}

function dropStopSignals(spec: PodSpec): void {
  for (const c of allContainers(spec)) {
    if (c.lifecycle?.stopSignal === undefined) continue;
    delete c.lifecycle.stopSignal;
    if (Object.keys(c.lifecycle).length === 0) delete c.lifecycle;
  }
}

const statusLists = [
  'containerStatuses',
  'initContainerStatuses',
  'ephemeralContainerStatuses',
] as const;

/** The same for the status; changes `next` in place. */
export function dropDisabledStatusFields(
  next: PodStatus | undefined,
  prev: PodStatus | undefined,
): void {
  if (next === undefined) return;
  // DRANodeAllocatableResources and ImageVolumeWithDigest.
  if (prev?.nodeAllocatableResourceClaimStatuses === undefined) {
    delete next.nodeAllocatableResourceClaimStatuses;
  }
  if (volumeMounts(prev).some((m) => m.volumeStatus !== undefined)) return;
  for (const mount of volumeMounts(next)) delete mount.volumeStatus;
}

function volumeMounts(status: PodStatus | undefined) {
  return statusLists.flatMap((list) => (status?.[list] ?? []).flatMap((s) => s.volumeMounts ?? []));
}
