/** `--token-auth-file`: static bearer tokens, one `token,user,uid,"group1,group2"` a line. */
import type { UserInfo } from '../registry/resource.ts';
import type { Authentication, TokenAuthenticator } from './authenticator.ts';

/** Parses the file's text. Throws an Error that names the line. */
export function tokenFile(text: string): TokenAuthenticator {
  const users = new Map<string, UserInfo>();
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const [token, name, uid, groups] = splitCsv(line);
    if (!token || !name || uid === undefined) {
      throw new Error(`token file, line ${i + 1}: expected at least the columns token,user,uid`);
    }
    users.set(token, {
      name,
      ...(uid === '' ? {} : { uid }),
      groups: (groups ?? '').split(',').filter((g) => g !== ''),
    });
  });
  return {
    name: 'token-file',
    authenticateToken(token): Authentication {
      const user = users.get(token);
      return user === undefined ? undefined : { user };
    },
  };
}

function splitCsv(line: string): string[] {
  const out: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/gy;
  for (let m = pattern.exec(line); m !== null; m = pattern.exec(line)) {
    out.push((m[1]?.replaceAll('""', '"') ?? m[2] ?? '').trim());
    if (!m[0].endsWith(',')) break;
  }
  return out;
}
