/** Impersonation headers: acting as another user, where the caller may (verb `impersonate`). */
import { badRequest } from '../../machinery/meta/status-error.ts';
import type { AccessAttributes, Authorizer } from '../auth/authorizer.ts';
import type { UserInfo } from '../registry/resource.ts';
import type { ApiRequest } from './api-request.ts';
import { refusal } from './chain.ts';

const extraPrefix = 'impersonate-extra-';

/** The user to act as; the caller when no header asks for another. Throws 400 and 403. */
export async function impersonate(request: ApiRequest, authorizer: Authorizer): Promise<UserInfo> {
  const { headers } = request.raw;
  const name = one(headers['impersonate-user']);
  const groups = all(request, 'impersonate-group');
  const uid = one(headers['impersonate-uid']);
  const extraKeys = Object.keys(headers).filter((h) => h.startsWith(extraPrefix));
  if (name === undefined) {
    if (groups.length > 0 || uid !== undefined || extraKeys.length > 0) {
      throw badRequest(
        'requested impersonation of a group, uid or extra without impersonating a user',
      );
    }
    return request.user;
  }
  const service = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (service !== null) {
    await check(request, authorizer, 'serviceaccounts', '', service[2]!, service[1]!);
  } else await check(request, authorizer, 'users', '', name);
  for (const g of groups) await check(request, authorizer, 'groups', '', g);
  if (uid !== undefined) {
    await check(request, authorizer, 'uids', 'authentication.k8s.io', uid);
  }
  const extra: Record<string, string[]> = {};
  for (const header of extraKeys) {
    const key = unescaped(header.slice(extraPrefix.length));
    extra[key] = all(request, header);
    for (const value of extra[key]) {
      await check(request, authorizer, 'userextras', 'authentication.k8s.io', value, '', key);
    }
  }
  return {
    name,
    groups: impersonatedGroups(name, groups, service?.[1]),
    ...(uid === undefined ? {} : { uid }),
    ...(extraKeys.length > 0 ? { extra } : {}),
  };
}

function impersonatedGroups(
  name: string,
  groups: readonly string[],
  serviceNamespace: string | undefined,
): string[] {
  const out = [...groups];
  if (groups.length === 0 && serviceNamespace !== undefined) {
    out.push('system:serviceaccounts', `system:serviceaccounts:${serviceNamespace}`);
  }
  if (name === 'system:anonymous') {
    if (!out.includes('system:unauthenticated')) out.push('system:unauthenticated');
  } else if (!out.includes('system:authenticated') && !out.includes('system:unauthenticated')) {
    out.push('system:authenticated');
  }
  return out;
}

async function check(
  request: ApiRequest,
  authorizer: Authorizer,
  resource: string,
  group: string,
  name: string,
  namespace = '',
  subresource = '',
): Promise<void> {
  const attributes: AccessAttributes = {
    user: request.user,
    verb: 'impersonate',
    resourceRequest: true,
    group,
    version: group === '' ? '' : 'v1',
    resource,
    subresource,
    namespace,
    name,
    path: '',
  };
  const answer = await authorizer.authorize(attributes);
  if (answer.decision !== 'allow') throw refusal(attributes, answer.reason);
}

/** Keys that are not escaped well are taken as they are. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function one(value: string | string[] | undefined): string | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  return text === '' ? undefined : text;
}

/** Every value of a header that may be repeated (Node joins repeated ones with a comma). */
function all(request: ApiRequest, name: string): string[] {
  const out: string[] = [];
  const { rawHeaders } = request.raw;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === name) out.push(rawHeaders[i + 1]!);
  }
  return out;
}
