/** PodTopologyLabels: a pod that gets a node gets the labels of the node's zone and region. */
import type { KubeObject, Node, Pod } from '../../machinery/schema/wire.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { isCore } from './refusal.ts';

const topologyLabels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

interface Binding extends KubeObject {
  target?: { kind?: string; name?: string };
}

export function podTopologyLabels(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'PodTopologyLabels',
    handles: (a) => a.operation === 'CREATE' && (isCore(a, 'pods') || isCore(a, 'pods', 'binding')),
    async admit(a) {
      const object = a.object!;
      const nodeName =
        a.subresource === 'binding' ? targetOf(object) : (object as Pod).spec?.nodeName;
      if (!nodeName) return;
      const labels = (await env.access.get<Node>('nodes', '', nodeName))?.metadata?.labels ?? {};
      const copied = topologyLabels.flatMap((name): [string, string][] =>
        labels[name] === undefined ? [] : [[name, labels[name]]],
      );
      if (copied.length === 0) return;
      object.metadata ??= {};
      object.metadata.labels = { ...object.metadata.labels, ...Object.fromEntries(copied) };
    },
  };
}

function targetOf({ target }: Binding): string | undefined {
  return target?.kind === 'Node' ? target.name : undefined;
}
