/** Times in bodies, brought to the one form that the server writes: UTC, fixed precision. */
import { quote } from '../meta/field-error.ts';
import { formatTime, parseTime, TimeError } from '../meta/times.ts';

const canonicalSeconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const canonicalMicros = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const zeroTime = '0001-01-01T00:00:00';

/** In whole seconds: `2024-01-02T03:04:05Z`; undefined for the zero time. Throws TimeError. */
export function normalTime(text: string): string | undefined {
  const normal =
    canonicalSeconds.test(text) && certainlyInRange(text) ? text : formatTime(parseTime(text));
  return normal.startsWith(zeroTime) ? undefined : normal;
}

/**
 * With six decimals, which must be there on input too: `2024-01-02T03:04:05.000006Z`; undefined
 * for the zero time. Throws TimeError.
 */
export function normalMicroTime(text: string): string | undefined {
  let normal = text;
  if (!canonicalMicros.test(text) || !certainlyInRange(text)) {
    const ms = parseMicros(text);
    normal = `${formatTime(ms).slice(0, 19)}.${text.slice(20, 26)}Z`;
  }
  return normal === `${zeroTime}.000000Z` ? undefined : normal;
}

function parseMicros(text: string): number {
  const layout = '2006-01-02T15:04:05.000000Z07:00';
  let ms: number;
  try {
    ms = parseTime(text);
  } catch (e) {
    if (!(e instanceof TimeError)) throw e;
    throw new TimeError(e.message.replace('as "2006-01-02T15:04:05Z07:00"', `as "${layout}"`));
  }
  const cannot = (rest: string, piece: string) =>
    new TimeError(
      `parsing time ${quote(text)} as "${layout}": cannot parse ${quote(rest)} as "${piece}"`,
    );
  if (!/^[.,]\d{6}/.test(text.slice(19))) throw cannot(text.slice(19), '.000000');
  if (/^\d/.test(text.slice(26))) throw cannot(text.slice(26), 'Z07:00');
  return ms;
}

/** Days that not every month has go the long way. */
function certainlyInRange(t: string): boolean {
  const month = t.slice(5, 7);
  const day = t.slice(8, 10);
  return (
    month >= '01' &&
    month <= '12' &&
    day >= '01' &&
    day <= '28' &&
    t.slice(11, 13) < '24' &&
    t.slice(14, 16) < '60' &&
    t.slice(17, 19) < '60'
  );
}
