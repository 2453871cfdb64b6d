/** Where the last lines of a file begin, found from its end. */
import type { FileHandle } from 'node:fs/promises';

const blockBytes = 16 * 1024;
const newline = 0x0a;

/**
 * The offset at which the last `lines` lines start: the end of the file for 0, its beginning for a
 * negative number. What follows the last newline counts as no line, it is part of the tail.
 */
export async function tailStart(file: FileHandle, lines: number): Promise<number> {
  if (lines < 0) return 0;
  const { size } = await file.stat();
  const block = Buffer.alloc(Math.min(blockBytes, size));
  // Before the first line of the tail stands the newline that ends the one before it.
  let wanted = lines + 1;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - blockBytes);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    for (let i = bytesRead - 1; i >= 0; i--) {
      if (block[i] === newline && --wanted === 0) return start + i + 1;
    }
    end = start;
  }
  return lines === 0 ? size : 0;
}
