/** apps/v1 DaemonSet. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import type { DaemonSet } from '../../../machinery/schema/wire.ts';
import { ageColumn, column, containerColumns, labelSelectorText, labelsText } from '../columns.ts';
import { dropDisabledPodFields } from '../core/pod/drop-disabled.ts';
import { podTemplateWarnings } from '../core/pod/pod-warnings.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  validateDaemonSet,
  validateDaemonSetStatus,
  validateDaemonSetUpdate,
} from './daemon-set-validation.ts';

/** Where the count of template changes stands since apps/v1 has no field for it. */
const templateGeneration = 'deprecated.daemonset.template.generation';

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
    const given = Number(next.metadata?.annotations?.[templateGeneration] ?? '0');
    setTemplateGeneration(next, Math.max(given, 1));
  },
  prepareForUpdate: (next, prev) => {
    dropDisabledPodFields(next.spec?.template?.spec, prev.spec?.template?.spec);
    const before = Number(prev.metadata?.annotations?.[templateGeneration] ?? '0');
    const changed = !deepEqual(next.spec?.template, prev.spec?.template);
    setTemplateGeneration(next, changed ? before + 1 : before);
  },
  status: { validateUpdate: validateDaemonSetStatus },
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
  const generation = (ds: DaemonSet) => ds.metadata?.annotations?.[templateGeneration];
  return prev === undefined || generation(next) !== generation(prev);
}

function warningsOf(ds: DaemonSet): string[] {
  return podTemplateWarnings(ds.spec?.template, FieldPath.of('spec', 'template'));
}

function setTemplateGeneration(ds: DaemonSet, value: number): void {
  ds.metadata ??= {};
  ds.metadata.annotations = { ...ds.metadata.annotations, [templateGeneration]: String(value) };
}
