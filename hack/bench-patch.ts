/**
 * Measures patches and managedFields on the benchmark's pod, in microseconds of CPU per call (the
 * best of five runs: other work on the machine only adds).
 * Run: `node hack/bench-patch.ts`.
 */
import { toTyped } from '../machinery/codec/decode.ts';
import { deepCopy } from '../machinery/meta/copy.ts';
import { applyPatch } from '../machinery/patch/apply.ts';
import { applyJsonPatch, decodeJsonPatch } from '../machinery/patch/json-patch.ts';
import { updateManagedFields } from '../machinery/patch/managed-fields.ts';
import { applyMergePatch } from '../machinery/patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../machinery/patch/strategic-merge-patch.ts';
import { kindType } from '../machinery/schema/schema.ts';
import type { KubeObject } from '../machinery/schema/wire.ts';

const config = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'pod-1',
    namespace: 'bench',
    labels: { app: 'app-1', tier: 'web' },
    annotations: { 'example.com/owner': 'bench', 'example.com/note': 'x'.repeat(200) },
  },
  spec: {
    nodeName: 'node-1',
    serviceAccountName: 'default',
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'main',
        image: 'nginx:1.27',
        ports: [{ containerPort: 80 }],
        env: [
          { name: 'A', value: 'b' },
          { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        readinessProbe: { httpGet: { path: '/', port: 80 } },
      },
      {
        name: 'side',
        image: 'busybox:1.36',
        command: ['sh', '-c', 'sleep 1d'],
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  },
};

/** What defaulting adds to each container and to the pod. */
const containerDefaults = {
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'IfNotPresent',
};
const podDefaults = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
  enableServiceLinks: true,
  securityContext: {},
};

function measure(name: string, rounds: number, work: () => void): void {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const before = process.cpuUsage();
    for (let i = 0; i < rounds / 5; i++) work();
    const used = process.cpuUsage(before);
    best = Math.min(best, (used.user + used.system) / (rounds / 5));
  }
  console.log(`${name.padEnd(34)}${best.toFixed(2).padStart(8)} us`);
}

const type = kindType('v1', 'Pod')!;
const full = deepCopy(config);
Object.assign(full.spec, podDefaults);
for (const c of full.spec.containers) Object.assign(c, containerDefaults);
const created = toTyped(full, type).object as KubeObject;
const now = '2026-01-01T00:00:00Z';
const resetFields = [['status']];
const ownership = { type, apiVersion: 'v1', now, resetFields };

const live = deepCopy(created);
live.metadata!.uid = '00000000-0000-0000-0000-000000000001';
updateManagedFields({ ...ownership, live: undefined, next: live, manager: 'bench' });

measure('updateManagedFields, create', 20_000, () => {
  created.metadata!.managedFields = undefined as never;
  updateManagedFields({ ...ownership, live: undefined, next: created, manager: 'bench' });
});

const patch = { metadata: { annotations: { 'bench/patch': '1' } } };
const patched = applyMergePatch(live, patch, true) as KubeObject;
const liveEntries = live.metadata!.managedFields!;
measure('updateManagedFields, small patch', 20_000, () => {
  patched.metadata!.managedFields = liveEntries;
  updateManagedFields({ ...ownership, live, next: patched, manager: 'bench' });
});
measure('updateManagedFields, no change', 20_000, () => {
  updateManagedFields({ ...ownership, live, next: live, manager: 'bench' });
});

const status = {
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
};
const reset = [['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']];
measure('updateManagedFields, status', 20_000, () => {
  const next = { ...live, ...status } as KubeObject;
  updateManagedFields({
    ...ownership,
    resetFields: reset,
    live,
    next: { ...next, metadata: { ...live.metadata } },
    manager: 'kubelet',
    subresource: 'status',
  });
});

const applyConfig = deepCopy(config) as KubeObject;
const apply = { ...ownership, kind: 'Pod', config: applyConfig, manager: 'm', force: true };
measure('applyPatch, create', 10_000, () => applyPatch({ ...apply, live: undefined }));
const applied = toTyped(applyPatch({ ...apply, live: undefined }), type).object as KubeObject;
measure('applyPatch, no change', 10_000, () => applyPatch({ ...apply, live: applied }));
const changed = deepCopy(applyConfig);
changed.metadata!.labels = { app: 'app-2' };
measure('applyPatch, change and prune', 10_000, () => {
  applyPatch({ ...apply, config: changed, live: applied });
});

measure('deepCopy', 50_000, () => deepCopy(live));
measure('merge patch', 50_000, () => applyMergePatch(live, patch, true));
const strategic = { spec: { containers: [{ name: 'main', image: 'x' }] } };
measure('strategic merge patch', 20_000, () => applyStrategicMergePatch(live, strategic, type));
const { operations } = decodeJsonPatch(
  [{ op: 'replace', path: '/spec/containers/0/image', value: 'x' }],
  true,
);
measure('JSON patch', 20_000, () => applyJsonPatch(live, operations));
