/** apiextensions.k8s.io/v1 CustomResourceDefinition. */
import type { CustomResourceDefinition } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';
import { validateCrdStatus } from './crd-notes-validation.ts';
import { validateCrd, validateCrdUpdate } from './crd-validation.ts';
import { formatWarnings } from './format-warnings.ts';

export const customResourceDefinitions = defineResource<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  anyFinalizer: true,
  storagePrefix: '/registry/apiextensions.k8s.io/customresourcedefinitions',
  storageVersion: 'apiextensions.k8s.io/v1beta1/CustomResourceDefinition',
  unconditionalUpdate: false,
  generationOf: (crd) => ({ spec: crd.spec }),
  prepareForCreate: (next) => {
    delete next.status;
    addStoredVersion(next);
  },
  prepareForUpdate: addStoredVersion,
  validate: validateCrd,
  validateUpdate: validateCrdUpdate,
  warnings: formatWarnings,
  status: { withoutTable: true, resetFields: [['spec']], validateUpdate: validateCrdStatus },
});

/** status.storedVersions lists every version that objects may be stored in. */
function addStoredVersion(crd: CustomResourceDefinition): void {
  const name = (crd.spec.versions ?? []).find((v) => v.storage)?.name;
  const stored = crd.status?.storedVersions ?? [];
  if (name === undefined || stored.includes(name)) return;
  crd.status = { ...crd.status, storedVersions: [...stored, name] };
}
