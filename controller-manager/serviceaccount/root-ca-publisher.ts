/** The root CA publisher: every namespace has the server's CA in the ConfigMap kube-root-ca.crt. */
import { configMaps, namespaces as namespaceResource } from '../../client/resources.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { ConfigMap, Namespace } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController } from '../controller.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';

const name = 'kube-root-ca.crt';
const descriptionAnnotation = 'kubernetes.io/description';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal ' +
  'endpoints such as the internal service IP or kubernetes.default.svc. ' +
  'No other usage is guaranteed across distributions of Kubernetes clusters.';

export const rootCaPublisher = defineController({
  name: 'root-ca-certificate-publisher-controller',
  aliases: ['root-ca-cert-publisher'],
  serviceAccount: 'root-ca-cert-publisher',
  missing: (options) => (options.rootCa === undefined ? '--root-ca-file is not given' : undefined),
  setup,
});

/** The config map as it should be; the same one when it is. */
export function publishedCa(present: ConfigMap | undefined, rootCa: string): ConfigMap {
  const { annotations } = present?.metadata ?? {};
  const keys = Object.keys(present?.data ?? {});
  const current =
    keys.length === 1 &&
    present?.data?.['ca.crt'] === rootCa &&
    (annotations?.[descriptionAnnotation] ?? '') !== '';
  if (current) return present!;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...present,
    metadata: {
      name,
      ...present?.metadata,
      annotations: { ...annotations, [descriptionAnnotation]: description },
    },
    data: { 'ca.crt': rootCa },
  };
}

function setup(context: ControllerContext): void {
  const { client } = context;
  const rootCa = context.options.rootCa ?? '';
  const namespaces = context.informer(namespaceResource);
  const maps = context.informer(configMaps, { fieldSelector: `metadata.name=${name}` });
  const queue = context.queue({ workers: 1, reconcile });
  const wake = (n: Namespace): void => queue.add(n.metadata?.name ?? '');
  namespaces.addHandler({
    added: wake,
    updated: (_, n) => (n.status?.phase === 'Active' ? wake(n) : undefined),
  });
  const wakeOwn = (map: ConfigMap): void => queue.add(map.metadata?.namespace ?? '');
  maps.addHandler({ updated: (_, map) => wakeOwn(map), deleted: wakeOwn });

  async function reconcile(namespace: string, signal: AbortSignal): Promise<undefined> {
    if (namespaces.store.byKey(namespace) === undefined) return;
    const present = maps.store.get(namespace, name);
    const wanted = publishedCa(present, rootCa);
    if (wanted === present) return;
    if (present !== undefined) {
      await client.update(configMaps, wanted, { signal });
      return;
    }
    try {
      const made = { ...wanted, metadata: { ...wanted.metadata, namespace } };
      await client.create(configMaps, made, { signal });
    } catch (e) {
      const expected = hasReason(e, 'NotFound', 'AlreadyExists') || isNamespaceTerminating(e);
      if (!expected) throw e;
    }
  }
}
