/** HTML of a backend on its way to the client: read whole, its links changed. */

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip, inflateRaw } from 'node:zlib';
import { member } from '../../../machinery/meta/member.ts';
import { type LinkContext, rewriteHtml } from './link-rewriter.ts';

type Headers = Record<string, string | string[]>;

/** Larger pages pass unchanged. */
const pageLimitBytes = 8 * 1024 * 1024;
const limits = { maxOutputLength: pageLimitBytes };
const decoders: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  '': (bytes) => Promise.resolve(bytes),
  gzip: (bytes) => promisify<Buffer, object, Buffer>(gunzip)(bytes, limits),
  deflate: (bytes) => promisify<Buffer, object, Buffer>(inflateRaw)(bytes, limits),
};

/** Headers and body to answer with. A page that cannot be read passes as it is. */
export async function htmlPage(
  answer: IncomingMessage,
  headers: Headers,
  links: LinkContext,
): Promise<{ headers: Headers; stream: Readable }> {
  const decode = member(decoders, answer.headers['content-encoding'] ?? '');
  if (decode === undefined) return { headers, stream: answer };
  const chunks: Buffer[] = [];
  let size = 0;
  const rest = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    chunks.push(next.value);
    size += next.value.length;
    if (size > pageLimitBytes) return { headers, stream: Readable.from(unchanged(chunks, rest)) };
  }
  const bytes = Buffer.concat(chunks);
  let page: Buffer;
  try {
    page = await decode(bytes);
  } catch {
    // Not what its header says, or too large: the client may make more of it.
    return { headers, stream: Readable.from([bytes]) };
  }
  const body = Buffer.from(rewriteHtml(page.toString('utf8'), links));
  const kept = Object.entries(headers).filter(
    ([name]) => !/^content-(length|encoding)$/i.test(name),
  );
  return {
    headers: { ...Object.fromEntries(kept), 'Content-Length': String(body.length) },
    stream: Readable.from([body]),
  };
}

async function* unchanged(
  first: readonly Buffer[],
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer> {
  yield* first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    yield next.value;
  }
}
