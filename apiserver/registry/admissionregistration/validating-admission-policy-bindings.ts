/** admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding. */
import type { ValidatingAdmissionPolicyBinding } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { paramRefText } from './param-text.ts';
import { validateValidatingBinding } from './policy-binding-validation.ts';
import { staticNameWarnings } from './static-name-warning.ts';

export const validatingAdmissionPolicyBindings = defineResource<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  metadataChecks: ['whole'],
  categories: ['api-extensions'],
  namespaced: false,
  anyFinalizer: true,
  unconditionalUpdate: false,
  generationOf: (b) => ({ spec: b.spec }),
  validate: validateValidatingBinding,
  validateUpdate: validateValidatingBinding,
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
