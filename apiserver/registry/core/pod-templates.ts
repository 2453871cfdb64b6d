/** v1 PodTemplate. */
import type { PodTemplate } from '../../../machinery/schema/wire.ts';
import { containerColumns, labelsText } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';

export const podTemplates = defineResource<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  namespaced: true,
  deleteReturnsObject: true,
  generationOf: (o) => o.template,
  columns: [
    nameColumn(),
    ...containerColumns<PodTemplate>((o) => o.template, 0),
    {
      name: 'Pod Labels',
      description: 'The labels for the pod template.',
      cell: (o) => labelsText(o.template?.metadata?.labels),
    },
  ],
});
