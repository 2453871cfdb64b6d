/** admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBinding. */
import type { MutatingAdmissionPolicyBinding } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { paramRefText } from './param-text.ts';
import { validateMutatingBinding } from './policy-binding-validation.ts';
import { staticNameWarnings } from './static-name-warning.ts';

export const mutatingAdmissionPolicyBindings = defineResource<MutatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  metadataChecks: ['whole'],
  categories: ['api-extensions'],
  namespaced: false,
  anyFinalizer: true,
  storageVersion: 'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicyBinding',
  unconditionalUpdate: false,
  generationOf: (b) => ({ spec: b.spec }),
  validate: validateMutatingBinding,
  validateUpdate: validateMutatingBinding,
  warnings: staticNameWarnings,
  columns: [
    nameColumn(),
    column(
      'PolicyName',
      'PolicyName indicates the policy definition which the policy binding binded to',
      (b) => b.spec?.policyName ?? '',
    ),
    column(
      'ParamRef',
      'ParamRef indicates the param resource which sets the configuration param',
      (b) => paramRefText(b.spec?.paramRef),
    ),
    ageColumn(),
  ],
});
