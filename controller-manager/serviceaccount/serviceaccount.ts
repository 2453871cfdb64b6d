/** The service account controller: every active namespace has the account `default`. */
import { namespaces as namespaceResource, serviceAccounts } from '../../client/resources.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { Namespace } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController } from '../controller.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';

const name = 'default';

export const serviceAccountController = defineController({
  name: 'serviceaccount-controller',
  aliases: ['serviceaccount'],
  serviceAccount: 'service-account-controller',
  setup,
});

function setup(context: ControllerContext): void {
  const { client } = context;
  const namespaces = context.informer(namespaceResource);
  const accounts = context.informer(serviceAccounts);
  const queue = context.queue({ workers: 1, reconcile });
  const wake = (n: Namespace): void => queue.add(n.metadata?.name ?? '');
  namespaces.addHandler({ added: wake, updated: (_, n) => wake(n) });
  accounts.addHandler({ deleted: (a) => queue.add(a.metadata?.namespace ?? '') });

  async function reconcile(namespace: string, signal: AbortSignal): Promise<undefined> {
    if (namespaces.store.byKey(namespace)?.status?.phase !== 'Active') return;
    if (accounts.store.get(namespace, name) !== undefined) return;
    try {
      const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } };
      await client.create(serviceAccounts, account, { signal });
    } catch (e) {
      if (!hasReason(e, 'AlreadyExists') && !isNamespaceTerminating(e)) throw e;
    }
  }
}
