/**
 * Regular expressions in Go's syntax (RE2), compiled to JavaScript's. What RE2 does not have
 * (look-around, back references) is refused.
 */
import { quote } from '../../machinery/meta/field-error.ts';

const asciiClasses: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

class RegexpProblem extends Error {}

function problem(what: string, where: string): RegexpProblem {
  return new RegexpProblem(`error parsing regexp: ${what}: \`${where}\``);
}

/** The expression, or what Go's compiler says against it. */
export function compileGoRegexp(pattern: string): RegExp | { readonly problem: string } {
  try {
    return new RegExp(new Translation(pattern).run(), 'u');
  } catch (e) {
    if (e instanceof RegexpProblem) return { problem: e.message };
    if (!(e instanceof SyntaxError)) throw e;
    return { problem: goProblem(pattern, e) };
  }
}

/** One pass over an expression. Flags such as `(?i)` become groups, as JavaScript has them. */
class Translation {
  private readonly pattern: string;
  private readonly dot: string;
  /** By depth: the flags that are on there from somewhere in the middle. */
  private readonly flags: string[][] = [[]];
  private out = '';

  constructor(pattern: string) {
    this.pattern = pattern;
    // JavaScript's dot stops at more than line feeds.
    this.dot = /\(\?[imU]*s/.test(pattern) ? '.' : '[^\\n]';
  }

  run(): string {
    for (let i = 0; i < this.pattern.length; ) i += this.step(i);
    return this.out + this.closed();
  }

  private closed(): string {
    return ')'.repeat(this.flags.at(-1)!.length);
  }

  private reopened(): string {
    return this.flags
      .at(-1)!
      .map((f) => `(?${f}:`)
      .join('');
  }

  /** Translates what stands at `i`; answers how long it is. */
  private step(i: number): number {
    const s = this.pattern;
    const emit = ([text, length]: [string, number]): number => {
      this.out += text;
      return length;
    };
    switch (s[i]) {
      case '\\':
        return emit(escapeAt(s, i, false));
      case '[':
        return emit(classAt(s, i));
      case '(':
        return this.group(i);
      case ')': {
        const close = this.closed();
        if (this.flags.length > 1) this.flags.pop();
        return emit([`${close})`, 1]);
      }
      case '|':
        return emit([`${this.closed()}|${this.reopened()}`, 1]);
      case '.':
        return emit([this.dot, 1]);
      case ']':
        return emit(['\\]', 1]);
      case '{':
        return emit([/^\{\d+(,\d*)?\}/.test(s.slice(i)) ? '{' : '\\{', 1]);
      case '}':
        return emit([/\{\d+(,\d*)?$/.test(s.slice(0, i)) ? '}' : '\\}', 1]);
      default:
        return emit([s[i]!, 1]);
    }
  }

  private group(i: number): number {
    const head = this.pattern.slice(i);
    const set = /^\(\?([ims]+)\)/.exec(head);
    if (set !== null) {
      this.flags.at(-1)!.push(set[1]!);
      this.out += `(?${set[1]}:`;
      return set[0].length;
    }
    this.flags.push([]);
    const named = /^\(\?P?<(\w+)>/.exec(head);
    if (named !== null) {
      this.out += `(?<${named[1]}>`;
      return named[0].length;
    }
    const open = /^\((?!\?)|^\(\?([ims]*)(-[ims]+)?:/.exec(head);
    if (open !== null) {
      this.out += open[0];
      return open[0].length;
    }
    const shown = head.slice(0, /^\(\?<[=!]/.test(head) ? 4 : 3);
    throw problem('invalid or unsupported Perl syntax', shown);
  }
}

function escapeAt(s: string, i: number, inClass: boolean): [string, number] {
  const c = s[i + 1];
  if (c === undefined)
    throw new RegexpProblem('error parsing regexp: trailing backslash at end of expression: ``');
  const head = s.slice(i);
  const property = /^\\([pP])(?:\{(\^?)(\w+)\}|([A-Z]))/.exec(head);
  if (property !== null) return [propertyClass(property), property[0].length];
  const hex = /^\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/.exec(head);
  if (hex !== null) return [`\\u{${hex[1] ?? hex[2]}}`, hex[0].length];
  const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(head);
  if (octal !== null)
    return [`\\u{${Number.parseInt(octal[1]!, 8).toString(16)}}`, octal[0].length];
  if (!inClass && c === 'A') return ['(?<![\\s\\S])', 2];
  if (!inClass && c === 'z') return ['(?![\\s\\S])', 2];
  if (!inClass && c === 'Q') return literal(s, i);
  if (c === 'a') return ['\\x07', 2];
  // JavaScript's \s knows more spaces.
  if (c === 's') return [inClass ? '\\t\\n\\f\\r ' : '[\\t\\n\\f\\r ]', 2];
  if (c === 'S' && !inClass) return ['[^\\t\\n\\f\\r ]', 2];
  if (/[dDwWSfnrtv]/.test(c) || (!inClass && /[bB]/.test(c))) return [`\\${c}`, 2];
  if (/[A-Za-z0-9]/.test(c)) throw problem('invalid escape sequence', `\\${c}`);
  const plain = String.fromCodePoint(s.codePointAt(i + 1)!);
  const special = /[\^$\\.*+?()[\]{}|/]/.test(plain) || (inClass && plain === '-');
  return [special ? `\\${plain}` : plain, 1 + plain.length];
}

function literal(s: string, i: number): [string, number] {
  const end = s.indexOf('\\E', i + 2);
  const text = end < 0 ? s.slice(i + 2) : s.slice(i + 2, end);
  const length = end < 0 ? s.length - i : end + 2 - i;
  return [text.replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&'), length];
}

function propertyClass([, p, negated, long, short]: RegExpExecArray): string {
  const name = (long ?? short)!;
  const flipped = negated === '^' ? (p === 'p' ? 'P' : 'p') : p!;
  return name.length <= 2 ? `\\${flipped}{${name}}` : `\\${flipped}{Script=${name}}`;
}

function classAt(s: string, i: number): [string, number] {
  let out = '[';
  let at = i + 1;
  if (s[at] === '^') {
    out += '^';
    at++;
  }
  for (let first = true; ; first = false) {
    const c = s[at];
    if (c === undefined) throw problem('missing closing ]', s.slice(i));
    if (c === ']' && !first) return [`${out}]`, at + 1 - i];
    const named = /^\[:(\^?)(\w+):\]/.exec(s.slice(at));
    if (named !== null) {
      const members = asciiClasses[named[2]!];
      if (members === undefined || named[1] === '^') {
        throw problem('invalid character class range', named[0]);
      }
      out += members;
      at += named[0].length;
    } else if (c === '\\') {
      const [text, length] = escapeAt(s, at, true);
      out += text;
      at += length;
    } else {
      out += c === '[' ? '\\[' : c === ']' ? '\\]' : c;
      at++;
    }
  }
}

/** JavaScript's complaint in Go's words, as near as can be. */
function goProblem(pattern: string, e: SyntaxError): string {
  const say = (what: string, where: string): string => problem(what, where).message;
  if (/Nothing to repeat/.test(e.message)) {
    return say('missing argument to repetition operator', /[*+?]/.exec(pattern)?.[0] ?? pattern);
  }
  if (/Unterminated group/.test(e.message)) return say('missing closing )', pattern);
  if (/Unmatched '\)'/.test(e.message)) return say('unexpected )', pattern);
  if (/Range out of order/.test(e.message)) {
    return say('invalid character class range', /\w-\w/.exec(pattern)?.[0] ?? pattern);
  }
  return say(`invalid syntax (${quote(e.message)})`, pattern);
}
