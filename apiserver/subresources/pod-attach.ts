/** `pods/attach`: joins the streams of a container's process. */
import type { Subresource } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { flagPairs, flagsOf, kubeletStream } from './kubelet-stream.ts';
import { containerOf, type Kubelets } from './kubelets.ts';

export function podAttach(env: SubresourceEnvironment, kubelets: Kubelets): Subresource {
  return kubeletStream(env, kubelets, {
    name: 'attach',
    kind: 'PodAttachOptions',
    location(pod, query) {
      const { namespace, name } = pod.metadata!;
      const container = containerOf(pod, query.get('container') ?? '');
      return {
        kind: 'attach',
        path: `/attach/${namespace}/${name}/${container}`,
        query: flagPairs(query),
        flags: flagsOf(query),
        ports: [],
      };
    },
  });
}
