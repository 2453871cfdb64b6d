/** admissionregistration.k8s.io/v1 MutatingAdmissionPolicy. */
import type { MutatingAdmissionPolicy } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { paramKindText } from './param-text.ts';

export const mutatingAdmissionPolicies = defineResource<MutatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  checksMetadataAgain: false,
  categories: ['api-extensions'],
  namespaced: false,
  anyFinalizer: true,
  storageVersion: 'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy',
  unconditionalUpdate: false,
  generationOf: (p) => p.spec,
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
