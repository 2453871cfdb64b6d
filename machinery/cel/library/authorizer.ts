/** `authorizer.group('').resource('pods').check('list').allowed()`: asks whether someone may. */
import { nameIsDnsLabel, nameIsDnsSubdomain } from '../../meta/names.ts';
import type { FunctionDeclaration, Library } from '../library.ts';
import { boolType, type CelType, objectType, stringType } from '../types.ts';
import { CelError, ObjectValue, type Result, type Value } from '../values.ts';

export const authorizerType = objectType('kubernetes.authorization.Authorizer');
export const pathCheckType = objectType('kubernetes.authorization.PathCheck');
export const groupCheckType = objectType('kubernetes.authorization.GroupCheck');
export const resourceCheckType = objectType('kubernetes.authorization.ResourceCheck');
export const decisionType = objectType('kubernetes.authorization.Decision');

/** A service account that is asked about instead of the requester. */
export interface AccountName {
  readonly namespace: string;
  readonly name: string;
}

/** An API resource to be used; selectors as written. */
export interface ResourceUse {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

/** May the requester, or `account`, do this. */
export interface AccessQuestion {
  readonly account: AccountName | undefined;
  readonly verb: string;
  readonly use: ResourceUse | { readonly path: string };
}

export interface AccessAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error?: string;
}

/** Who is asked. Has to answer at once; what it throws ends the evaluation and reaches its caller. */
export type Authority = (question: AccessQuestion) => AccessAnswer;

abstract class AuthorizationValue extends ObjectValue {
  override equals(other: Value): boolean {
    return this === other;
  }
}

/** `authorizer`: speaks for the requester, or for a service account. */
export class AuthorizerValue extends AuthorizationValue {
  readonly authority: Authority;
  readonly account: AccountName | undefined;

  constructor(authority: Authority, account?: AccountName) {
    super();
    this.authority = authority;
    this.account = account;
  }

  override get type(): CelType {
    return authorizerType;
  }
}

class PathCheckValue extends AuthorizationValue {
  readonly authorizer: AuthorizerValue;
  readonly path: string;

  constructor(authorizer: AuthorizerValue, path: string) {
    super();
    this.authorizer = authorizer;
    this.path = path;
  }

  override get type(): CelType {
    return pathCheckType;
  }
}

class GroupCheckValue extends AuthorizationValue {
  readonly authorizer: AuthorizerValue;
  readonly group: string;

  constructor(authorizer: AuthorizerValue, group: string) {
    super();
    this.authorizer = authorizer;
    this.group = group;
  }

  override get type(): CelType {
    return groupCheckType;
  }
}

/** What `check(verb)` is asked about; `authorizer.requestResource` is one that is made already. */
export class ResourceCheckValue extends AuthorizationValue {
  readonly authorizer: AuthorizerValue;
  readonly use: ResourceUse;

  constructor(authorizer: AuthorizerValue, use: ResourceUse) {
    super();
    this.authorizer = authorizer;
    this.use = use;
  }

  override get type(): CelType {
    return resourceCheckType;
  }
}

class DecisionValue extends AuthorizationValue {
  readonly answer: AccessAnswer;

  constructor(answer: AccessAnswer) {
    super();
    this.answer = answer;
  }

  override get type(): CelType {
    return decisionType;
  }
}

/** The library of authorization checks. */
export const authorizerLibrary: Library = {
  name: 'kubernetes.authz',
  functions: [
    method('path', 'authorizer_path', [authorizerType, stringType], pathCheckType, (a, path) =>
      (path as string).trim() === ''
        ? new CelError('path must not be empty')
        : new PathCheckValue(a as AuthorizerValue, path as string),
    ),
    method(
      'group',
      'authorizer_group',
      [authorizerType, stringType],
      groupCheckType,
      (a, group) => new GroupCheckValue(a as AuthorizerValue, group as string),
    ),
    method(
      'serviceAccount',
      'authorizer_serviceaccount',
      [authorizerType, stringType, stringType],
      authorizerType,
      (a, namespace, name) => forAccount(a as AuthorizerValue, namespace as string, name as string),
    ),
    method(
      'resource',
      'groupcheck_resource',
      [groupCheckType, stringType],
      resourceCheckType,
      (g, resource) => forResource(g as GroupCheckValue, resource as string),
    ),
    narrowing('subresource', 'resourcecheck_subresource'),
    narrowing('namespace', 'resourcecheck_namespace'),
    narrowing('name', 'resourcecheck_name'),
    {
      name: 'check',
      overloads: [
        {
          id: 'pathcheck_check',
          member: true,
          params: [pathCheckType, stringType],
          result: decisionType,
          call: (check, verb) => {
            const { authorizer, path } = check as PathCheckValue;
            return decide(authorizer, verb as string, { path });
          },
        },
        {
          id: 'resourcecheck_check',
          member: true,
          params: [resourceCheckType, stringType],
          result: decisionType,
          call: (check, verb) => {
            const { authorizer, use } = check as ResourceCheckValue;
            return decide(authorizer, verb as string, use);
          },
        },
      ],
    },
    answer('errored', 'decision_errored', boolType, (a) => a.error !== undefined),
    answer('error', 'decision_error', stringType, (a) => a.error ?? ''),
    answer('allowed', 'decision_allowed', boolType, (a) => a.allowed),
    answer('reason', 'decision_reason', stringType, (a) => a.reason),
  ],
};

/** Selectors of authorization checks. */
export const authorizerSelectorsLibrary: Library = {
  name: 'kubernetes.authzSelectors',
  functions: [
    narrowing('fieldSelector', 'authorizer_fieldselector'),
    narrowing('labelSelector', 'authorizer_labelselector'),
  ],
};

function method(
  name: string,
  id: string,
  params: readonly CelType[],
  result: CelType,
  call: (...args: Value[]) => Result,
): FunctionDeclaration {
  return { name, overloads: [{ id, member: true, params, result, call }] };
}

/** Sets what a check of a resource is about more closely; the last word counts. */
function narrowing(name: keyof ResourceUse, id: string): FunctionDeclaration {
  const params = [resourceCheckType, stringType];
  return method(name, id, params, resourceCheckType, (check, text) => {
    const { authorizer, use } = check as ResourceCheckValue;
    return new ResourceCheckValue(authorizer, { ...use, [name]: text as string });
  });
}

function answer(
  name: string,
  id: string,
  result: CelType,
  of: (answer: AccessAnswer) => Value,
): FunctionDeclaration {
  return method(name, id, [decisionType], result, (d) => of((d as DecisionValue).answer));
}

function forAccount(a: AuthorizerValue, namespace: string, name: string): Result {
  if (nameIsDnsSubdomain(name, false).length > 0) {
    return new CelError('Invalid service account name');
  }
  if (nameIsDnsLabel(namespace, false).length > 0) {
    return new CelError('Invalid service account namespace');
  }
  return new AuthorizerValue(a.authority, { namespace, name });
}

function forResource({ authorizer, group }: GroupCheckValue, resource: string): Result {
  if (resource.trim() === '') return new CelError('resource must not be empty');
  return new ResourceCheckValue(authorizer, {
    group,
    resource,
    subresource: '',
    namespace: '',
    name: '',
    fieldSelector: '',
    labelSelector: '',
  });
}

function decide(
  { authority, account }: AuthorizerValue,
  verb: string,
  use: AccessQuestion['use'],
): DecisionValue {
  return new DecisionValue(authority({ account, verb, use }));
}
