/**
 * Links in what a backend answers: those that start at its root are made to lead through the proxy,
 * in `Location` headers and in the attributes of HTML (of UTF-8 pages, as the real server does it).
 */

import { member } from '../../../machinery/meta/member.ts';
import { escapePath, unescapePath } from './go-paths.ts';

export interface LinkContext {
  /** The proxy's own path, unescaped, without the part that was passed on. */
  readonly prefix: string;
  /** How the client names this server (its Host header). */
  readonly host: string;
  /** `host:port` of the backend. */
  readonly backendHost: string;
}

/** One URL reference, changed where it leads to the same backend by an absolute path. */
export function rewriteLink(link: string, c: LinkContext): string {
  const parts = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/s.exec(link);
  if (parts === null) return link;
  const [, scheme = '', host = '', path = '', tail = ''] = parts;
  if (scheme !== '' && host === '') return link;
  const elsewhere = host !== '' && host !== c.backendHost && host !== c.host;
  if (elsewhere || !path.startsWith('/')) return link;
  const origin =
    host !== '' && host === c.host ? link.slice(0, link.indexOf(host) + host.length) : '';
  const plain = unescapePath(path);
  if (plain === undefined) return link;
  if (plain.startsWith(c.prefix)) return `${origin}${path}${tail}`;
  return `${origin}${escapePath(joinPath(c.prefix, plain))}${tail}`;
}

/** Joined, with a slash at the end kept. */
function joinPath(prefix: string, path: string): string {
  const joined = `${prefix.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
  return joined.replace(/\/{2,}/g, '/');
}

/** Attributes that hold a URL, by element. */
const urlAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

/** Longer tags are left as they are: looking for attributes takes time by the square of the length. */
const tagLimit = 8192;
const tagStart = /<([A-Za-z][A-Za-z0-9]*)/y;
const attribute = /([^\s"'<>/=]+)(\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))/g;

/** A page with its links changed; comments, scripts and styles are left alone. One pass. */
export function rewriteHtml(page: string, c: LinkContext): string {
  const out: string[] = [];
  let at = 0;
  const copyTo = (end: number) => {
    const stop = end < 0 ? page.length : end;
    out.push(page.slice(at, stop));
    at = stop;
  };
  while (at < page.length) {
    copyTo(page.indexOf('<', at));
    if (page.startsWith('<!--', at)) {
      const end = page.indexOf('-->', at);
      copyTo(end < 0 ? end : end + 3);
      continue;
    }
    tagStart.lastIndex = at;
    const name = tagStart.exec(page)?.[1]?.toLowerCase();
    if (name === undefined) {
      copyTo(Math.min(at + 1, page.length));
      continue;
    }
    const end = tagEnd(page, at);
    if (end < 0) break;
    out.push(rewriteTag(page.slice(at, end), name, c));
    at = end;
    if (name === 'script' || name === 'style') {
      const close = new RegExp(`</${name}`, 'ig');
      close.lastIndex = at;
      copyTo(close.exec(page)?.index ?? -1);
    }
  }
  copyTo(-1);
  return out.join('');
}

/** Behind the `>` that ends the tag, which is none that stands in quotes; -1: there is none. */
function tagEnd(page: string, start: number): number {
  let quote = '';
  for (let i = start; i < page.length; i++) {
    const ch = page[i]!;
    if (quote !== '') {
      if (ch === quote) quote = '';
    } else if (ch === '"' || ch === "'") quote = ch;
    else if (ch === '>') return i + 1;
  }
  return -1;
}

function rewriteTag(text: string, name: string, c: LinkContext): string {
  const names = member(urlAttributes, name);
  if (names === undefined || text.length > tagLimit) return text;
  return text.replace(attribute, (all, key: string, equals: string, ...values) => {
    if (!names.includes(key.toLowerCase())) return all;
    const [double, single, bare] = values as (string | undefined)[];
    const link = double ?? single ?? bare ?? '';
    const next = rewriteLink(link, c);
    return next === link ? all : `${key}${equals}"${next.replaceAll('"', '&#34;')}"`;
  });
}
