/**
 * Unified diffs of texts by lines, as Python's difflib makes them (Ratcliff and Obershelp): what the
 * real server puts into texts about fields that may not change.
 */

/** A run of equal lines. */
interface Match {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

interface Edit {
  readonly equal: boolean;
  readonly a1: number;
  readonly a2: number;
  readonly b1: number;
  readonly b2: number;
}

const contextLines = 3;
/** From so many lines on, lines that stand all over are no starting points of matches. */
const manyLines = 200;

/** The unified diff with three lines of context and without a header; '' when equal. */
export function lineDiff(before: string, after: string): string {
  const a = before.split('\n');
  const b = after.split('\n');
  return hunks(edits(matches(a, b), a.length, b.length))
    .map((hunk) => hunkText(hunk, a, b))
    .join('');
}

function matches(a: readonly string[], b: readonly string[]): Match[] {
  const found: Match[] = [];
  const positions = positionsOf(b);
  const search = (aLow: number, aHigh: number, bLow: number, bHigh: number): void => {
    const m = longestMatch(a, b, positions, aLow, aHigh, bLow, bHigh);
    if (m.size === 0) return;
    if (aLow < m.a && bLow < m.b) search(aLow, m.a, bLow, m.b);
    found.push(m);
    const [aEnd, bEnd] = [m.a + m.size, m.b + m.size];
    if (aEnd < aHigh && bEnd < bHigh) search(aEnd, aHigh, bEnd, bHigh);
  };
  search(0, a.length, 0, b.length);
  return found;
}

/** Where each line of `b` stands, popular lines left out. */
function positionsOf(b: readonly string[]): Map<string, number[]> {
  const positions = new Map<string, number[]>();
  for (const [i, line] of b.entries()) {
    const at = positions.get(line);
    if (at === undefined) positions.set(line, [i]);
    else at.push(i);
  }
  if (b.length >= manyLines) {
    const popular = Math.floor(b.length / 100) + 1;
    for (const [line, at] of positions) if (at.length > popular) positions.delete(line);
  }
  return positions;
}

function longestMatch(
  a: readonly string[],
  b: readonly string[],
  positions: ReadonlyMap<string, readonly number[]>,
  aLow: number,
  aHigh: number,
  bLow: number,
  bHigh: number,
): Match {
  let best = { a: aLow, b: bLow, size: 0 };
  let lengths = new Map<number, number>();
  for (let i = aLow; i < aHigh; i++) {
    const next = new Map<number, number>();
    for (const j of positions.get(a[i]!) ?? []) {
      if (j < bLow) continue;
      if (j >= bHigh) break;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size };
    }
    lengths = next;
  }
  let { a: i, b: j, size } = best;
  while (i > aLow && j > bLow && a[i - 1] === b[j - 1]) {
    i--;
    j--;
    size++;
  }
  while (i + size < aHigh && j + size < bHigh && a[i + size] === b[j + size]) size++;
  return { a: i, b: j, size };
}

function edits(found: readonly Match[], aLength: number, bLength: number): Edit[] {
  const out: Edit[] = [];
  let a = 0;
  let b = 0;
  for (const m of [...joined(found), { a: aLength, b: bLength, size: 0 }]) {
    if (a < m.a || b < m.b) out.push({ equal: false, a1: a, a2: m.a, b1: b, b2: m.b });
    a = m.a + m.size;
    b = m.b + m.size;
    if (m.size > 0) out.push({ equal: true, a1: m.a, a2: a, b1: m.b, b2: b });
  }
  return out;
}

/** Neighbouring matches as one. */
function joined(found: readonly Match[]): Match[] {
  const out: Match[] = [];
  for (const m of found) {
    const last = out.at(-1);
    if (last !== undefined && last.a + last.size === m.a && last.b + last.size === m.b) {
      out[out.length - 1] = { ...last, size: last.size + m.size };
    } else out.push(m);
  }
  return out;
}

/** Groups of edits with the equal lines around them. */
function hunks(all: readonly Edit[]): Edit[][] {
  const trimmed = all.map((e, i) => {
    let edit = e;
    if (e.equal && i === 0) edit = lastLines(edit);
    if (e.equal && i === all.length - 1) edit = firstLines(edit);
    return edit;
  });
  const out: Edit[][] = [];
  let hunk: Edit[] = [];
  for (const e of trimmed) {
    if (e.equal && e.a2 - e.a1 > 2 * contextLines) {
      out.push([...hunk, firstLines(e)]);
      hunk = [lastLines(e)];
    } else hunk.push(e);
  }
  out.push(hunk);
  return out.filter((h) => h.some((e) => !e.equal));
}

function firstLines(e: Edit): Edit {
  const n = Math.min(e.a2 - e.a1, contextLines);
  return { ...e, a2: e.a1 + n, b2: e.b1 + n };
}

function lastLines(e: Edit): Edit {
  const n = Math.min(e.a2 - e.a1, contextLines);
  return { ...e, a1: e.a2 - n, b1: e.b2 - n };
}

function hunkText(hunk: readonly Edit[], a: readonly string[], b: readonly string[]): string {
  const [first, last] = [hunk[0]!, hunk.at(-1)!];
  const lines = [`@@ -${range(first.a1, last.a2)} +${range(first.b1, last.b2)} @@`];
  for (const e of hunk) {
    const before = a.slice(e.a1, e.a2);
    if (e.equal) lines.push(...before.map((l) => ` ${l}`));
    else {
      lines.push(...before.map((l) => `-${l}`), ...b.slice(e.b1, e.b2).map((l) => `+${l}`));
    }
  }
  return lines.map((l) => `${l}\n`).join('');
}

function range(start: number, end: number): string {
  const length = end - start;
  if (length === 1) return String(start + 1);
  return `${length === 0 ? start : start + 1},${length}`;
}
