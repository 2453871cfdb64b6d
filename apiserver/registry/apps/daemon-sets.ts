/** apps/v1 DaemonSet. */
import { semanticEqual } from '../../../machinery/meta/equality.ts';
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import { typeRef } from '../../../machinery/schema/schema.ts';
import type { DaemonSet } from '../../../machinery/schema/wire.ts';
import { ageColumn, column, containerColumns, labelSelectorText, labelsText } from '../columns.ts';
import { dropDisabledPodFields } from '../core/pod/drop-disabled.ts';
import { podTemplateWarnings } from '../core/pod/pod-warnings.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  templateGeneration,
  templateGenerationOf,
  validateDaemonSet,
  validateDaemonSetStatus,
  validateDaemonSetUpdate,
} from './daemon-set-validation.ts';

const templateType = typeRef('core/v1.PodTemplateSpec');

export const daemonSets = defineResource<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  warnings: (next, prev) => (templateChanged(next, prev) ? warningsOf(next) : []),
  validate: validateDaemonSet,
  validateUpdate: validateDaemonSetUpdate,
  generationOf: (ds) => ({ spec: ds.spec }),
  fieldAnnotations: [templateGeneration],
  prepareForCreate: (next) => {
    dropDisabledPodFields(next.spec?.template?.spec, undefined);
    setTemplateGeneration(next, Math.max(templateGenerationOf(next), 1));
  },
  prepareForUpdate: (next, prev) => {
    dropDisabledPodFields(next.spec?.template?.spec, prev.spec?.template?.spec);
    const before = templateGenerationOf(prev);
    const changed = !semanticEqual(templateType, next.spec?.template, prev.spec?.template);
    setTemplateGeneration(next, changed ? before + 1 : before);
  },
  status: {
    prepareForUpdate: (next, prev) => setTemplateGeneration(next, templateGenerationOf(prev)),
    validateUpdate: validateDaemonSetStatus,
  },
  columns: [
    nameColumn(),
    column(
      'Desired',
      '@apps/v1.DaemonSetStatus.desiredNumberScheduled',
      (ds) => ds.status?.desiredNumberScheduled ?? 0,
      { type: 'integer' },
    ),
    column(
      'Current',
      '@apps/v1.DaemonSetStatus.currentNumberScheduled',
      (ds) => ds.status?.currentNumberScheduled ?? 0,
      { type: 'integer' },
    ),
    column('Ready', '@apps/v1.DaemonSetStatus.numberReady', (ds) => ds.status?.numberReady ?? 0, {
      type: 'integer',
    }),
    column(
      'Up-to-date',
      '@apps/v1.DaemonSetStatus.updatedNumberScheduled',
      (ds) => ds.status?.updatedNumberScheduled ?? 0,
      { type: 'integer' },
    ),
    column(
      'Available',
      '@apps/v1.DaemonSetStatus.numberAvailable',
      (ds) => ds.status?.numberAvailable ?? 0,
      { type: 'integer' },
    ),
    column('Node Selector', '@core/v1.PodSpec.nodeSelector', (ds) =>
      labelsText(ds.spec?.template.spec?.nodeSelector),
    ),
    ageColumn(),
    ...containerColumns<DaemonSet>((ds) => ds.spec?.template),
    column(
      'Selector',
      '@apps/v1.DaemonSetSpec.selector',
      (ds) => labelSelectorText(ds.spec?.selector),
      { priority: 1 },
    ),
  ],
});

function templateChanged(next: DaemonSet, prev: DaemonSet | undefined): boolean {
  return prev === undefined || templateGenerationOf(next) !== templateGenerationOf(prev);
}

function warningsOf(ds: DaemonSet): string[] {
  return podTemplateWarnings(ds.spec?.template, FieldPath.of('spec', 'template'));
}

function setTemplateGeneration(ds: DaemonSet, value: number): void {
  ds.metadata ??= {};
  ds.metadata.annotations = { ...ds.metadata.annotations, [templateGeneration]: String(value) };
}
