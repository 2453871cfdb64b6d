/** DefaultBinder: one POST to the pod's binding subresource. */
import { pods } from '../../client/resources.ts';
import type { Handle, Plugin } from '../framework.ts';
import { failure } from '../status.ts';
import { Turnstile } from '../turnstile.ts';

const name = 'DefaultBinder';
/** Requests at a time: every further one would open a connection, which costs more than waiting. */
const limitRequests = 32;

export function defaultBinder(handle: Pick<Handle, 'client'>): Plugin {
  const turnstile = new Turnstile(limitRequests);
  return {
    name,
    async bind(_state, pod, nodeName) {
      const body = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: pod.name, namespace: pod.namespace, uid: pod.uid },
        target: { kind: 'Node', name: nodeName },
      };
      const key = { namespace: pod.namespace, name: pod.name };
      try {
        await turnstile.run(() => handle.client.post(pods, key, 'binding', body));
        return undefined;
      } catch (e) {
        return failure(name, e);
      }
    },
  };
}
