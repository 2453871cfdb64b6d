/**
 * What Go's YAML reader says of a text that is none, from what the `yaml` package found. Its scanner
 * and its parser count lines differently: the scanner names the line, but not the first one, the
 * parser the line before.
 */
import type { LineCounter, YAMLError } from 'yaml';

interface Problem {
  readonly by: 'scanner' | 'parser';
  /** From 1. */
  readonly line: number;
  readonly why: string;
}

/** Where the package found it, for the rules. */
interface Found {
  readonly text: string;
  readonly line: number;
  readonly lastLine: number;
  readonly at: number;
  /** The line at which the text ends, as Go counts it. */
  readonly endLine: number;
}

/** Characters that no YAML may contain. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

/** The text of the error for characters that may not be there; undefined: there are none. */
export function characterProblem(text: string): string | undefined {
  return forbidden.test(text) ? 'yaml: control characters are not allowed' : undefined;
}

/** The text of the error; `errors` has at least one. */
export function yamlProblem(
  text: string,
  errors: readonly YAMLError[],
  lines: LineCounter,
): string {
  const [error] = errors;
  const line = lines.linePos(error!.pos[0]).line;
  const found: Found = {
    text,
    line,
    lastLine: Math.max(line, ...errors.slice(0, 2).map((e) => lines.linePos(e.pos[1]).line)),
    at: error!.pos[0],
    endLine: text.split('\n').length + (text.endsWith('\n') ? 0 : 1),
  };
  const message = error!.message.split('\n')[0]!;
  const rule = rules.find(([pattern]) => pattern.test(`${error!.code} ${message}`));
  const {
    by,
    line: at,
    why,
  } = rule?.[1](found) ?? {
    by: 'parser',
    line: line + 1,
    why: message.replace(/ at line \d.*$/, ''),
  };
  if (at <= 1) return `yaml: ${why}`;
  return `yaml: line ${by === 'scanner' ? at : at - 1}: ${why}`;
}

type Rule = readonly [pattern: RegExp, problem: (found: Found) => Problem];

const scanner = (line: number, why: string): Problem => ({ by: 'scanner', line, why });
const parser = (line: number, why: string): Problem => ({ by: 'parser', line, why });

const noToken = 'found character that cannot start any token';
const noNode = 'did not find expected node content';
const noKey = 'did not find expected key';
const noIndicator = "did not find expected '-' indicator";
const noMapping = 'mapping values are not allowed in this context';

/** By code and message of the package; the first that fits. */
const rules: readonly Rule[] = [
  [/^MISSING_CHAR Missing closing/, (f) => scanner(f.line, 'found unexpected end of stream')],
  [/Flow (map|sequence) (in block|must)/, brokenFlow],
  [/^TAB_AS_INDENT/, (f) => scanner(f.line, continues(f) ? violation : noToken)],
  [/^BLOCK_AS_IMPLICIT_KEY/, nested],
  [/^MULTILINE_IMPLICIT_KEY/, multiline],
  [/^BAD_SCALAR_START .* flow indicator/, (f) => parser(f.line, noNode)],
  [/^BAD_SCALAR_START/, (f) => scanner(f.line, noToken)],
  [/^BAD_INDENT/, (f) => parser(f.line, inSequence(f) ? noIndicator : noKey)],
  [
    /^UNEXPECTED_TOKEN Block scalar header/,
    (f) => scanner(f.line, 'did not find expected comment or line break'),
  ],
  [
    /^UNEXPECTED_TOKEN Unexpected block-seq-ind on same line/,
    (f) => scanner(f.line, 'block sequence entries are not allowed in this context'),
  ],
  [/^UNEXPECTED_TOKEN/, (f) => parser(f.line, inSequence(f) ? noIndicator : noNode)],
  [
    /^MISSING_CHAR Implicit map keys|^KEY_OVER_1024_CHARS/,
    (f) => scanner(f.line + 1, "could not find expected ':'"),
  ],
  [
    /^MISSING_CHAR Missing directives-end/,
    (f) => scanner(f.line - 1, 'found unknown directive name'),
  ],
  [/^BAD_ALIAS/, (f) => scanner(f.line, 'did not find expected alphabetic or numeric character')],
  [
    /^BAD_DQ_ESCAPE Invalid escape sequence \\[xuU]/,
    (f) => scanner(f.line, 'did not find expected hexdecimal number'),
  ],
  [/^BAD_DQ_ESCAPE/, (f) => scanner(f.line, 'found unknown escape character')],
];

const violation = 'found a tab character that violates indentation';

/** A flow collection that ends with the text, or at what cannot be in it. */
function brokenFlow({ text, at, line, endLine }: Found): Problem {
  const before = text.slice(0, at).trimEnd();
  const where = text.slice(at).trim() === '' ? endLine : line;
  if (/[[{,]$/.test(before)) return parser(where, noNode);
  const last = innermost(before);
  return parser(where, `did not find expected ',' or '${last === '[' ? ']' : '}'}'`);
}

/** The bracket that is still open at the end of a text; quotes are not looked into. */
function innermost(text: string): string | undefined {
  const open: string[] = [];
  for (const c of text) {
    if (c === '[' || c === '{') open.push(c);
    else if (c === ']' || c === '}') open.pop();
  }
  return open.at(-1);
}

/** The line before goes on with a plain value. */
function continues({ text, line }: Found): boolean {
  return /:\s+[^\s#]/.test(text.split('\n')[line - 2] ?? '');
}

function nested({ text, at, lastLine }: Found): Problem {
  if (text[at] === '?') return scanner(lastLine, 'mapping keys are not allowed in this context');
  return scanner(lastLine, noMapping);
}

function multiline({ text, at, line, lastLine }: Found): Problem {
  return text[at] === '-' ? parser(line, noKey) : scanner(lastLine, noMapping);
}

/** What stands there should have been an item: the lines before it are, in the same column. */
function inSequence({ text, line }: Found): boolean {
  const all = text.split('\n');
  const indentOf = (l: string) => l.length - l.trimStart().length;
  const indent = indentOf(all[line - 1] ?? '');
  for (let i = line - 2; i >= 0; i--) {
    const before = all[i]!;
    if (before.trim() === '' || indentOf(before) > indent) continue;
    return indentOf(before) === indent && /^\s*-(\s|$)/.test(before);
  }
  return false;
}
