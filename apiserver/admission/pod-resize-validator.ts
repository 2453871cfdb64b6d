/** PodResizeValidator: a running pod is not resized to what its node can never give. */
import { Quantity } from '../../machinery/meta/quantity.ts';
import { StatusError } from '../../machinery/meta/status-error.ts';
import { amountsOf } from '../../machinery/quota/amounts.ts';
import { podRequests } from '../../machinery/quota/pod-resources.ts';
import type { Node, Pod } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { isCore, refused } from './refusal.ts';

export function podResizeValidator(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'PodResizeValidator',
    handles: (a) => a.operation === 'UPDATE' && isCore(a, 'pods', 'resize'),
    async validate(a) {
      const pod = a.object as Pod;
      const nodeName = pod.spec?.nodeName;
      if (!nodeName || pod.metadata?.generation === a.oldObject?.metadata?.generation) return;
      const node = await env.access.get<Node>('nodes', '', nodeName);
      if (node === undefined) throw refused(a, `node ${JSON.stringify(nodeName)} not found`);
      const os = node.metadata?.labels?.['kubernetes.io/os'] ?? 'linux';
      if (os !== 'linux') {
        const why = `pod resize is only supported on linux nodes, node ${JSON.stringify(nodeName)} is ${JSON.stringify(os)}`;
        throw because(a, why, 'UnsupportedPlatform');
      }
      const short = shortages(pod, node);
      if (short.length === 0) return;
      const why = `node didn't have enough allocatable resources: ${short.join('; ')}`;
      throw because(a, why, 'NodeCapacity');
    },
  };
}

function because(a: AdmissionAttributes, why: string, reason: string): StatusError {
  const { message, details } = refused(a, why);
  return new StatusError('Forbidden', message, { ...details, causes: [{ reason }] });
}

function shortages(pod: Pod, node: Node): string[] {
  const allocatable = amountsOf(node.status?.allocatable);
  const asked = podRequests({ spec: pod.spec! });
  return ['cpu', 'memory'].flatMap((name) => {
    const wanted = asked.get(name) ?? Quantity.zero;
    const present = allocatable.get(name) ?? Quantity.zero;
    if (wanted.cmp(present) <= 0) return [];
    const shown = (q: Quantity) => (name === 'cpu' ? q.toMillis() : q.value());
    return [`${name}, requested: ${shown(wanted)}, allocatable: ${shown(present)}`];
  });
}
