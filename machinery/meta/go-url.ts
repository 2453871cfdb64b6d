/** URLs taken apart as Go's net/url does, whose problems the real server's messages quote. */
import { quote } from './field-error.ts';
import { parseAddress } from './net-address.ts';

/** The parts the server's rules look at, decoded; `user` as it would be written again. */
export interface GoUrl {
  readonly scheme: string;
  /** What follows the scheme of a URL such as `mailto:a@b`, as written. */
  readonly opaque: string;
  readonly user: string | undefined;
  readonly host: string;
  readonly path: string;
  /** The path with the escapes that it was written with, where Go would choose others. */
  readonly rawPath: string;
  readonly query: string;
  /** The URL ends in a lone question mark. */
  readonly emptyQuery: boolean;
  /** There is a scheme and a path, but no `//`. */
  readonly hostLeftOut: boolean;
  readonly fragment: string;
  readonly rawFragment: string;
}

class UrlProblem extends Error {}

/** The parts of a URL, or what keeps it from being one. */
export function parseGoUrl(text: string): GoUrl | { readonly problem: string } {
  const [main, fragment] = cut(text, '#');
  let shown = main;
  try {
    const url = parseMain(main, false);
    shown = text;
    const decodedFragment = decoded(fragment, 'fragment');
    const rawFragment = escaped(decodedFragment, 'fragment') === fragment ? '' : fragment;
    return { ...url, fragment: decodedFragment, rawFragment };
  } catch (e) {
    if (!(e instanceof UrlProblem)) throw e;
    return { problem: `parse ${quote(shown)}: ${e.message}` };
  }
}

/** What is wrong with a URL in the line of a request: absolute, or a path from the root. */
export function requestUriProblem(text: string): string | undefined {
  try {
    parseMain(text, true);
    return undefined;
  } catch (e) {
    if (!(e instanceof UrlProblem)) throw e;
    return `parse ${quote(text)}: ${e.message}`;
  }
}

/** Host and port; the brackets around an IPv6 address are taken off. */
export function splitHostPort(url: GoUrl): { readonly hostname: string; readonly port: string } {
  let [hostname, port] = [url.host, ''];
  const colon = hostname.lastIndexOf(':');
  if (colon >= 0 && /^:\d*$/.test(hostname.slice(colon))) {
    port = hostname.slice(colon + 1);
    hostname = hostname.slice(0, colon);
  }
  if (/^\[.*\]$/s.test(hostname)) hostname = hostname.slice(1, -1);
  return { hostname, port };
}

/** The path as it would be written again. */
export function escapedPath(url: GoUrl): string {
  if (url.rawPath !== '' && /^[\w\-.~!$&'()*+,;=:@[\]%/]*$/.test(url.rawPath)) {
    return url.rawPath;
  }
  return url.path === '*' ? '*' : escaped(url.path, 'path');
}

/** The parameters of the query in order; what cannot be read is left out, as Go does. */
export function queryParameters(url: GoUrl): Map<string, string[]> {
  const parameters = new Map<string, string[]>();
  const parts = url.query.split('&');
  if (parts.length > maxParameters) return parameters;
  for (const part of parts) {
    if (part === '' || part.includes(';')) continue;
    try {
      const [key, value] = cut(part, '=').map((p) => decoded(p.replaceAll('+', ' '), 'query')) as [
        string,
        string,
      ];
      const values = parameters.get(key);
      if (values === undefined) parameters.set(key, [value]);
      else values.push(value);
    } catch (e) {
      if (!(e instanceof UrlProblem)) throw e;
    }
  }
  return parameters;
}

/** Go reads no query of more parameters. */
const maxParameters = 10_000;

/** The URL put together again. */
export function goUrlText(url: GoUrl): string {
  const scheme = url.scheme === '' ? '' : `${url.scheme}:`;
  const query = url.emptyQuery || url.query !== '' ? `?${url.query}` : '';
  const asWritten =
    url.rawFragment !== '' && /^[\w\-.~!$&'()*+,;=:@[\]%/?]*$/.test(url.rawFragment);
  const fragment = asWritten ? url.rawFragment : escaped(url.fragment, 'fragment');
  const end = `${query}${url.fragment === '' ? '' : `#${fragment}`}`;
  if (url.opaque !== '') return `${scheme}${url.opaque}${end}`;
  let authority = '';
  const named = url.host !== '' || url.user !== undefined;
  if (named || (url.scheme !== '' && !url.hostLeftOut && url.path !== '')) {
    const user = url.user === undefined ? '' : `${url.user}@`;
    authority = `//${user}${escaped(url.host, 'host')}`;
  }
  let path = escapedPath(url);
  if (path !== '' && !path.startsWith('/') && url.host !== '') path = `/${path}`;
  if (scheme === '' && authority === '' && cut(path, '/')[0].includes(':')) path = `./${path}`;
  return `${scheme}${authority}${path}${end}`;
}

function cut(text: string, separator: string): [string, string] {
  const i = text.indexOf(separator);
  return i < 0 ? [text, ''] : [text.slice(0, i), text.slice(i + separator.length)];
}

function parseMain(text: string, inRequest: boolean): GoUrl {
  const url = {
    scheme: '',
    opaque: '',
    user: undefined,
    host: '',
    path: '',
    rawPath: '',
    query: '',
    emptyQuery: false,
    hostLeftOut: false,
    fragment: '',
    rawFragment: '',
  };
  if (hasControl(text)) throw new UrlProblem('net/url: invalid control character in URL');
  if (text === '' && inRequest) throw new UrlProblem('empty url');
  if (text === '*') return { ...url, path: '*' };
  if (text.startsWith(':')) throw new UrlProblem('missing protocol scheme');
  const given = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1] ?? '';
  const scheme = given.toLowerCase();
  const afterScheme = given === '' ? text : text.slice(given.length + 1);
  const [rest, query] = cut(afterScheme, '?');
  const start = {
    ...url,
    scheme,
    query,
    emptyQuery: afterScheme.length === rest.length + 1,
  };
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...start, opaque: rest };
    if (inRequest) throw new UrlProblem('invalid URI for request');
    if (cut(rest, '/')[0].includes(':')) {
      throw new UrlProblem('first path segment in URL cannot contain colon');
    }
  }
  const mayHaveHost = scheme !== '' || (!inRequest && !rest.startsWith('///'));
  if (!mayHaveHost || !rest.startsWith('//')) {
    const hostLeftOut = scheme !== '' && rest.startsWith('/');
    return { ...start, ...parsePath(rest), hostLeftOut };
  }
  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  const at = authority.lastIndexOf('@');
  const host = parseHost(authority.slice(at + 1), scheme);
  const user = at < 0 ? undefined : parseUser(authority.slice(0, at));
  return { ...start, user, host, ...parsePath(slash < 0 ? '' : rest.slice(slash)) };
}

function parsePath(text: string): { path: string; rawPath: string } {
  const path = decoded(text, 'path');
  return { path, rawPath: escaped(path, 'path') === text ? '' : text };
}

function hasControl(text: string): boolean {
  return Buffer.from(text).some((b) => b < 0x20 || b === 0x7f);
}

function parseUser(text: string): string {
  if (/[^A-Za-z0-9\-._:~!$&'()*+,;=%@]/.test(text)) {
    throw new UrlProblem('net/url: invalid userinfo');
  }
  const colon = text.indexOf(':');
  const again = (part: string): string => escaped(decoded(part, 'user'), 'user');
  if (colon < 0) return again(text);
  return `${again(text.slice(0, colon))}:${again(text.slice(colon + 1))}`;
}

function parseHost(text: string, scheme: string): string {
  const bracket = text.lastIndexOf('[');
  if (bracket > 0) throw new UrlProblem('invalid IP-literal');
  if (bracket === 0) return parseLiteral(text);
  const first = text.indexOf(':');
  const strict = scheme === 'http' || scheme === 'https';
  if (first >= 0) checkPort(text.slice(strict ? first : text.lastIndexOf(':')));
  return decoded(text, 'host');
}

/** `[address]:port`; the address may name a zone. */
function parseLiteral(text: string): string {
  const end = text.lastIndexOf(']');
  if (end < 0) throw new UrlProblem("missing ']' in host");
  const port = text.slice(end + 1);
  checkPort(port);
  const name = text.slice(1, end);
  const zone = name.indexOf('%25');
  const host =
    zone < 0
      ? decoded(name, 'host')
      : decoded(name.slice(0, zone), 'host') + decoded(name.slice(zone), 'zone');
  const address = parseAddress(host);
  if ('problem' in address) throw new UrlProblem(`invalid host: ${address.problem}`);
  if (address.bytes.length === 4) throw new UrlProblem('invalid IP-literal');
  return `[${host}]${decoded(port, 'host')}`;
}

function checkPort(port: string): void {
  if (!/^(:\d*)?$/.test(port)) throw new UrlProblem(`invalid port ${quote(port)} after host`);
}

type Part = 'path' | 'host' | 'zone' | 'user' | 'query' | 'fragment';

/** What stands unescaped in a part, beside letters and digits. */
const plain: Readonly<Record<Part, RegExp>> = {
  path: /[A-Za-z0-9\-_.~$&+,/:;=@]/,
  host: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  zone: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  user: /[A-Za-z0-9\-_.~$&+,;=]/,
  query: /[A-Za-z0-9\-_.~]/,
  fragment: /[A-Za-z0-9\-_.~$&+,/:;=?@!()*]/,
};

function escaped(text: string, part: Part): string {
  if (text === '') return text;
  let out = '';
  for (const b of Buffer.from(text)) {
    const c = String.fromCharCode(b);
    out += b < 0x80 && plain[part].test(c) ? c : percent(b);
  }
  return out;
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Percent escapes undone. */
function decoded(text: string, part: Part): string {
  const bad = /%(?![0-9A-Fa-f]{2}).{0,2}/su.exec(text)?.[0];
  const literal = part === 'host' || part === 'zone';
  if (literal) checkHostText(text, part);
  // Go shows three bytes.
  if (bad !== undefined) {
    const shown = Buffer.from(bad).subarray(0, 3).toString();
    throw new UrlProblem(`invalid URL escape ${quote(shown)}`);
  }
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

/** Hosts may not hide plain characters behind escapes, nor hold others than these. */
function checkHostText(text: string, part: 'host' | 'zone'): void {
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '%') {
      const triplet = text.slice(i, i + 3);
      if (!/^%[0-9A-Fa-f]{2}$/.test(triplet)) return;
      const value = Number.parseInt(triplet.slice(1), 16);
      const fine =
        part === 'host'
          ? value >= 0x80
          : value === 0x20 || (value < 0x80 && plain.host.test(String.fromCharCode(value)));
      if (triplet !== '%25' && !fine) throw new UrlProblem(`invalid URL triplet ${quote(triplet)}`);
      i += 2;
    } else if (c < '\u0080' && !plain.host.test(c)) {
      throw new UrlProblem(`invalid character ${quote(c)} in host name`);
    }
  }
}
