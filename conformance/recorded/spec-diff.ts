/** Unified diffs within messages, from which an element of a list is taken out. */

/** An element that both sides have, in their text. */
export interface Element {
  readonly lines: number;
  /** A line that only this element has, and how far it stands from the element's first. */
  readonly mark: string;
  readonly linesBeforeMark: number;
  /** It ends before this line: later hunks move when it is gone. */
  readonly endsBefore: number;
}

const header = /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@$/;

/** The text as it would be had the element, the last of its list, never been there. */
export function withoutLinesInDiff(text: string, element: Element): string {
  const lines = text.split('\n');
  const out: string[] = [];
  // How far lines after the element have moved up, in the old and in the new text.
  let moved: [number, number] | undefined;
  for (let i = 0; i < lines.length; ) {
    const m = header.exec(lines[i]!);
    if (m === null) {
      out.push(lines[i++]!);
      continue;
    }
    const [oldStart = 0, oldCount = 0, newStart = 0, newCount = 0] = m.slice(1).map(Number);
    const end = endOfHunk(lines, i + 1);
    const body = lines.slice(i + 1, end);
    i = end;
    const at = body.findIndex((l) => l.includes(element.mark));
    if (at >= 0) {
      const gone: [number, number] = cut(body, at - element.linesBeforeMark, element.lines);
      out.push(head(oldStart, oldCount - gone[0], newStart, newCount - gone[1]), ...body);
      moved = gone;
    } else {
      const hidden = oldStart >= element.endsBefore ? element.lines : 0;
      const [inOld, inNew] = moved ?? [hidden, hidden];
      out.push(head(oldStart - inOld, oldCount, newStart - inNew, newCount), ...body);
    }
  }
  return out.join('\n');
}

function head(oldStart: number, oldCount: number, newStart: number, newCount: number): string {
  return `@@ -${oldStart},${oldCount} +${newStart},${newCount} @@`;
}

function endOfHunk(lines: readonly string[], from: number): number {
  const end = lines.findIndex((l, i) => i >= from && !/^[ +-]/.test(l));
  return end < 0 ? lines.length : end;
}

/** Removes lines from a hunk; gives how many of the old and of the new text they were. */
function cut(body: string[], from: number, count: number): [number, number] {
  const gone = body.splice(from, count);
  // The element before is the last one now.
  body[from - 1] = body[from - 1]!.replace(/,$/, '');
  const sidesWith = (sign: string) => gone.filter((l) => !l.startsWith(sign)).length;
  return [sidesWith('+'), sidesWith('-')];
}
