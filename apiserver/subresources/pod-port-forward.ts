/** `pods/portforward`: connections to ports of a pod. */
import { quote } from '../../machinery/meta/field-error.ts';
import { badRequest } from '../../machinery/meta/status-error.ts';
import type { Subresource } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';
import { kubeletStream } from './kubelet-stream.ts';
import type { Kubelets } from './kubelets.ts';

export function podPortForward(env: SubresourceEnvironment, kubelets: Kubelets): Subresource {
  return kubeletStream(env, kubelets, {
    name: 'portforward',
    kind: 'PodPortForwardOptions',
    location(pod, query) {
      const { namespace, name } = pod.metadata!;
      const ports = query.getAll('ports').flatMap((p) => p.split(','));
      const bad = ports.find((p) => !/^[+-]?\d+$/.test(p));
      if (bad !== undefined) {
        throw badRequest(`strconv.ParseInt: parsing ${quote(bad)}: invalid syntax`);
      }
      return {
        kind: 'portForward',
        path: `/portForward/${namespace}/${name}`,
        query: ports.length > 0 ? [['port', ports.join(',')]] : [],
        flags: { stdin: false, stdout: false, stderr: false, tty: false },
        ports: ports.map(Number),
      };
    },
  });
}
