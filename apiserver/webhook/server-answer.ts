/** Answers that are no success, as client-go words them when the body says nothing itself. */
import { wordsOfCode } from '../../machinery/meta/server-response.ts';
import { StatusError } from '../../machinery/meta/status-error.ts';

/** So much of a body is told. */
const toldBytes = 2048;

/** The error of an answer to a POST outside 200 to 206. */
export function answerError(
  code: number,
  contentType: string | undefined,
  body: Buffer,
): StatusError {
  const [reason, text] = wordsOfCode(code, 'POST', toldText(contentType, body));
  return statusOf(body) ?? new StatusError(reason, text, {}, code);
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
