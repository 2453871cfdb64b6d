/** `pods/exec`: runs a command in a container. */
import type { Subresource } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { flagPairs, flagsOf, kubeletStream } from './kubelet-stream.ts';
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
        kind: 'exec',
        path: `/exec/${namespace}/${name}/${container}`,
        query: [...flagPairs(query), ...command],
        flags: flagsOf(query),
        ports: [],
      };
    },
  });
}
