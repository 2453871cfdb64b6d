/** admissionregistration.k8s.io/v1 MutatingAdmissionPolicy. */
import type { MutatingAdmissionPolicy } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  validateMutatingPolicy,
  validateMutatingPolicyUpdate,
} from './mutating-policy-validation.ts';
import { paramKindText } from './param-text.ts';
import { staticNameWarnings } from './static-name-warning.ts';

export const mutatingAdmissionPolicies = defineResource<MutatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  metadataChecks: ['whole'],
  categories: ['api-extensions'],
  namespaced: false,
  anyFinalizer: true,
  storageVersion: 'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy',
  unconditionalUpdate: false,
  generationOf: (p) => ({ spec: p.spec }),
  validate: validateMutatingPolicy,
  validateUpdate: validateMutatingPolicyUpdate,
  warnings: staticNameWarnings,
  columns: [
    nameColumn(),
    column(
      'Mutations',
      'Mutation indicates the number of mutations rules defined in this configuration',
      (p) => p.spec?.mutations?.length ?? 0,
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
