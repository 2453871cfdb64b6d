/** NodeDeclaredFeatureValidator: a running pod changes only in ways that its node can follow. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type { Node, Pod } from '../../machinery/schema/wire.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { isCore, refused } from './refusal.ts';

/** What a change takes, by the name under which nodes declare it; in the order of names. */
const features: readonly [name: string, needed: (next: Pod, prev: Pod) => boolean][] = [
  [
    'InPlacePodLevelResourcesVerticalScaling',
    (next, prev) => !deepEqual(next.spec?.resources, prev.spec?.resources),
  ],
  ['InPlacePodVerticalScalingInitContainers', initContainersAreResized],
];

export function nodeDeclaredFeatures(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'NodeDeclaredFeatureValidator',
    handles: (a) => a.operation === 'UPDATE' && (isCore(a, 'pods') || isCore(a, 'pods', 'resize')),
    async validate(a) {
      const next = a.object as Pod;
      const prev = a.oldObject as Pod;
      const nodeName = next.spec?.nodeName;
      if (!nodeName || next.metadata?.generation === prev.metadata?.generation) return;
      const needed = features.filter(([, isNeeded]) => isNeeded(next, prev)).map(([name]) => name);
      if (needed.length === 0) return;
      const node = await env.access.get<Node>('nodes', '', nodeName);
      if (node === undefined) throw refused(a, `node ${JSON.stringify(nodeName)} not found`);
      const declared = node.status?.declaredFeatures ?? [];
      const missing = needed.filter((name) => !declared.includes(name));
      if (missing.length === 0) return;
      throw refused(
        a,
        `pod update requires features ${missing.join(', ')} which are not available on node ${JSON.stringify(nodeName)}`,
      );
    },
  };
}

/** Sidecars have always been resized like other containers. */
function initContainersAreResized(next: Pod, prev: Pod): boolean {
  return (prev.spec?.initContainers ?? []).some(
    (container, i) =>
      container.restartPolicy !== 'Always' &&
      !deepEqual(container.resources ?? {}, next.spec?.initContainers?.[i]?.resources ?? {}),
  );
}
