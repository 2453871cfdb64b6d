/** Users that are kubelets: `system:node:NAME` in the group `system:nodes`. */
import type { UserInfo } from '../../registry/resource.ts';

const prefix = 'system:node:';

/** The node's name ('' when the user name has none); undefined for anybody else. */
export function nodeOf(user: UserInfo): string | undefined {
  if (!user.name.startsWith(prefix) || !user.groups.includes('system:nodes')) return undefined;
  return user.name.slice(prefix.length);
}
