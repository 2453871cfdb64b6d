/** URLs taken apart as Go's net/url does, whose problems the real server's messages quote. */
import { quote } from '../../machinery/meta/field-error.ts';

/** The parts the server's rules look at, decoded; `user` as it would be written again. */
export interface GoUrl {
  readonly scheme: string;
  readonly user: string | undefined;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

class UrlProblem extends Error {}

/** The parts of a URL, or what keeps it from being one. */
export function parseGoUrl(text: string): GoUrl | { readonly problem: string } {
  const [main, fragment] = cut(text, '#');
  let shown = main;
  try {
    const url = parseMain(main);
    shown = text;
    return { ...url, fragment: decoded(fragment) };
  } catch (e) {
    if (!(e instanceof UrlProblem)) throw e;
    return { problem: `parse ${quote(shown)}: ${e.message}` };
  }
}

function cut(text: string, separator: string): [string, string] {
  const i = text.indexOf(separator);
  return i < 0 ? [text, ''] : [text.slice(0, i), text.slice(i + separator.length)];
}

function parseMain(text: string): Omit<GoUrl, 'fragment'> {
  if (hasControl(text)) throw new UrlProblem('net/url: invalid control character in URL');
  if (text.startsWith(':')) throw new UrlProblem('missing protocol scheme');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1] ?? '';
  const afterScheme = scheme === '' ? text : text.slice(scheme.length + 1);
  const [rest, query] = cut(afterScheme, '?');
  const url = { scheme: scheme.toLowerCase(), user: undefined, host: '', path: '', query };
  if (!rest.startsWith('/')) {
    if (scheme !== '') return url;
    if (cut(rest, '/')[0].includes(':')) {
      throw new UrlProblem('first path segment in URL cannot contain colon');
    }
  }
  if (!rest.startsWith('//') || (scheme === '' && rest.startsWith('///'))) {
    return { ...url, path: decoded(rest) };
  }
  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  const path = slash < 0 ? '' : decoded(rest.slice(slash));
  const at = authority.lastIndexOf('@');
  const host = parseHost(authority.slice(at + 1));
  return { ...url, user: at < 0 ? undefined : parseUser(authority.slice(0, at)), host, path };
}

function hasControl(text: string): boolean {
  return Buffer.from(text).some((b) => b < 0x20 || b === 0x7f);
}

function parseUser(text: string): string {
  if (/[^A-Za-z0-9\-._:~!$&'()*+,;=%@]/.test(text)) {
    throw new UrlProblem('net/url: invalid userinfo');
  }
  const colon = text.indexOf(':');
  const again = (part: string): string => escapeUser(decoded(part));
  if (colon < 0) return again(text);
  return `${again(text.slice(0, colon))}:${again(text.slice(colon + 1))}`;
}

function escapeUser(text: string): string {
  return [...Buffer.from(text)]
    .map((b) => {
      const c = String.fromCharCode(b);
      if (/[A-Za-z0-9\-_.~$&+,;=]/.test(c)) return c;
      return `%${b.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function parseHost(text: string): string {
  let port = '';
  if (text.startsWith('[')) {
    const end = text.lastIndexOf(']');
    if (end < 0) throw new UrlProblem("missing ']' in host");
    port = text.slice(end + 1);
  } else if (text.includes(':')) {
    port = text.slice(text.lastIndexOf(':'));
  }
  if (!/^(:\d*)?$/.test(port)) throw new UrlProblem(`invalid port ${quote(port)} after host`);
  const lowEscape = /%(?!25)[0-7][0-9A-Fa-f]/.exec(text)?.[0];
  if (lowEscape !== undefined) throw new UrlProblem(`invalid URL escape ${quote(lowEscape)}`);
  const host = decoded(text);
  const bad = /[^A-Za-z0-9!$&'()*+,;=:[\]<>"\-_.~%\u0080-\u{10ffff}]/u.exec(text)?.[0];
  if (bad !== undefined) throw new UrlProblem(`invalid character ${quote(bad)} in host name`);
  return host;
}

/** Percent escapes undone. */
function decoded(text: string): string {
  const bad = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(text)?.[0];
  if (bad !== undefined) throw new UrlProblem(`invalid URL escape ${quote(bad)}`);
  if (!text.includes('%')) return text;
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '%') {
      bytes.push(Number.parseInt(text.slice(i + 1, i + 3), 16));
      i += 2;
    } else {
      const point = String.fromCodePoint(text.codePointAt(i)!);
      bytes.push(...Buffer.from(point));
      i += point.length - 1;
    }
  }
  return Buffer.from(bytes).toString();
}
