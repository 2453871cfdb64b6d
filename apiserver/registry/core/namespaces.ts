/** v1 Namespace. It stays, terminating, until the controller has emptied and finalized it. */
import { type FieldError, FieldPath, invalidValue } from '../../../machinery/meta/field-error.ts';
import { isQualifiedName, nameIsDnsLabel } from '../../../machinery/meta/names.ts';
import type { Namespace } from '../../../machinery/schema/wire.ts';
import { ageColumn } from '../columns.ts';
import { allVerbs, defineResource, nameColumn } from '../resource.ts';
import { invalidFor } from './field-checks.ts';

/** The finalizer that every namespace has until its contents are gone. */
export const namespaceFinalizer = 'kubernetes';

const nameLabel = 'kubernetes.io/metadata.name';
const finalizersAt = FieldPath.of('spec', 'finalizers');

export const namespaces = defineResource<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  metadataChecks: ['whole', 'change'],
  deleteReturnsObject: true,
  verbs: allVerbs.filter((v) => v !== 'deletecollection'),
  nameRule: nameIsDnsLabel,
  selectableFields: { 'status.phase': (ns) => ns.status?.phase ?? '' },
  prepareForCreate: (next) => {
    next.status = { phase: 'Active' };
    next.spec ??= {};
    const finalizers = next.spec.finalizers ?? [];
    if (!finalizers.includes(namespaceFinalizer)) {
      next.spec.finalizers = [...finalizers, namespaceFinalizer];
    }
  },
  prepareForUpdate: (next, prev) => {
    next.spec = { ...prev.spec };
  },
  canonicalize: (next) => {
    next.metadata!.labels = { ...next.metadata!.labels, [nameLabel]: next.metadata!.name! };
  },
  validate: (next) => validateSpecFinalizers(next, () => finalizersAt),
  validateUpdate: (next) => [...validateSpecFinalizers(next, () => finalizersAt)],
  deletionHold: {
    pending: (ns) => (ns.spec?.finalizers ?? []).length > 0,
    mark: (ns) => {
      // Emptying takes what time it takes.
      delete ns.metadata?.deletionGracePeriodSeconds;
      ns.status = { ...ns.status, phase: 'Terminating' };
    },
  },
  status: {
    validateUpdate: (next) => validatePhase(next),
  },
  faces: {
    finalize: {
      verbs: ['update'],
      resetFields: [['status']],
      prepareForUpdate: (next, prev) => {
        if (prev.status === undefined) delete next.status;
        else next.status = { ...prev.status };
      },
      validateUpdate: (next) => validateSpecFinalizers(next, (i) => finalizersAt.index(i)),
    },
  },
  columns: [
    nameColumn(),
    {
      name: 'Status',
      description: 'The status of the namespace',
      cell: (ns) => ns.status?.phase ?? '',
    },
    ageColumn(),
  ],
});

function validateSpecFinalizers(ns: Namespace, at: (i: number) => FieldPath): FieldError[] {
  return (ns.spec?.finalizers ?? []).flatMap((f, i) => [
    ...invalidFor(at(i), f, isQualifiedName(f)),
    ...validateStandardFinalizer(f, at(i)),
  ]);
}

function validateStandardFinalizer(name: string, at: FieldPath): FieldError[] {
  if (name.includes('/') || [namespaceFinalizer, 'orphan', 'foregroundDeletion'].includes(name)) {
    return [];
  }
  const text = 'name is neither a standard finalizer name nor is it fully qualified';
  return [invalidValue(at, name, text)];
}

/** The phase follows from the deletion. */
function validatePhase(ns: Namespace): FieldError[] {
  const deleted = ns.metadata?.deletionTimestamp !== undefined;
  const phase = ns.status?.phase ?? '';
  if (phase === (deleted ? 'Terminating' : 'Active')) return [];
  const text = deleted
    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
    : "may only be 'Active' if `deletionTimestamp` is empty";
  return [invalidValue(FieldPath.of('status', 'Phase'), phase, text)];
}
