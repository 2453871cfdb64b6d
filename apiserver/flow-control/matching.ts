/**
 * Which FlowSchema a request belongs to. Schemas are compiled when they change, so that a request
 * costs a few set lookups (KEP-1040; k8s.io/apiserver/pkg/util/flowcontrol).
 */
import type { FlowSchema } from '../../machinery/schema/wire.ts';
import type { UserInfo } from '../registry/resource.ts';
import type { RequestInfo } from '../server/request-info.ts';

type Rule = NonNullable<NonNullable<FlowSchema['spec']>['rules']>[number];
type Subject = Rule['subjects'][number];
type ResourceRule = NonNullable<Rule['resourceRules']>[number];
type NonResourceRule = NonNullable<Rule['nonResourceRules']>[number];

/** One rule of a schema: whom it is about, and which of their requests. */
export interface FlowRule {
  ofUser(user: UserInfo): boolean;
  ofRequest(info: RequestInfo): boolean;
}

/** Compiles the rules of a schema. */
export function rulesOf(schema: FlowSchema): FlowRule[] {
  return (schema.spec?.rules ?? []).map(compileRule);
}

/**
 * The order in which schemas are tried: the lower matchingPrecedence first, of two equal ones the
 * lower name.
 */
export function byPrecedence(a: FlowSchema, b: FlowSchema): number {
  const difference = (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0);
  if (difference !== 0) return difference;
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1;
}

function compileRule(rule: Rule): FlowRule {
  const subjects = rule.subjects.map(compileSubject);
  const resources = (rule.resourceRules ?? []).map(compileResourceRule);
  const paths = (rule.nonResourceRules ?? []).map(compileNonResourceRule);
  return {
    ofUser: (user) => subjects.some((matches) => matches(user)),
    ofRequest(info) {
      for (const matches of info.isResource ? resources : paths) if (matches(info)) return true;
      return false;
    },
  };
}

function compileSubject(subject: Subject): (user: UserInfo) => boolean {
  const { user, group, serviceAccount } = subject;
  if (subject.kind === 'User' && user !== undefined) {
    return user.name === '*' ? () => true : (u) => u.name === user.name;
  }
  if (subject.kind === 'Group' && group !== undefined) {
    return group.name === '*' ? () => true : (u) => u.groups.includes(group.name);
  }
  if (subject.kind === 'ServiceAccount' && serviceAccount !== undefined) {
    const start = `system:serviceaccount:${serviceAccount.namespace}:`;
    if (serviceAccount.name === '*') return (u) => u.name.startsWith(start);
    return (u) => u.name === start + serviceAccount.name;
  }
  return () => false;
}

function compileResourceRule(rule: ResourceRule): (info: RequestInfo) => boolean {
  const verbs = containing(rule.verbs);
  const groups = containing(rule.apiGroups);
  const resources = containing(rule.resources);
  const namespaces = containing(rule.namespaces ?? []);
  const clusterScope = rule.clusterScope === true;
  return (info) =>
    verbs(info.verb) &&
    resources(info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`) &&
    groups(info.group) &&
    (info.namespace === '' ? clusterScope : namespaces(info.namespace));
}

function compileNonResourceRule(rule: NonResourceRule): (info: RequestInfo) => boolean {
  const verbs = containing(rule.verbs);
  const paths = rule.nonResourceURLs.map((path) => {
    if (path === '*') return () => true;
    const start = path.endsWith('*') ? path.slice(0, -1) : path;
    const folder = start.endsWith('/') ? start : `${start}/`;
    return (asked: string) => asked === path || asked.startsWith(folder);
  });
  return (info) => verbs(info.verb) && paths.some((matches) => matches(info.path));
}

/** A star counts only when it stands alone. */
function containing(list: readonly string[]): (value: string) => boolean {
  if (list.length === 1) {
    const only = list[0];
    return only === '*' ? () => true : (value) => value === only;
  }
  const set = new Set(list);
  return (value) => set.has(value);
}
