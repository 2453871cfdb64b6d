/** `pods/exec`: runs a command in a container. */
import type { Subresource } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { kubeletStream, streamFlags } from './kubelet-stream.ts';
import { containerOf, type Kubelets } from './kubelets.ts';

export function podExec(env: SubresourceEnvironment, kubelets: Kubelets): Subresource {
  return kubeletStream(env, kubelets, {
    name: 'exec',
    kind: 'PodExecOptions',
    location(pod, query) {
      const { namespace, name } = pod.metadata!;
      const container = containerOf(pod, query.get('container') ?? '');
      const command = query.getAll('command').map((c) => ['command', c] as const);
      return {
        path: `/exec/${namespace}/${name}/${container}`,
        query: [...streamFlags(query), ...command],
      };
    },
  });
}
