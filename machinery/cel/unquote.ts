/** String and bytes literals without their quotes and escapes. */

/** What is wrong with a literal, in the reference's words. */
export class UnquoteProblem {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

interface Body {
  readonly raw: boolean;
  readonly text: string;
}

/** A string literal as the text it stands for. */
export function unquoteString(literal: string): string | UnquoteProblem {
  const { raw, text } = bodyOf(literal);
  if (raw || !text.includes('\\')) return text;
  let problem: UnquoteProblem | undefined;
  const plain = text.replace(escapes, (whole: string) => {
    const code = codeOf(whole);
    if (code === undefined) return plainEscape(whole);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      problem ??= new UnquoteProblem('invalid unicode code point');
      return '';
    }
    return String.fromCodePoint(code);
  });
  return problem ?? plain;
}

/** A bytes literal, its `b` taken off: hex and octal escapes are bytes, the rest is UTF-8. */
export function unquoteBytes(literal: string): Uint8Array | UnquoteProblem {
  const { raw, text } = bodyOf(literal);
  const encoder = new TextEncoder();
  if (raw || !text.includes('\\')) return encoder.encode(text);
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const found of text.matchAll(escapes)) {
    parts.push(encoder.encode(text.slice(from, found.index)));
    if (/^\\[uU]/.test(found[0])) return new UnquoteProblem('unable to unescape string');
    const code = codeOf(found[0]);
    parts.push(code === undefined ? encoder.encode(plainEscape(found[0])) : Uint8Array.of(code));
    from = found.index + found[0].length;
  }
  parts.push(encoder.encode(text.slice(from)));
  return Uint8Array.from(parts.flatMap((p) => [...p]));
}

const escapes = /\\(?:[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.)/gs;

function codeOf(sequence: string): number | undefined {
  if (/^\\[xXuU]/.test(sequence)) return Number.parseInt(sequence.slice(2), 16);
  return /^\\[0-3]/.test(sequence) ? Number.parseInt(sequence.slice(1), 8) : undefined;
}

function plainEscape(sequence: string): string {
  return simple[sequence[1]!] ?? sequence[1]!;
}

function bodyOf(literal: string): Body {
  const lines = literal.replace(/\r\n?/g, '\n');
  const raw = /^[rR]/.test(lines);
  const value = raw ? lines.slice(1) : lines;
  const quotes = value.length >= 6 && /^(?:"""|''')/.test(value) ? 3 : 1;
  return { raw, text: value.slice(quotes, value.length - quotes) };
}
