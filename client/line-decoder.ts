/** Cuts a byte stream into lines, whole across chunk borders and UTF-8 sequences. */

/** Feed it chunks; it returns the lines that became complete. */
export class LineDecoder {
  private readonly parts: Buffer[] = [];
  private size = 0;
  private readonly limitBytes: number;

  /** Throws from `push` when one line grows beyond the limit. */
  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      if (this.size === 0) lines.push(chunk.toString('utf8', start, end));
      else {
        this.parts.push(chunk.subarray(start, end));
        lines.push(Buffer.concat(this.parts).toString('utf8'));
        this.parts.length = 0;
        this.size = 0;
      }
      start = end + 1;
    }
    if (start < chunk.length) {
      this.parts.push(chunk.subarray(start));
      this.size += chunk.length - start;
      if (this.size > this.limitBytes) {
        throw new Error(`a line of the stream is longer than ${this.limitBytes} bytes`);
      }
    }
    return lines;
  }
}
