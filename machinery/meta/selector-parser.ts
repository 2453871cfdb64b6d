/**
 * Reads the query-string form of a label selector: `x in (a,,b),y,!z,w>3`. Grammar and error
 * texts follow the real server; labels.ts is the entrance.
 */
import { errorText, FieldPath, invalidValue } from './field-error.ts';
import {
  type LabelRequirement,
  LabelSelectorError,
  labelRequirement,
  type SelectorOperator,
} from './label-requirement.ts';
import { isQualifiedName } from './names.ts';

type TokenKind =
  | 'end'
  | 'identifier'
  | 'error'
  | ')'
  | ','
  | '!'
  | '=='
  | '='
  | '>'
  | 'in'
  | '<'
  | '!='
  | 'notin'
  | '(';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const symbols = new Set(['=', '!', '(', ')', ',', '>', '<']);
const literals = new Set([')', ',', '!', '==', '=', '>', 'in', '<', '!=', 'notin', '(']);
const binaryOperators = 'in, notin, =, ==, !=, gt, lt';
const operatorOfToken: Partial<Record<TokenKind, SelectorOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};

/** The requirements of a selector text; throws LabelSelectorError. */
export function parseSelectorText(text: string): LabelRequirement[] {
  return new Parser(scan(text)).parse();
}

function isSpace(c: string): boolean {
  return c === ' ' || c === '\t' || c === '\r' || c === '\n';
}

function scan(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text[at]!)) at++;
    // A NUL ends the text, as it does in the real lexer.
    if (at >= text.length || text[at] === '\0') {
      tokens.push({ kind: 'end', text: '' });
      return tokens;
    }
    const start = at;
    if (symbols.has(text[at]!)) {
      // Two characters only where both together are an operator.
      const two = text.slice(at, at + 2);
      const kind = literals.has(two) ? two : text[at]!;
      at += kind.length;
      tokens.push({ kind: kind as TokenKind, text: kind });
      continue;
    }
    while (at < text.length && !symbols.has(text[at]!) && !isSpace(text[at]!)) {
      if (text[at] === '\0') break;
      at++;
    }
    const word = text.slice(start, at);
    if (text[at] === '\0') at++;
    tokens.push({ kind: literals.has(word) ? (word as TokenKind) : 'identifier', text: word });
  }
}

function failure(text: string): LabelSelectorError {
  return new LabelSelectorError(text);
}

class Parser {
  private readonly tokens: readonly Token[];
  private position = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  parse(): LabelRequirement[] {
    const out: LabelRequirement[] = [];
    for (;;) {
      const next = this.peek();
      if (next.kind === 'end') return out;
      if (next.kind !== 'identifier' && next.kind !== '!') {
        throw failure(`found '${next.text}', expected: !, identifier, or 'end of string'`);
      }
      try {
        out.push(this.requirement());
      } catch (e) {
        throw failure(`unable to parse requirement: ${(e as Error).message}`);
      }
      const after = this.take();
      if (after.kind === 'end') return out;
      if (after.kind !== ',') {
        throw failure(`found '${after.text}', expected: ',' or 'end of string'`);
      }
      const following = this.peek();
      if (following.kind !== 'identifier' && following.kind !== '!') {
        throw failure(`found '${following.text}', expected: identifier after ','`);
      }
    }
  }

  /** The next token where `in` and `notin` are words like any other. */
  private peek(): Token {
    return asWord(this.raw(this.position));
  }

  private take(): Token {
    return asWord(this.raw(this.position++));
  }

  private raw(i: number): Token {
    return this.tokens[Math.min(i, this.tokens.length - 1)]!;
  }

  private requirement(): LabelRequirement {
    let token = this.take();
    const negated = token.kind === '!';
    if (negated) token = this.take();
    if (token.kind !== 'identifier') {
      throw failure(`found '${token.text}', expected: identifier`);
    }
    const key = token.text;
    const problems = isQualifiedName(key);
    if (problems.length > 0) {
      // The real server has no path here and prints that.
      const error = invalidValue(FieldPath.of('<nil>'), key, problems.join('; '));
      throw failure(errorText(error));
    }
    if (negated) return labelRequirement(key, '!', []);
    const next = this.peek();
    if (next.kind === 'end' || next.kind === ',') return labelRequirement(key, 'exists', []);
    const word = this.raw(this.position++);
    const operator = operatorOfToken[word.kind];
    if (operator === undefined) {
      throw failure(`found '${word.text}', expected: ${binaryOperators}`);
    }
    const values =
      operator === 'in' || operator === 'notin' ? this.valueSet() : [this.exactValue()];
    return labelRequirement(key, operator, values);
  }

  private exactValue(): string {
    const next = this.peek();
    if (next.kind === 'end' || next.kind === ',') return '';
    const token = this.take();
    if (token.kind !== 'identifier') {
      throw failure(`found '${token.text}', expected: identifier`);
    }
    return token.text;
  }

  private valueSet(): string[] {
    const open = this.take();
    if (open.kind !== '(') throw failure(`found '${open.text}' expected: '('`);
    const first = this.peek();
    if (first.kind === ')') {
      this.take();
      return [''];
    }
    if (first.kind !== 'identifier' && first.kind !== ',') {
      throw failure(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.valueList();
    if (this.take().kind !== ')') throw failure(`found '${first.text}', expected: ')'`);
    return [...values].toSorted();
  }

  /** Comma-separated values, any of which may be empty. */
  private valueList(): Set<string> {
    const values = new Set<string>();
    for (;;) {
      const token = this.take();
      if (token.kind === 'identifier') {
        values.add(token.text);
        const next = this.peek();
        if (next.kind === ',') continue;
        if (next.kind === ')') return values;
        throw failure(`found '${next.text}', expected: ',' or ')'`);
      }
      if (token.kind !== ',') {
        throw failure(`found '${token.text}', expected: ',', or identifier`);
      }
      if (values.size === 0) values.add('');
      const next = this.peek();
      if (next.kind === ')') {
        values.add('');
        return values;
      }
      if (next.kind === ',') values.add('');
    }
  }
}

function asWord(token: Token): Token {
  return token.kind === 'in' || token.kind === 'notin'
    ? { kind: 'identifier', text: token.text }
    : token;
}
