/** `pods/attach`: joins the streams of a container's process. */
import type { Subresource } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { kubeletStream, streamFlags } from './kubelet-stream.ts';
import { containerOf, type Kubelets } from './kubelets.ts';

export function podAttach(env: SubresourceEnvironment, kubelets: Kubelets): Subresource {
  return kubeletStream(env, kubelets, {
    name: 'attach',
    kind: 'PodAttachOptions',
    location(pod, query) {
      const { namespace, name } = pod.metadata!;
      const container = containerOf(pod, query.get('container') ?? '');
      return { path: `/attach/${namespace}/${name}/${container}`, query: streamFlags(query) };
    },
  });
}
