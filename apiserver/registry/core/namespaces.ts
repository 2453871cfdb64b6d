/** v1 Namespace. Its `finalize` subresource and the deletion of its contents are handled apart. */
import { nameIsDnsLabel } from '../../../machinery/meta/names.ts';
import type { Namespace } from '../../../machinery/schema/wire.ts';
import { ageColumn } from '../columns.ts';
import { allVerbs, defineResource, nameColumn } from '../resource.ts';

/** The finalizer that every namespace has until its contents are gone. */
export const namespaceFinalizer = 'kubernetes';

const nameLabel = 'kubernetes.io/metadata.name';

export const namespaces = defineResource<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
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
  status: {},
  faces: {
    finalize: {
      verbs: ['update'],
      prepareForUpdate: (next, prev) => {
        if (prev.status !== undefined) next.status = prev.status;
      },
    },
  },
  deletionHold: {
    pending: (ns) => (ns.spec?.finalizers?.length ?? 0) > 0,
    mark: (ns) => {
      ns.status = { ...ns.status, phase: 'Terminating' };
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
