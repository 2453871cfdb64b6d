/**
 * Documents that clients ask for under conditions, or in part: RFC 9110, 13 and 14, as Go's
 * http.ServeContent reads them.
 */
import type { BodyResponse } from './api-response.ts';

/** What of a request matters here. */
export interface ConditionalRequest {
  readonly method: string;
  header(name: string): string | undefined;
}

export interface Content {
  readonly contentType: string;
  /** `Etag` among them where it has one. */
  readonly headers: Readonly<Record<string, string>>;
  readonly modifiedMs: number;
  /** Called once, when it is sent. */
  body(): Buffer;
}

const nothing = Buffer.alloc(0);

/** An answer in one piece. */
export interface ContentAnswer extends BodyResponse {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** 200, 206, 304, 412 or 416. */
export function conditionalAnswer(content: Content, request: ConditionalRequest): ContentAnswer {
  const { contentType, headers } = content;
  const dated = { ...headers, 'Last-Modified': new Date(content.modifiedMs).toUTCString() };
  switch (outcome(content, request)) {
    case 'failed':
      return { code: 412, contentType, headers: dated, body: nothing };
    case 'unchanged': {
      const kept = headers['Etag'] === undefined ? dated : headers;
      return { code: 304, contentType: '', headers: withoutEncoding(kept), body: nothing };
    }
  }
  const body = content.body();
  const whole = { ...dated, 'Accept-Ranges': 'bytes' };
  const range = isCurrent(content, request.header('if-range')) ? request.header('range') : '';
  // Several ranges would be an answer of several parts: the whole is as good.
  const part = rangeOf(range ?? '', body.length);
  if (part === undefined) return { code: 200, contentType, headers: whole, body };
  if (typeof part === 'string') return refusedRange(part, headers, body.length);
  const contentRange = `bytes ${part.start}-${part.end - 1}/${body.length}`;
  return {
    code: 206,
    contentType,
    headers: { ...whole, 'Content-Range': contentRange },
    body: body.subarray(part.start, part.end),
  };
}

function outcome(content: Content, request: ConditionalRequest): 'send' | 'failed' | 'unchanged' {
  const etag = content.headers['Etag'] ?? '';
  const since = (name: string) => Date.parse(request.header(name) ?? '');
  // Times in headers have whole seconds.
  const modified = Math.floor(content.modifiedMs / 1000) * 1000;
  const match = request.header('if-match');
  if (match !== undefined) {
    if (!tags(match).some((t) => t === '*' || (t === etag && !t.startsWith('W/')))) return 'failed';
  } else if (modified > since('if-unmodified-since')) return 'failed';
  const reads = request.method === 'GET' || request.method === 'HEAD';
  const none = request.header('if-none-match');
  if (none !== undefined) {
    if (!tags(none).some((t) => t === '*' || weak(t) === weak(etag))) return 'send';
    return reads ? 'unchanged' : 'failed';
  }
  return reads && modified <= since('if-modified-since') ? 'unchanged' : 'send';
}

/** The tags of a list; what comes behind something that is none does not count. */
function tags(text: string): string[] {
  const out: string[] = [];
  let rest = text.trimStart();
  for (;;) {
    if (rest.startsWith('*')) return [...out, '*'];
    const tag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\uffff]*"/.exec(rest)?.[0];
    if (tag === undefined) return out;
    out.push(tag);
    rest = rest.slice(tag.length).replace(/^[\s,]+/, '');
  }
}

function weak(tag: string): string {
  return tag.replace(/^W\//, '');
}

/** Whether a part of what the client has goes with this; always when it does not say what it has. */
function isCurrent(content: Content, ifRange: string | undefined): boolean {
  if (ifRange === undefined || ifRange === '') return true;
  const tag = tags(ifRange)[0];
  if (tag !== undefined) return tag === content.headers['Etag'] && !tag.startsWith('W/');
  return Math.floor(content.modifiedMs / 1000) * 1000 === Date.parse(ifRange);
}

interface Part {
  readonly start: number;
  readonly end: number;
}

const invalid = 'invalid range';
const noOverlap = 'invalid range: failed to overlap';

/** Undefined: the whole; a text: what is wrong. */
function rangeOf(header: string, size: number): Part | string | undefined {
  if (header === '') return undefined;
  if (!header.startsWith('bytes=')) return invalid;
  const specs = header.slice('bytes='.length).split(',');
  const given = specs.map((spec) => spec.trim()).filter((spec) => spec !== '');
  const parts: Part[] = [];
  for (const spec of given) {
    const [, from = '', to = ''] = /^(\d*)\s*-\s*(\d*)$/.exec(spec) ?? [];
    if (from === '' && to === '') return invalid;
    if (from === '') parts.push({ start: Math.max(0, size - Number(to)), end: size });
    else if (to !== '' && Number(to) < Number(from)) return invalid;
    else if (Number(from) < size) {
      const end = to === '' ? size : Math.min(size, Number(to) + 1);
      parts.push({ start: Number(from), end });
    }
  }
  if (parts.length === 0) return given.length === 0 ? undefined : noOverlap;
  return parts.length === 1 ? parts[0] : undefined;
}

function refusedRange(
  why: string,
  headers: Readonly<Record<string, string>>,
  size: number,
): ContentAnswer {
  const { Etag: _, ...kept } = withoutEncoding(headers);
  return {
    code: 416,
    contentType: 'text/plain; charset=utf-8',
    headers: {
      ...kept,
      'X-Content-Type-Options': 'nosniff',
      ...(why === noOverlap ? { 'Content-Range': `bytes */${size}` } : {}),
    },
    body: Buffer.from(`${why}\n`),
  };
}

function withoutEncoding(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { 'Content-Encoding': _, ...rest } = headers;
  return rest;
}
