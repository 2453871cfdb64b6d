/** Answers that are no success, as client-go words them when the body says nothing itself. */
import { quote } from '../../machinery/meta/field-error.ts';
import { StatusError, type StatusReason } from '../../machinery/meta/status-error.ts';

/** So much of a body is told. */
const toldBytes = 2048;

type Worded = readonly [StatusReason, string];

const worded: Readonly<Record<number, Worded>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  409: ['AlreadyExists', 'the server reported a conflict'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: [
    'TooManyRequests',
    'the server has received too many requests and has asked us to try again later',
  ],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: [
    'Timeout',
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ],
};

/** The error of an answer to a POST outside 200 to 206. */
export function answerError(
  code: number,
  contentType: string | undefined,
  body: Buffer,
): StatusError {
  return statusOf(body) ?? new StatusError(...wordsOf(code, toldText(contentType, body)), {}, code);
}

function wordsOf(code: number, told: string): [StatusReason | '', string] {
  const known = worded[code];
  if (known !== undefined) return [known[0], known[1]];
  if (code === 403) return ['Forbidden', told];
  if (code === 415) return ['UnsupportedMediaType', told];
  if (code === 406) {
    const usual = 'the server was unable to respond with a content type that the client supports';
    return ['NotAcceptable', told === '' || told === 'unknown' ? usual : told];
  }
  if (code >= 500) {
    const text = `an error on the server (${quote(told)}) has prevented the request from succeeding`;
    return ['InternalError', text];
  }
  const text = `the server responded with the status code ${code} but did not return more information`;
  return ['', text];
}

/** A body is told when it is text, or nobody says what it is. */
function toldText(contentType: string | undefined, body: Buffer): string {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  const isText = type === '' || type.startsWith('text/');
  return isText ? body.subarray(0, toldBytes).toString('utf8').trim() : 'unknown';
}

/** The failure that a body is. */
function statusOf(body: Buffer): StatusError | undefined {
  if (body[0] !== 0x7b) return undefined;
  try {
    return StatusError.from(JSON.parse(body.toString('utf8')));
  } catch {
    return undefined;
  }
}
