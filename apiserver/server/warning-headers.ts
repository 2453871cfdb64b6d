/**
 * `Warning` headers (RFC 7234: `299 - "text"`), limited as the real server limits them
 * (k8s.io/apiserver/pkg/endpoints/filters: WithWarningRecorder).
 */

/** All warnings of an answer together, in characters; beyond it each one is cut. */
const totalLimit = 4 * 1024;
const eachLimit = 256;

/** The values to send for these texts, in order. */
export function warningHeaders(texts: readonly string[] | undefined): string[] {
  const usable = (texts ?? []).filter((text) => text !== '' && !/\p{Cc}/u.test(text));
  const lengthOf = (text: string) => [...text].length;
  const total = usable.reduce((sum, text) => sum + lengthOf(text), 0);
  if (total <= totalLimit) return usable.map(header);
  const out: string[] = [];
  let written = 0;
  for (const text of usable) {
    if (written >= totalLimit) break;
    const cut = [...text].slice(0, eachLimit).join('');
    written += lengthOf(cut);
    out.push(header(cut));
  }
  return out;
}

/** Header values are bytes: UTF-8, which Node takes as one character each. */
function header(text: string): string {
  const quoted = `299 - "${text.replace(/[\\"]/g, '\\$&')}"`;
  return Buffer.from(quoted, 'utf8').toString('latin1');
}
