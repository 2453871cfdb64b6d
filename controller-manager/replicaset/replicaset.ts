/** The ReplicaSet controller. */
import { replicaSets } from '../../client/resources.ts';
import { selectorOf } from '../../machinery/meta/labels.ts';
import { defineController } from '../controller.ts';
import { setUpReplicas } from './replica-controller.ts';

export const replicaSetController = defineController({
  name: 'replicaset-controller',
  aliases: ['replicaset'],
  serviceAccount: 'replicaset-controller',
  setup: (context) =>
    setUpReplicas(context, {
      resource: replicaSets,
      component: 'replicaset-controller',
      reportsTerminating: true,
      workers: context.options.concurrentReplicaSetSyncs,
      spec: (set) => ({
        replicas: set.spec?.replicas ?? 1,
        minReadySeconds: set.spec?.minReadySeconds ?? 0,
        template: set.spec?.template ?? {},
      }),
      selector: (set) => selectorOf(set.spec?.selector),
    }),
});
