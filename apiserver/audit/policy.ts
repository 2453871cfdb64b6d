/** What the audit log tells of a request: the rules of an audit.k8s.io/v1 Policy. */
import type { AccessAttributes } from '../auth/authorizer.ts';
import { matchesUrl } from '../auth/url-pattern.ts';

export type AuditLevel = 'None' | 'Metadata' | 'Request' | 'RequestResponse';
export type AuditStage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

export const auditLevels: readonly AuditLevel[] = [
  'None',
  'Metadata',
  'Request',
  'RequestResponse',
];
export const auditStages: readonly AuditStage[] = [
  'RequestReceived',
  'ResponseStarted',
  'ResponseComplete',
  'Panic',
];

/** One rule; what is left out matches everything. */
export interface PolicyRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly {
    readonly group?: string;
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

export interface Policy {
  readonly rules: readonly PolicyRule[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/** How one request is told of. */
export interface RequestAudit {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<AuditStage>;
  readonly omitManagedFields: boolean;
}

/** What rules look at; `user` undefined: nobody was authenticated. */
export type AuditedRequest = Omit<AccessAttributes, 'user'> & {
  readonly user: AccessAttributes['user'] | undefined;
};

/** The first rule that matches decides; without one nothing is told. */
export class PolicyEvaluator {
  readonly #rules: readonly { readonly rule: PolicyRule; readonly audit: RequestAudit }[];

  constructor(policy: Policy) {
    this.#rules = policy.rules.map((rule) => ({
      rule,
      audit: {
        level: rule.level,
        omitStages: new Set([...(policy.omitStages ?? []), ...(rule.omitStages ?? [])]),
        omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields ?? false,
      },
    }));
  }

  /** Undefined: the request is not audited. */
  evaluate(request: AuditedRequest): RequestAudit | undefined {
    const found = this.#rules.find(({ rule }) => matches(rule, request));
    return found === undefined || found.audit.level === 'None' ? undefined : found.audit;
  }
}

function matches(rule: PolicyRule, a: AuditedRequest): boolean {
  const { users = [], userGroups = [], verbs = [], namespaces = [], resources = [] } = rule;
  if (users.length > 0 && (a.user === undefined || !users.includes(a.user.name))) return false;
  if (userGroups.length > 0 && !(a.user?.groups ?? []).some((g) => userGroups.includes(g))) {
    return false;
  }
  if (verbs.length > 0 && !verbs.includes(a.verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) return matchesResource(rule, a);
  const urls = rule.nonResourceURLs ?? [];
  if (urls.length === 0) return true;
  return !a.resourceRequest && urls.some((url) => matchesUrl(url, a.path));
}

function matchesResource(rule: PolicyRule, a: AuditedRequest): boolean {
  const { namespaces = [], resources = [] } = rule;
  if (!a.resourceRequest) return false;
  // What has no namespace is in ''.
  if (namespaces.length > 0 && !namespaces.includes(a.namespace)) return false;
  if (resources.length === 0) return true;
  const combined = a.subresource === '' ? a.resource : `${a.resource}/${a.subresource}`;
  const named = (pattern: string) =>
    pattern === '*' ||
    pattern === combined ||
    (a.subresource !== '' && pattern === `*/${a.subresource}`) ||
    pattern === `${a.resource}/*`;
  return resources.some(({ group = '', resources: patterns = [], resourceNames = [] }) => {
    if (group !== '*' && group !== a.group) return false;
    if (patterns.length === 0) return true;
    if (resourceNames.length > 0 && !resourceNames.includes(a.name)) return false;
    return patterns.some(named);
  });
}
