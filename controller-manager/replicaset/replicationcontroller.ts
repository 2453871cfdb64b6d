/** The ReplicationController controller: ReplicaSet's ancestor, with a plain label map. */
import { replicationControllers } from '../../client/resources.ts';
import { nothing, selectorOfLabels } from '../../machinery/meta/labels.ts';
import { defineController } from '../controller.ts';
import { setUpReplicas } from './replica-controller.ts';

export const replicationController = defineController({
  name: 'replicationcontroller-controller',
  aliases: ['replicationcontroller'],
  serviceAccount: 'replication-controller',
  setup: (context) =>
    setUpReplicas(context, {
      resource: replicationControllers,
      component: 'replication-controller',
      reportsTerminating: false,
      workers: context.options.concurrentRcSyncs,
      spec: (rc) => ({
        replicas: rc.spec?.replicas ?? 1,
        minReadySeconds: rc.spec?.minReadySeconds ?? 0,
        template: rc.spec?.template ?? {},
      }),
      selector(rc) {
        const labels = rc.spec?.selector ?? {};
        return Object.keys(labels).length === 0 ? nothing : selectorOfLabels(labels);
      },
    }),
});
