/** v1 PodTemplate. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import type { PodTemplate } from '../../../machinery/schema/wire.ts';
import { containerColumns, labelsText } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { dropDisabledPodFields } from './pod/drop-disabled.ts';
import { templateOptions } from './pod/pod-options.ts';
import { validatePodTemplateSpec } from './pod/pod-template.ts';
import { podTemplateWarnings } from './pod/pod-warnings.ts';

const at = FieldPath.of('template');

export const podTemplates = defineResource<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  namespaced: true,
  deleteReturnsObject: true,
  generationOf: (o) => ({ template: o.template }),
  prepareForCreate: (next) => dropDisabledPodFields(next.template?.spec, undefined),
  prepareForUpdate: (next, prev) => dropDisabledPodFields(next.template?.spec, prev.template?.spec),
  validate: (next) => validatePodTemplateSpec(next.template ?? {}, at),
  validateUpdate: (next, prev) => [
    ...validatePodTemplateSpec(next.template ?? {}, at, templateOptions(prev.template)),
  ],
  warnings: (next, prev) => {
    const same = prev !== undefined && prev.metadata?.generation === next.metadata?.generation;
    return same ? [] : podTemplateWarnings(next.template, at);
  },
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
