/** What is wrong with an expression, in the words of the reference implementation. */
import type { Location, Source } from './source.ts';

/** One problem. */
export interface Issue {
  readonly location: Location;
  readonly message: string;
}

const maxIssues = 100;
const maxSnippetLength = 16384;

/** The problems of one expression; API users read `toString()` after `compilation failed: `. */
export class Issues {
  readonly source: Source;
  private readonly found: Issue[] = [];
  private count = 0;

  constructor(source: Source) {
    this.source = source;
  }

  /** How many there are, those not kept included. */
  get size(): number {
    return this.count;
  }

  /** The problems in the order they were found; the first hundred are kept. */
  get all(): readonly Issue[] {
    return this.found;
  }

  report(at: number, message: string): void {
    this.reportAt(this.source.location(at), message);
  }

  /** A problem of the whole text. */
  reportNowhere(message: string): void {
    this.reportAt({ line: -1, column: -1 }, message);
  }

  /** Forgets all. */
  clear(): void {
    this.found.length = 0;
    this.count = 0;
  }

  reportAt(location: Location, message: string): void {
    this.count++;
    if (this.count <= maxIssues) this.found.push({ location, message });
  }

  /** All of them by place, each with its line of the text and a mark below it. */
  toString(): string {
    const sorted = [...this.found].sort(
      (a, b) => a.location.line - b.location.line || a.location.column - b.location.column,
    );
    const lines = sorted.map((issue) => this.display(issue));
    if (this.count > maxIssues) lines.push(`${this.count - maxIssues} more errors were truncated`);
    return lines.join('\n');
  }

  private display({ location, message }: Issue): string {
    const head = `ERROR: <input>:${location.line}:${location.column + 1}: ${message}`;
    const snippet = this.source.line(location.line)?.replaceAll('\t', ' ');
    if (snippet === undefined || Buffer.byteLength(snippet) > maxSnippetLength) return head;
    const chars = Array.from(snippet);
    const dots = chars.slice(0, Math.max(location.column, 0)).map((c) => (wide(c) ? '．' : '.'));
    const mark = wide(chars[location.column] ?? '') ? '＾' : '^';
    return `${head}\n | ${snippet}\n | ${dots.join('')}${mark}`;
  }
}

function wide(char: string): boolean {
  return char !== '' && char.codePointAt(0)! > 0x7f;
}
