/** Pods by the node they are bound to. */
import type { Informer } from '../../client/informer.ts';
import type { Pod } from '../../machinery/schema/wire.ts';

const index = 'node';

/** Call once in a controller's setup. */
export function indexByNode(pods: Informer<Pod>): void {
  pods.addIndex(index, (pod) => {
    const name = pod.spec?.nodeName ?? '';
    return name === '' ? [] : [name];
  });
}

export function podsOnNode(pods: Informer<Pod>, node: string): readonly Pod[] {
  return pods.store.byIndex(index, node);
}
