/** The continue token of paged lists, in the real server's form. */

import { decodeJson } from '../../machinery/codec/json.ts';
import { badRequest } from '../../machinery/meta/status-error.ts';

export interface Continuation {
  /** Keys before this one, relative to the list's prefix, have been sent. */
  readonly startKey: string;
  readonly revision: number;
}

/** `lastKey` is the key of the last item sent, relative to the resource's prefix. */
export function encodeContinue(lastKey: string, revision: number): string {
  const token = { v: 'meta.k8s.io/v1', rv: revision, start: `${lastKey}\u0000` };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** Throws 400 for what is no token of ours. */
export function decodeContinue(token: string): Continuation {
  const bad = (why: string) => badRequest(`invalid continue token: ${why}`);
  let parsed: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    parsed = decodeJson(Buffer.from(token, 'base64url')).value as typeof parsed;
  } catch (e) {
    throw bad(`continue key is not valid: ${e instanceof Error ? e.message : String(e)}`);
  }
  if (typeof parsed !== 'object' || parsed === null || parsed.v !== 'meta.k8s.io/v1') {
    throw bad(`server does not recognize this encoded version ${String(parsed?.v ?? '')}`);
  }
  const { rv } = parsed;
  if (typeof rv === 'number' && (!Number.isInteger(rv) || Math.abs(rv) > 2 ** 63)) {
    throw bad(
      `continue key is not valid: json: cannot unmarshal number ${rv} into Go struct field continueToken.rv of type int64`,
    );
  }
  if ((typeof rv !== 'number' && typeof rv !== 'bigint') || Number(rv) === 0) {
    throw bad('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof parsed.start !== 'string' || parsed.start === '') {
    throw bad('encoded start key empty (version meta.k8s.io/v1)');
  }
  const start = parsed.start.startsWith('/') ? parsed.start : `/${parsed.start}`;
  if (/(^|\/)\.{1,2}(\/|$)|\/\//.test(start)) {
    throw bad(`continue key is not valid: ${parsed.start}`);
  }
  return { startKey: start.slice(1), revision: Number(rv) };
}
