/**
 * Whether somebody may act as a user, part by part: name, uid, groups, extra. The old way asks for
 * the verb `impersonate`; constrained impersonation (KEP-5284) has a verb for each mode, knows
 * nodes, and refuses what the old way lets through.
 */
import * as fe from '../../../machinery/meta/field-error.ts';
import { isDns1123Subdomain } from '../../../machinery/meta/names.ts';
import { validateDomainPrefixedPath } from '../../registry/domain-prefixed-path.ts';
import type { UserInfo } from '../../registry/resource.ts';
import { refusal } from '../refusal.ts';
import { serviceAccountGroups, serviceAccountOf } from '../service-account-user.ts';
import { type AccessCheck, partAttributes } from './access-check.ts';
import type { WantedUser } from './wanted-user.ts';

const authentication = 'authentication.k8s.io';
/** From this many on, the right to all of them is asked for first. */
const many = 4;
const nodePrefix = 'system:node:';

export interface UserCheckMode {
  /** `impersonate`, or `impersonate:MODE`. */
  readonly verb: string;
  readonly constrained: boolean;
}

/** The user as the server sees it when `requestor` may act as it. Throws 403. */
export async function checkUser(
  wanted: WantedUser,
  requestor: UserInfo,
  mode: UserCheckMode,
  check: AccessCheck,
): Promise<UserInfo> {
  const given = await checkName(wanted, requestor, mode, check);
  if (wanted.uid !== '') {
    await check(partAttributes(requestor, authentication, mode.verb, 'uids', wanted.uid));
  }
  await checkGroups(wanted.groups, requestor, mode, check);
  await checkExtra(wanted.extra, requestor, mode, check);
  return {
    name: wanted.name,
    groups: completed(wanted.name, given),
    ...(wanted.uid === '' ? {} : { uid: wanted.uid }),
    ...(wanted.extra.size === 0 ? {} : { extra: Object.fromEntries(wanted.extra) }),
  };
}

/** The groups that the user has by its name or by the headers. */
async function checkName(
  { name, groups }: WantedUser,
  requestor: UserInfo,
  { verb, constrained }: UserCheckMode,
  check: AccessCheck,
): Promise<readonly string[]> {
  const group = constrained ? authentication : '';
  const node = constrained ? nodeNameOf(name) : undefined;
  if (node !== undefined) {
    await check(partAttributes(requestor, group, verb, 'nodes', node));
    return ['system:nodes'];
  }
  const account = serviceAccountOf(name);
  if (account === undefined) {
    await check(partAttributes(requestor, group, verb, 'users', name));
    return groups;
  }
  const { namespace } = account;
  const asked = partAttributes(requestor, group, verb, 'serviceaccounts', account.name);
  await check({ ...asked, namespace });
  return groups.length > 0 ? groups : serviceAccountGroups(namespace);
}

async function checkGroups(
  groups: readonly string[],
  requestor: UserInfo,
  { verb, constrained }: UserCheckMode,
  check: AccessCheck,
): Promise<void> {
  const group = constrained ? authentication : '';
  const asked = (name: string) => partAttributes(requestor, group, verb, 'groups', name);
  if (constrained) {
    if (groups.includes('')) {
      throw refusal(asked(''), 'impersonating the empty string group is not allowed');
    }
    if (groups.includes('system:masters')) {
      const text = 'impersonating the system:masters group is not allowed';
      throw refusal(asked('system:masters'), text);
    }
    if (groups.length >= many && (await allowed(check(asked('*'))))) return;
  }
  for (const name of groups) await check(asked(name));
}

async function checkExtra(
  extra: WantedUser['extra'],
  requestor: UserInfo,
  { verb, constrained }: UserCheckMode,
  check: AccessCheck,
): Promise<void> {
  const asked = (key: string, value: string) => ({
    ...partAttributes(requestor, authentication, verb, 'userextras', value),
    subresource: key,
  });
  if (constrained && extra.size > 0) {
    const problem = extraProblem(extra);
    if (problem !== undefined) throw refusal(asked('', ''), problem);
    const count = [...extra.values()].reduce((n, values) => n + values.length, 0);
    if (count >= many && (await allowed(check(asked('*', '*'))))) return;
  }
  for (const [key, values] of extra) {
    for (const value of values) await check(asked(key, value));
  }
}

function extraProblem(extra: WantedUser['extra']): string | undefined {
  for (const [key, values] of extra) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed';
    const problems = validateDomainPrefixedPath(key, fe.FieldPath.of('extra', 'key'));
    if (problems.length > 0) {
      return `impersonating an invalid key in extra is not allowed: ${fe.summarize(problems)}`;
    }
    if (key !== key.toLowerCase()) {
      return `impersonating a non-lowercase key in extra is not allowed: ${fe.quote(key)}`;
    }
    if (values.length === 0) return 'impersonating empty values in extra is not allowed';
    if (values.includes('')) {
      return 'impersonating the empty string value in extra is not allowed';
    }
  }
  return undefined;
}

async function allowed(check: Promise<void>): Promise<boolean> {
  try {
    await check;
    return true;
  } catch {
    return false;
  }
}

/** Everybody is authenticated, or anonymous. */
function completed(name: string, groups: readonly string[]): readonly string[] {
  const without = 'system:unauthenticated';
  const missing =
    name === 'system:anonymous'
      ? without
      : groups.includes(without)
        ? undefined
        : 'system:authenticated';
  return missing === undefined || groups.includes(missing) ? groups : [...groups, missing];
}

/** The node that a user name means; undefined when it is no node's. */
export function nodeNameOf(user: string): string | undefined {
  if (!user.startsWith(nodePrefix)) return undefined;
  const name = user.slice(nodePrefix.length);
  return isDns1123Subdomain(name).length === 0 ? name : undefined;
}
