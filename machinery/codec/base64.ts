/** Base64 in JSON as Go's encoding/base64 reads it: line breaks skipped, padding required. */

/** What is wrong, in Go's words; undefined when it decodes. */
export function base64Error(text: string): string | undefined {
  if (text.length % 4 === 0 && wellFormed.test(text)) return undefined;
  const at = faultOf(text);
  return at === undefined ? undefined : `illegal base64 data at input byte ${at}`;
}

/** The canonical text of what Go would decode; undefined when the text is not base64. */
export function canonicalBase64(text: string): string | undefined {
  if (text.length % 4 === 0 && wellFormed.test(text)) {
    if (!text.endsWith('=')) return text;
    // Bits behind the last byte are ignored when reading and zero when writing.
    const tail = text.slice(-4);
    const again = Buffer.from(tail, 'base64').toString('base64');
    return again === tail ? text : text.slice(0, -4) + again;
  }
  return faultOf(text) === undefined ? Buffer.from(text, 'base64').toString('base64') : undefined;
}

const wellFormed = /^[A-Za-z0-9+/]*={0,2}$/;
const alphabet = /[A-Za-z0-9+/]/;

/** The position Go reports, undefined when the text is fine. */
function faultOf(text: string): number | undefined {
  let filled = 0;
  let i = 0;
  const skipBreaks = () => {
    while (text[i] === '\n' || text[i] === '\r') i++;
  };
  for (; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\n' || c === '\r') continue;
    if (alphabet.test(c)) {
      filled = (filled + 1) % 4;
      continue;
    }
    if (c !== '=' || filled < 2) return i;
    i++;
    if (filled === 2) {
      skipBreaks();
      if (i === text.length) return text.length;
      if (text[i] !== '=') return i - 1;
      i++;
    }
    skipBreaks();
    return i < text.length ? i : undefined;
  }
  return filled === 0 ? undefined : text.length - filled;
}
