/** The continue token of paged lists, in the real server's form. */
import { JsonNumber, JsonSyntaxError, readJson } from '../../machinery/codec/json-text.ts';
import { badRequest, StatusError } from '../../machinery/meta/status-error.ts';

/** Where a list goes on. */
export interface Continuation {
  /** Keys before this one, relative to the list's prefix, have been sent. */
  readonly startKey: string;
  /** The revision that the list shows; negative: the present one. */
  readonly revision: number;
}

const version = 'meta.k8s.io/v1';

/** `lastKey` is the key of the last item sent, relative to the list's prefix. */
export function encodeContinue(lastKey: string, revision: number): string {
  return tokenOf(`${lastKey}\u0000`, revision);
}

function tokenOf(start: string, revision: number): string {
  return Buffer.from(JSON.stringify({ v: version, rv: revision, start })).toString('base64url');
}

/** Throws 400, with the real server's text, for what is no token of ours. */
export function decodeContinue(token: string): Continuation {
  try {
    const { v, rv, start } = fieldsOf(bytesOf(token));
    if (v !== version) throw new TokenError(`server does not recognize this encoded version ${v}`);
    if (rv === 0n) {
      throw new TokenError(`incorrect encoded start resourceVersion (version ${version})`);
    }
    if (start === '') throw new TokenError(`encoded start key empty (version ${version})`);
    const path = start.startsWith('/') ? start : `/${start}`;
    // Nothing above the list's own prefix can be reached, and nothing that is not a clean path.
    if (/(^|\/)\.{1,2}(\/|$)|\/\/|.\/$/s.test(path)) throw new TokenError(start);
    return { startKey: path.slice(1), revision: Number(rv) };
  } catch (e) {
    if (!(e instanceof TokenError || e instanceof JsonSyntaxError)) throw e;
    throw badRequest(`invalid continue token: continue key is not valid: ${e.message}`);
  }
}

/** What is wrong with a token. */
class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** Base64 for URLs without padding, as Go reads it: line breaks are skipped. */
function bytesOf(token: string): Buffer {
  const bad = token.search(/[^A-Za-z0-9_\-\r\n]/);
  const at = bad < 0 && token.replace(/[\r\n]/g, '').length % 4 === 1 ? token.length - 1 : bad;
  if (at < 0) return Buffer.from(token, 'base64url');
  const byte = Buffer.byteLength(token.slice(0, at));
  throw new TokenError(`illegal base64 data at input byte ${byte}`);
}

/** The members, read as Go reads a struct: names in any case, what is missing is zero. */
function fieldsOf(bytes: Buffer): { v: string; rv: bigint; start: string } {
  const { value } = readJson(bytes, true);
  const out = { v: '', rv: 0n, start: '' };
  if (value === null) return out;
  if (typeof value !== 'object' || Array.isArray(value) || value instanceof JsonNumber) {
    throw mismatch(value, 'value of type storage.continueToken');
  }
  for (const [name, member] of Object.entries(value)) {
    const field = name.toLowerCase();
    if (member === null) continue;
    if (field === 'v' || field === 'start') {
      if (typeof member !== 'string') {
        throw mismatch(member, `struct field continueToken.${field} of type string`);
      }
      out[field] = member;
    } else if (field === 'rv') {
      const whole = typeof member === 'bigint' || Number.isInteger(member);
      if (!whole) throw mismatch(member, 'struct field continueToken.rv of type int64');
      out.rv = BigInt(member as number | bigint);
    }
  }
  return out;
}

function mismatch(value: unknown, target: string): TokenError {
  return new TokenError(`json: cannot unmarshal ${nameOf(value)} into Go ${target}`);
}

function nameOf(value: unknown): string {
  if (value instanceof JsonNumber) return `number ${value.source}`;
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

/**
 * 410 for a list whose revision is gone. With it comes a token that goes on from the same key in
 * the present state, for clients that can live with an inconsistent list.
 */
export class ContinueExpiredError extends StatusError {
  readonly token: string;

  constructor(startKey: string) {
    super(
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can ' +
        'start a new list without the continue parameter, or use the continue token in this ' +
        'response to retrieve the remainder of the results. Continuing with the provided token ' +
        'results in an inconsistent list - objects that were created, modified, or deleted between ' +
        'the time the first chunk was returned and now may show up in the list.',
    );
    this.token = tokenOf(startKey, -1);
  }

  override toStatus(): ReturnType<StatusError['toStatus']> {
    return { ...super.toStatus(), metadata: { continue: this.token } };
  }
}
