/** The mode Webhook: somebody else decides, and is sent SubjectAccessReviews. */
import type { SubjectAccessReview } from '../../machinery/schema/wire.ts';
import { defaultRetries, type Retries, WebhookClient } from '../webhook/webhook-client.ts';
import { readWebhookConfig } from '../webhook/webhook-config.ts';
import { AccessConditions } from './access-conditions.ts';
import type { WebhookConfiguration } from './authorization-configuration.ts';
import type { AccessAttributes, Authorizer, Decision } from './authorizer.ts';
import { ExpiringCache } from './expiring-cache.ts';

type Status = NonNullable<SubjectAccessReview['status']>;

export interface WebhookAuthorizerOptions {
  readonly name: string;
  readonly client: Pick<WebhookClient, 'post'>;
  /** Of authorization.k8s.io. */
  readonly version: string;
  /** How long answers hold, in milliseconds; 0: not at all. */
  readonly allowedMs: number;
  readonly refusedMs: number;
  /** Where nobody answers: whether others may still allow. */
  readonly failurePolicy: 'NoOpinion' | 'Deny';
  readonly retries: Retries;
  /** Which requests it is asked about; without: all. */
  readonly conditions?: AccessConditions;
  now(): number;
}

const cacheLimit = 8192;
/** What clients choose freely can be long: then the answer is not kept. */
const maxKeptText = 10_000;

/** By a checked configuration. Throws an Error for a file that cannot be read. */
export function webhookAuthorizer(
  name: string,
  c: WebhookConfiguration,
  now: () => number,
): Authorizer {
  const { cacheAuthorizedRequests = true, cacheUnauthorizedRequests = true } = c;
  return askingAuthorizer({
    name,
    client: new WebhookClient(readWebhookConfig(c.connectionInfo!.kubeConfigFile!), c.timeout),
    version: c.subjectAccessReviewVersion!,
    allowedMs: cacheAuthorizedRequests ? (c.authorizedTTL ?? 0) : 0,
    refusedMs: cacheUnauthorizedRequests ? (c.unauthorizedTTL ?? 0) : 0,
    failurePolicy: c.failurePolicy === 'Deny' ? 'Deny' : 'NoOpinion',
    retries: defaultRetries,
    conditions: new AccessConditions((c.matchConditions ?? []).map((m) => m.expression ?? '')),
    now,
  });
}

/** Asks, and keeps the answers. */
export function askingAuthorizer(o: WebhookAuthorizerOptions): Authorizer {
  const kept = new ExpiringCache<Status>(cacheLimit, o.now);
  const apiVersion = `authorization.k8s.io/${o.version}`;
  const onError = o.failurePolicy === 'Deny' ? 'deny' : 'noOpinion';
  return {
    name: o.name,
    async authorize(a): Promise<Decision> {
      const match = o.conditions?.match(a) ?? true;
      if (match instanceof Error) return { decision: onError, reason: '', error: match.message };
      if (!match) return { decision: 'noOpinion', reason: '' };
      const spec = specOf(a, o.version);
      const key = JSON.stringify(spec);
      let status = kept.get(key);
      if (status === undefined) {
        const review = `{"kind":"SubjectAccessReview","apiVersion":"${apiVersion}","metadata":{},"spec":${key},"status":{"allowed":false}}`;
        try {
          status = statusOf(await o.client.post(review, o.retries), apiVersion);
        } catch (e) {
          return { decision: onError, reason: '', error: (e as Error).message };
        }
        if (textLength(a) < maxKeptText) {
          kept.set(key, status, status.allowed ? o.allowedMs : o.refusedMs);
        }
      }
      return decisionOf(status);
    },
    rules: () => ({
      resourceRules: [],
      nonResourceRules: [],
      incomplete: true,
      error: 'webhook authorizer does not support user rule resolution',
    }),
  };
}

function decisionOf({ allowed, denied = false, reason = '' }: Status): Decision {
  if (denied && allowed) {
    const error = 'webhook subject access review returned both allow and deny response';
    return { decision: 'deny', reason, error };
  }
  return { decision: denied ? 'deny' : allowed ? 'allow' : 'noOpinion', reason };
}

function specOf(a: AccessAttributes, version: string): object {
  const { user } = a;
  const selector = (requirements: AccessAttributes['fieldSelector']) =>
    (requirements ?? []).length === 0
      ? undefined
      : {
          requirements: requirements!.map(({ key, operator, values }) => ({
            key,
            operator,
            ...(values.length === 0 ? {} : { values }),
          })),
        };
  const resourceAttributes = {
    namespace: a.namespace || undefined,
    verb: a.verb || undefined,
    group: a.group || undefined,
    version: a.version || undefined,
    resource: a.resource || undefined,
    subresource: a.subresource || undefined,
    name: a.name || undefined,
    fieldSelector: selector(a.fieldSelector),
    labelSelector: selector(a.labelSelector),
  };
  const groups = user.groups.length === 0 ? undefined : user.groups;
  return {
    ...(a.resourceRequest
      ? { resourceAttributes }
      : { nonResourceAttributes: { path: a.path || undefined, verb: a.verb || undefined } }),
    user: user.name || undefined,
    // The old version has another name for them.
    ...(version === 'v1beta1' ? { group: groups } : { groups }),
    extra: user.extra,
    uid: user.uid || undefined,
  };
}

function textLength(a: AccessAttributes): number {
  const texts = [
    a.namespace,
    a.verb,
    a.group,
    a.version,
    a.resource,
    a.subresource,
    a.name,
    a.path,
  ];
  return texts.reduce((n, text) => n + text.length, 0);
}

/** Throws an Error for an answer that is no review. */
function statusOf(answer: unknown, apiVersion: string): Status {
  const { kind, apiVersion: version, status } = (answer ?? {}) as Partial<SubjectAccessReview>;
  if (kind === 'SubjectAccessReview' && version === apiVersion) {
    return status ?? { allowed: false };
  }
  throw new Error(
    `the webhook answered with something else than a SubjectAccessReview of ${apiVersion}`,
  );
}
