/**
 * Role based access control, decided from the watch cache. Bindings are indexed by subject, so
 * that a decision looks only at what concerns the user who asks.
 * Rules: rbac.authorization.k8s.io/v1 API reference.
 */
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
} from '../../machinery/schema/wire.ts';
import type { UserInfo } from '../registry/resource.ts';
import type { ResourceCache } from '../storage/cache/resource-cache.ts';
import type { StoredObject } from '../storage/cache/stored-object.ts';
import type { AccessAttributes, Authorizer, Decision, UserRules } from './authorizer.ts';
import { serviceAccountUserName } from './service-account-user.ts';
import { matchesUrl } from './url-pattern.ts';

/** The caches that decisions are made from. */
export interface RbacCaches {
  readonly roles: ResourceCache;
  readonly clusterRoles: ResourceCache;
  readonly roleBindings: ResourceCache;
  readonly clusterRoleBindings: ResourceCache;
}

/** A binding as far as decisions need it. */
interface Binding {
  readonly kind: 'RoleBinding' | 'ClusterRoleBinding';
  readonly namespace: string;
  readonly name: string;
  readonly roleKind: string;
  readonly roleName: string;
}

/** A role's rules where a binding grants them. */
export interface GrantedRules {
  readonly rules: readonly PolicyRule[];
  /** For texts: `ClusterRoleBinding "x" of ClusterRole "y" to User "z"`. */
  readonly because: string;
}

/** A binding's role that is not there. */
export interface MissingRole {
  readonly kind: string;
  readonly name: string;
  /** Of the binding; '': it is bound everywhere. */
  readonly namespace: string;
  readonly binding: string;
}

export class Rbac implements Authorizer {
  readonly name = 'RBAC';
  readonly #caches: RbacCaches;
  /**
   * By subject, then: bindings of all namespaces ('') and of single ones, later names first, so
   * that of several that allow a request always the same is named (the real server names any).
   */
  readonly #bySubject = new Map<string, Map<string, Binding[]>>();
  readonly #byKey = new Map<string, { binding: Binding; subjects: readonly string[] }>();
  readonly #rules = new WeakMap<StoredObject, readonly PolicyRule[]>();

  constructor(caches: RbacCaches) {
    this.#caches = caches;
    for (const cache of [caches.roleBindings, caches.clusterRoleBindings]) this.#follow(cache);
  }

  authorize(a: AccessAttributes): Decision {
    const missing: MissingRole[] = [];
    for (const granted of this.rulesFor(a.user, a.namespace, missing)) {
      for (const rule of granted.rules) {
        if (allows(rule, a)) {
          return { decision: 'allow', reason: `RBAC: allowed by ${granted.because}` };
        }
      }
    }
    if (missing.length === 0) return { decision: 'noOpinion', reason: '' };
    const texts = [...new Set(missing.map(notFoundText))];
    const error = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
    return { decision: 'noOpinion', reason: `RBAC: ${error}` };
  }

  /** Reviews show them to the user. */
  rules(user: UserInfo, namespace: string): UserRules {
    const missing: MissingRole[] = [];
    const all = [...this.rulesFor(user, namespace, missing)].flatMap((granted) => granted.rules);
    return {
      resourceRules: all.filter((r) => (r.resources ?? []).length > 0),
      nonResourceRules: all.filter((r) => (r.nonResourceURLs ?? []).length > 0),
      incomplete: false,
      ...(missing.length > 0 ? { error: missing.map(notFoundText).join(', ') } : {}),
    };
  }

  /** All rules that hold for a user in a namespace ('': cluster-wide ones only). */
  *rulesFor(
    user: UserInfo,
    namespace: string,
    missing: MissingRole[] = [],
  ): Generator<GrantedRules, void, undefined> {
    for (const subject of subjectsOf(user)) {
      const scopes = this.#bySubject.get(subject);
      if (scopes === undefined) continue;
      for (const scope of namespace === '' ? [''] : ['', namespace]) {
        for (const binding of scopes.get(scope) ?? []) {
          const rules = this.#rulesOf(binding);
          if (rules === undefined) {
            const { roleKind: kind, roleName, namespace: place, name: by } = binding;
            missing.push({ kind, name: roleName, namespace: place, binding: by });
            continue;
          }
          yield {
            rules,
            // Asked for only where a request is allowed.
            get because() {
              return reasonOf(binding, subject);
            },
          };
        }
      }
    }
  }

  /** Rules of a role that a binding refers to; undefined: there is no such role. */
  rulesOfRole(kind: string, namespace: string, name: string): readonly PolicyRule[] | undefined {
    const found =
      kind === 'Role'
        ? this.#caches.roles.get(namespace, name)
        : this.#caches.clusterRoles.get('', name);
    if (found === undefined) return undefined;
    let rules = this.#rules.get(found);
    if (rules === undefined) {
      rules = found.object<Role | ClusterRole>().rules ?? [];
      this.#rules.set(found, rules);
    }
    return rules;
  }

  #rulesOf(b: Binding): readonly PolicyRule[] | undefined {
    return this.rulesOfRole(b.roleKind, b.namespace, b.roleName);
  }

  #follow(cache: ResourceCache): void {
    const rebuild = () => {
      for (const [key, entry] of this.#byKey) {
        if (key.startsWith(`${cache.spec.prefix}/`)) this.#remove(key, entry);
      }
      for (const o of cache.objects('')) this.#add(o);
    };
    rebuild();
    cache.subscribe({
      namespace: '',
      onEvent: (event) => {
        const before = this.#byKey.get(event.object.key);
        if (before !== undefined) this.#remove(event.object.key, before);
        if (event.type !== 'DELETED') this.#add(event.object);
      },
      onLost: rebuild,
    });
  }

  #add(o: StoredObject): void {
    const object = o.object<RoleBinding | ClusterRoleBinding>();
    const binding: Binding = {
      kind: o.namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding',
      namespace: o.namespace,
      name: o.name,
      roleKind: object.roleRef.kind,
      roleName: object.roleRef.name,
    };
    const subjects = (object.subjects ?? []).flatMap((s) => {
      if (s.kind !== 'ServiceAccount') return [`${s.kind}:${s.name}`];
      const namespace = s.namespace || o.namespace;
      return namespace === '' ? [] : [`User:${serviceAccountUserName(namespace, s.name)}`];
    });
    for (const s of subjects) {
      const scopes = this.#bySubject.get(s) ?? new Map<string, Binding[]>();
      this.#bySubject.set(s, scopes);
      const bindings = scopes.get(o.namespace) ?? [];
      scopes.set(o.namespace, bindings);
      const earlier = bindings.findIndex((b) => b.name < binding.name);
      bindings.splice(earlier < 0 ? bindings.length : earlier, 0, binding);
    }
    this.#byKey.set(o.key, { binding, subjects });
  }

  #remove(key: string, entry: { binding: Binding; subjects: readonly string[] }): void {
    this.#byKey.delete(key);
    for (const s of entry.subjects) {
      const scopes = this.#bySubject.get(s);
      const bindings = scopes?.get(entry.binding.namespace) ?? [];
      const at = bindings.indexOf(entry.binding);
      if (at >= 0) bindings.splice(at, 1);
      if (bindings.length === 0) scopes?.delete(entry.binding.namespace);
      if (scopes?.size === 0) this.#bySubject.delete(s);
    }
  }
}

function subjectsOf(user: UserInfo): string[] {
  return [`User:${user.name}`, ...user.groups.map((g) => `Group:${g}`)];
}

function notFoundText({ kind, name }: MissingRole): string {
  const role = kind === 'Role' ? 'role' : 'clusterrole';
  return `${role}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;
}

function reasonOf(b: Binding, subject: string): string {
  const where = b.kind === 'RoleBinding' ? `${b.name}/${b.namespace}` : b.name;
  const [kind, name] = subjectText(subject);
  return `${b.kind} ${JSON.stringify(where)} of ${b.roleKind} ${JSON.stringify(b.roleName)} to ${kind} ${JSON.stringify(name)}`;
}

function subjectText(subject: string): [string, string] {
  const colon = subject.indexOf(':');
  const name = subject.slice(colon + 1);
  const service = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (service !== null) return ['ServiceAccount', `${service[2]}/${service[1]}`];
  return [subject.slice(0, colon), name];
}

/** Whether one rule lets the attributes through. */
export function allows(rule: PolicyRule, a: AccessAttributes): boolean {
  if (!has(rule.verbs, a.verb)) return false;
  if (!a.resourceRequest) return (rule.nonResourceURLs ?? []).some((u) => matchesUrl(u, a.path));
  const { apiGroups = [], resources = [], resourceNames = [] } = rule;
  if (!has(apiGroups, a.group)) return false;
  const combined = a.subresource === '' ? a.resource : `${a.resource}/${a.subresource}`;
  const matches = resources.some(
    (r) => r === '*' || r === combined || (a.subresource !== '' && r === `*/${a.subresource}`),
  );
  if (!matches) return false;
  return resourceNames.length === 0 || resourceNames.includes(a.name);
}

function has(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

/** The caches under their names in a catalog. */
export function rbacCaches(find: (name: string) => ResourceCache): RbacCaches {
  const group = 'rbac.authorization.k8s.io';
  return {
    roles: find(`roles.${group}`),
    clusterRoles: find(`clusterroles.${group}`),
    roleBindings: find(`rolebindings.${group}`),
    clusterRoleBindings: find(`clusterrolebindings.${group}`),
  };
}
