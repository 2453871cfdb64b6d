/** v1 Binding: posted to assign a pod to a node; never stored. The handler is a subresource's. */
import type { Binding } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';

export const bindings = defineResource<Binding>({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  namespaced: true,
  verbs: ['create'],
});
