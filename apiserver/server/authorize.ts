/** Whether the user of a request may do what it asks for. */
import type { AuthMetrics } from '../auth/auth-metrics.ts';
import type { AccessAttributes, Authorizer } from '../auth/authorizer.ts';
import { refusal } from '../auth/refusal.ts';
import { fieldRequirements, labelRequirements } from '../auth/selector-requirements.ts';
import type { ApiRequest } from './api-request.ts';
import { internalServerError } from './plain-error.ts';

/** What a request asks for, as authorizers see it. */
export function attributesOf(request: ApiRequest): AccessAttributes {
  const { info, user } = request;
  return {
    user,
    verb: info.verb,
    resourceRequest: info.isResource,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    path: info.path,
    ...(request.queryText.includes('Selector=') ? selectorsOf(request) : {}),
  };
}

const selectingVerbs = ['list', 'watch', 'deletecollection'];

/** A selector can allow what would not be allowed without it: nodes list their own pods. */
function selectorsOf({
  info,
  query,
}: ApiRequest): Pick<AccessAttributes, 'fieldSelector' | 'labelSelector'> {
  if (!info.isResource || !selectingVerbs.includes(info.verb)) return {};
  const fieldSelector = fieldRequirements(query.get('fieldSelector') ?? '') ?? [];
  const labelSelector = labelRequirements(query.get('labelSelector') ?? '') ?? [];
  return {
    ...(fieldSelector.length > 0 ? { fieldSelector } : {}),
    ...(labelSelector.length > 0 ? { labelSelector } : {}),
  };
}

const decisionKey = 'authorization.k8s.io/decision';
const reasonKey = 'authorization.k8s.io/reason';

/** Throws 403 for what is not allowed, 500 where an authorizer could not tell. */
export async function authorize(
  request: ApiRequest,
  authorizer: Authorizer,
  metrics: AuthMetrics,
): Promise<void> {
  const attributes = attributesOf(request);
  const asked = authorizer.authorize(attributes);
  const answer = asked instanceof Promise ? await asked : asked;
  const { audit } = request;
  if (answer.decision === 'allow') {
    metrics.allowed.value++;
    audit?.annotate(decisionKey, 'allow');
    audit?.annotate(reasonKey, answer.reason);
    return;
  }
  if (answer.error !== undefined) {
    metrics.broken.value++;
    audit?.annotate(reasonKey, 'internal error');
    throw internalServerError(request.raw.url, answer.error);
  }
  (answer.decision === 'deny' ? metrics.denied : metrics.undecided).value++;
  audit?.annotate(decisionKey, 'forbid');
  audit?.annotate(reasonKey, answer.reason);
  throw refusal(attributes, answer.reason);
}
