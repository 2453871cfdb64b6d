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
    check: (query) => void portsOf(query),
    location(pod, query) {
      const { namespace, name } = pod.metadata!;
      const ports = portsOf(query);
      return {
        kind: 'portForward',
        path: `/portForward/${namespace}/${name}`,
        query: ports.length > 0 ? [['port', ports.join(',')]] : [],
        flags: { stdin: false, stdout: false, stderr: false, tty: false },
        ports,
      };
    },
  });
}

/** Throws 400 for what is no port number. */
function portsOf(query: URLSearchParams): number[] {
  return query
    .getAll('ports')
    .flatMap((p) => p.split(','))
    .map((text) => {
      const digits = /^\d+$/.test(text);
      if (digits && Number(text) <= 65535) return Number(text);
      const why = digits ? 'value out of range' : 'invalid syntax';
      throw badRequest(
        `cannot convert to []int32: strconv.ParseUint: parsing ${quote(text)}: ${why}`,
      );
    });
}
