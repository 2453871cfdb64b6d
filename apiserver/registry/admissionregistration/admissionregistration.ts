/** The resources of group admissionregistration.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { mutatingAdmissionPolicies } from './mutating-admission-policies.ts';
import { mutatingAdmissionPolicyBindings } from './mutating-admission-policy-bindings.ts';
import { mutatingWebhookConfigurations } from './mutating-webhook-configurations.ts';
import { validatingAdmissionPolicies } from './validating-admission-policies.ts';
import { validatingAdmissionPolicyBindings } from './validating-admission-policy-bindings.ts';
import { validatingWebhookConfigurations } from './validating-webhook-configurations.ts';

export const admissionregistrationResources = resourceList(
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  mutatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
);
