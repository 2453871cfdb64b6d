/** May this user do this. One file per mode; the server asks them in the order of its flag. */
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

export interface Authorizer {
  readonly name: string;
  authorize(attributes: AccessAttributes): Promise<Decision> | Decision;
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
        ...(errors.length > 0 ? { error: errors.join(', ') } : {}),
      };
    },
  };
}
