/** The text of an expression by characters, with its lines. */

/** A line, counted from 1, and a column, counted from 0 in characters. */
export interface Location {
  readonly line: number;
  readonly column: number;
}

/** A text as the parser goes over it: by code points, as positions in messages count them. */
export class Source {
  readonly text: string;
  readonly chars: readonly string[];
  private readonly lineStarts: readonly number[];

  constructor(text: string) {
    this.text = text;
    this.chars = Array.from(text);
    const starts = [0];
    for (let i = 0; i < this.chars.length; i++) if (this.chars[i] === '\n') starts.push(i + 1);
    this.lineStarts = starts;
  }

  /** Where the character at `offset` stands; past the end still on the last line. */
  location(offset: number): Location {
    let line = 1;
    while (line < this.lineStarts.length && this.lineStarts[line]! <= offset) line++;
    return { line, column: offset - this.lineStarts[line - 1]! };
  }

  /** The character at a place. */
  offset({ line, column }: Location): number {
    return (this.lineStarts[line - 1] ?? 0) + column;
  }

  /** A line's text without its end; `undefined` for a line that is not there. */
  line(line: number): string | undefined {
    const start = this.lineStarts[line - 1];
    if (start === undefined || this.chars.length === 0) return undefined;
    const next = this.lineStarts[line];
    return this.slice(start, next === undefined ? this.chars.length : next - 1);
  }

  /** The characters from `start` to before `end`. */
  slice(start: number, end: number): string {
    return this.chars.slice(start, end).join('');
  }
}
