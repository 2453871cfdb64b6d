/** An expression's text as tokens. Comments and white space are left out. */
import type { Source } from './source.ts';

/** What kinds of tokens there are; operators and keywords are their own kind. */
export type TokenKind =
  | 'identifier'
  | 'escaped'
  | 'int'
  | 'uint'
  | 'float'
  | 'string'
  | 'bytes'
  | 'operator'
  | 'end';

/** A token. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Where it starts, in characters. */
  readonly at: number;
}

const escaped =
  '\\\\(?:[abfnrtv"\'\\\\?`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})';
const quoted = [
  `[rR]"""[^]*?"""`,
  `[rR]'''[^]*?'''`,
  `[rR]"[^"\\n\\r]*"`,
  `[rR]'[^'\\n\\r]*'`,
  `"""(?:${escaped}|[^\\\\])*?"""`,
  `'''(?:${escaped}|[^\\\\])*?'''`,
  `"(?:${escaped}|[^\\\\"\\n\\r])*"`,
  `'(?:${escaped}|[^\\\\'\\n\\r])*'`,
].join('|');

const skipped = /(?:[\t \r\n\f]+|\/\/[^\n]*)*/y;
const token = new RegExp(
  [
    `(?<bytes>[bB](?:${quoted}))`,
    `(?<string>${quoted})`,
    '(?<float>(?:\\d+\\.\\d+(?:[eE][+-]?\\d+)?|\\d+[eE][+-]?\\d+|\\.\\d+(?:[eE][+-]?\\d+)?))',
    '(?<uint>(?:0x[0-9a-fA-F]+|\\d+)[uU])',
    '(?<int>0x[0-9a-fA-F]+|\\d+)',
    '(?<word>[A-Za-z_][A-Za-z0-9_]*)',
    '(?<escaped>`[A-Za-z0-9_./ -]+`)',
    '(?<operator>[=!<>]=|&&|\\|\\||[[\\]{}().,\\-!?:+*/%<>])',
  ].join('|'),
  'y',
);

const keywords = new Set(['in', 'true', 'false', 'null']);

/** All tokens, the end last; `undefined` where the text has something that is none. */
export function tokenize(source: Source): readonly Token[] | undefined {
  const { text } = source;
  // Positions count characters, the pattern counts UTF-16 units.
  const wide = source.chars.length !== text.length;
  const tokens: Token[] = [];
  let units = 0;
  let chars = 0;
  const advance = (to: number): void => {
    chars += wide ? characters(text, units, to) : to - units;
    units = to;
  };
  for (;;) {
    skipped.lastIndex = units;
    skipped.exec(text);
    advance(skipped.lastIndex);
    if (units === text.length) break;
    token.lastIndex = units;
    const found = token.exec(text);
    if (found === null) return undefined;
    tokens.push({ kind: kindOf(found), text: found[0], at: chars });
    advance(token.lastIndex);
  }
  tokens.push({ kind: 'end', text: '<EOF>', at: chars });
  return tokens;
}

function characters(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; count++) i += text.codePointAt(i)! > 0xffff ? 2 : 1;
  return count;
}

function kindOf(found: RegExpExecArray): TokenKind {
  const groups = found.groups!;
  if (groups['word'] !== undefined) return keywords.has(found[0]) ? 'operator' : 'identifier';
  if (groups['operator'] !== undefined) return 'operator';
  for (const kind of ['string', 'int', 'bytes', 'float', 'uint'] as const) {
    if (groups[kind] !== undefined) return kind;
  }
  return 'escaped';
}
