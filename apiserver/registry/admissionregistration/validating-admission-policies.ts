/** admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy. */
import type { ValidatingAdmissionPolicy } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { keepMetadata, specAndMetadata } from '../status-metadata.ts';
import { paramKindText } from './param-text.ts';
import { validatePolicyStatus } from './policy-status-validation.ts';
import { staticNameWarnings } from './static-name-warning.ts';
import {
  validateValidatingPolicy,
  validateValidatingPolicyUpdate,
} from './validating-policy-validation.ts';

export const validatingAdmissionPolicies = defineResource<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  metadataChecks: ['whole'],
  categories: ['api-extensions'],
  namespaced: false,
  anyFinalizer: true,
  unconditionalUpdate: false,
  generationOf: (p) => ({ spec: p.spec }),
  status: {
    metadataChecks: ['whole'],
    resetFields: specAndMetadata,
    prepareForUpdate: keepMetadata,
    validateUpdate: validatePolicyStatus,
  },
  validate: validateValidatingPolicy,
  validateUpdate: validateValidatingPolicyUpdate,
  warnings: staticNameWarnings,
  columns: [
    nameColumn(),
    column(
      'Validations',
      'Validations indicates the number of validation rules defined in this configuration',
      (p) => p.spec?.validations?.length ?? 0,
      { type: 'integer' },
    ),
    column(
      'ParamKind',
      'ParamKind specifies the kind of resources used to parameterize this policy',
      (p) => paramKindText(p.spec?.paramKind),
    ),
    ageColumn(),
  ],
});
