/**
 * The mode ABAC: policies in a file, one JSON object a line: of
 * abac.authorization.kubernetes.io/v1beta1, or the fields alone.
 */
import type { UserInfo } from '../registry/resource.ts';
import type { AccessAttributes, Authorizer } from './authorizer.ts';

interface Policy {
  readonly user: string;
  readonly group: string;
  readonly readonly: boolean;
  readonly apiGroup: string;
  readonly resource: string;
  readonly namespace: string;
  readonly nonResourcePath: string;
}

const apiVersion = 'abac.authorization.kubernetes.io/v1beta1';
const none: Policy = {
  user: '',
  group: '',
  readonly: false,
  apiGroup: '',
  resource: '',
  namespace: '',
  nonResourcePath: '',
};
/** Fields that the form without a version does not have. */
const laterFields = ['apiGroup', 'nonResourcePath'];
const readVerbs = ['get', 'list', 'watch'];

/** `path` is for texts. Throws an Error that names the line. */
export function abacAuthorizer(path: string, text: string): Authorizer {
  const policies = text.split('\n').flatMap((line, i) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    try {
      return [parse(trimmed)];
    } catch (e) {
      const where = `error reading policy file ${path}, line ${i + 1}`;
      throw new Error(`${where}: ${trimmed}: ${(e as Error).message}`);
    }
  });
  return {
    name: 'ABAC',
    authorize: (a) =>
      policies.some((p) => matches(p, a))
        ? { decision: 'allow', reason: '' }
        : { decision: 'noOpinion', reason: 'No policy matched.' },
    rules(user, namespace) {
      const own = policies.filter(
        (p) => isSubject(p, user) && (p.namespace === '*' || p.namespace === namespace),
      );
      const verbs = (p: Policy) => (p.readonly ? readVerbs : ['*']);
      return {
        resourceRules: own
          .filter((p) => p.resource !== '')
          .map((p) => ({ verbs: verbs(p), apiGroups: [p.apiGroup], resources: [p.resource] })),
        nonResourceRules: own
          .filter((p) => p.nonResourcePath !== '')
          .map((p) => ({ verbs: verbs(p), nonResourceURLs: [p.nonResourcePath] })),
        incomplete: false,
      };
    },
  };
}

function parse(line: string): Policy {
  const value = JSON.parse(line) as Readonly<Record<string, unknown>>;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('must be an object');
  }
  const versioned = 'kind' in value || 'apiVersion' in value;
  if (versioned && (value['kind'] !== 'Policy' || value['apiVersion'] !== apiVersion)) {
    throw new Error(`must be a Policy of ${apiVersion}`);
  }
  const fields = versioned ? (value['spec'] ?? {}) : value;
  const policy: Record<string, string | boolean> = { ...none };
  for (const [name, given] of Object.entries(fields)) {
    const known = versioned || !laterFields.includes(name);
    if (!known || !Object.hasOwn(none, name)) {
      throw new Error(`unknown field ${JSON.stringify(name)}`);
    }
    const type = typeof none[name as keyof Policy];
    if (typeof given !== type) throw new Error(`${name}: must be a ${type}`);
    policy[name] = given as string | boolean;
  }
  const read = policy as unknown as Policy;
  return authenticated(versioned ? read : completed(read));
}

/** What the form without a version means: where it says nothing, everything. */
function completed(p: Policy): Policy {
  return {
    ...p,
    ...(p.user === '' && p.group === '' ? { group: '*' } : {}),
    apiGroup: '*',
    namespace: p.namespace || '*',
    resource: p.resource || '*',
    nonResourcePath: p.namespace === '' && p.resource === '' ? '*' : '',
  };
}

/** Everybody is everybody who is known. */
function authenticated(p: Policy): Policy {
  if (p.user !== '*' && p.group !== '*') return p;
  return { ...p, user: '', group: 'system:authenticated' };
}

function matches(p: Policy, a: AccessAttributes): boolean {
  if (!isSubject(p, a.user)) return false;
  if (p.readonly && !readVerbs.includes(a.verb)) return false;
  const has = (pattern: string, value: string) => pattern === '*' || pattern === value;
  if (a.resourceRequest) {
    return has(p.namespace, a.namespace) && has(p.resource, a.resource) && has(p.apiGroup, a.group);
  }
  const path = p.nonResourcePath;
  return has(path, a.path) || (path.endsWith('*') && a.path.startsWith(path.replace(/\*+$/, '')));
}

/** All that a policy names must be so, and it must name something. */
function isSubject({ user, group }: Policy, who: UserInfo): boolean {
  if (user !== '' && user !== who.name) return false;
  if (group !== '' && !who.groups.includes(group)) return false;
  return user !== '' || group !== '';
}
