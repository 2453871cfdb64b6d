/** May this user do this. One file per mode; the server asks them in the order of its flag. */
import type { PolicyRule } from '../../machinery/schema/wire.ts';
import type { UserInfo } from '../registry/resource.ts';

export interface SelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** What is to be done, as `SubjectAccessReview` describes it. */
export interface AccessAttributes {
  readonly user: UserInfo;
  /** get, list, watch, create, update, patch, delete, deletecollection, use, bind, …; or an HTTP verb. */
  readonly verb: string;
  readonly resourceRequest: boolean;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Of a non-resource request. */
  readonly path: string;
  /** Parsed selectors of list, watch and deletecollection, when there are any. */
  readonly fieldSelector?: readonly SelectorRequirement[];
  readonly labelSelector?: readonly SelectorRequirement[];
}

export interface Decision {
  readonly decision: 'allow' | 'deny' | 'noOpinion';
  readonly reason: string;
  /** Something could not be looked at (a missing role); does not by itself forbid. */
  readonly error?: string;
}

/** What a user may do in a namespace, as far as it can be listed. */
export interface UserRules {
  readonly resourceRules: readonly PolicyRule[];
  readonly nonResourceRules: readonly PolicyRule[];
  /** There is more that cannot be listed. */
  readonly incomplete: boolean;
  readonly error?: string;
}

export interface Authorizer {
  readonly name: string;
  authorize(attributes: AccessAttributes): Promise<Decision> | Decision;
  /** Undefined: it gives no rights that could be listed. */
  rules?(user: UserInfo, namespace: string): UserRules;
}

/** Asks each in turn: the first that allows or denies decides. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return {
    name: 'union',
    async authorize(attributes) {
      const reasons: string[] = [];
      const errors: string[] = [];
      for (const a of authorizers) {
        const answer = a.authorize(attributes);
        // Most decisions are made from memory: an await for each would cost a turn of the loop.
        const d = answer instanceof Promise ? await answer : answer;
        if (d.decision !== 'noOpinion') return d;
        if (d.reason !== '') reasons.push(d.reason);
        if (d.error !== undefined) errors.push(d.error);
      }
      return {
        decision: 'noOpinion',
        reason: reasons.join('\n'),
        ...(errors.length > 0 ? { error: aggregated(errors) } : {}),
      };
    },
    rules(user, namespace) {
      const all = authorizers.flatMap((a) => a.rules?.(user, namespace) ?? []);
      const errors = all.flatMap(({ error }) => error ?? []);
      return {
        resourceRules: all.flatMap((r) => r.resourceRules),
        nonResourceRules: all.flatMap((r) => r.nonResourceRules),
        incomplete: all.some((r) => r.incomplete),
        ...(errors.length > 0 ? { error: aggregated(errors) } : {}),
      };
    },
  };
}

/** Several errors as the real server shows them; equal ones once. */
export function aggregated(errors: readonly string[]): string {
  const texts = [...new Set(errors)];
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}
