/** The user that the `Impersonate-` headers of a request ask for. */
import type { IncomingMessage } from 'node:http';
import { quote } from '../../../machinery/meta/field-error.ts';
import { badRequest } from '../../../machinery/meta/status-error.ts';
import { headerValues, unescapedKey } from '../named-headers.ts';

const extraPrefix = 'impersonate-extra-';

/** As the headers say it: nothing is added yet. */
export interface WantedUser {
  readonly name: string;
  /** '' for none. */
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/** Undefined when no header asks. Throws 400 for parts of a user without its name. */
export function wantedUser(
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
): WantedUser | undefined {
  const { headers } = request;
  if (headers['impersonate-user'] === undefined && !asks(headers)) return undefined;
  const name = first(request, 'impersonate-user');
  const uid = first(request, 'impersonate-uid');
  const groups = headerValues(request, 'impersonate-group');
  const extra = new Map<string, string[]>();
  for (const header of Object.keys(headers)) {
    if (!header.startsWith(extraPrefix)) continue;
    const key = unescapedKey(header.slice(extraPrefix.length));
    extra.set(key, [...(extra.get(key) ?? []), ...headerValues(request, header)]);
  }
  if (name !== '') return { name, uid, groups, extra };
  if (uid === '' && groups.length === 0 && extra.size === 0) return undefined;
  const parts = goUser({ name, uid, groups, extra });
  throw badRequest(`requested ${parts} without impersonating a user name`);
}

function asks(headers: IncomingMessage['headers']): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

/** The real server prints the structure as Go's %#v. */
function goUser({ name, uid, groups, extra }: WantedUser): string {
  const list = (values: readonly string[]) => `[]string{${values.map(quote).join(', ')}}`;
  const keys = [...extra.keys()].sort();
  const pairs = keys.map((k) => `${quote(k)}:${list(extra.get(k)!)}`);
  const shown = [
    `Name:${quote(name)}`,
    `UID:${quote(uid)}`,
    `Groups:${groups.length === 0 ? '[]string(nil)' : list(groups)}`,
    `Extra:map[string][]string${pairs.length === 0 ? '(nil)' : `{${pairs.join(', ')}}`}`,
  ];
  return `&user.DefaultInfo{${shown.join(', ')}}`;
}

function first(request: Pick<IncomingMessage, 'rawHeaders'>, name: string): string {
  return headerValues(request, name)[0] ?? '';
}
