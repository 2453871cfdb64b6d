/** Lists of indexes of an Indexed Job in text form: `1,3-5,7`. */
import { quote } from '../../../machinery/meta/field-error.ts';

type Interval = readonly [first: number, last: number];

/** How many indexes the list holds, or what is wrong with it. `''` is the empty list. */
export function countIndexes(
  text: string,
  completions: number,
): { count: number; problem?: undefined } | { problem: string } {
  let count = 0;
  let last: number | undefined;
  for (const part of text === '' ? [] : text.split(',')) {
    const interval = parseInterval(part, completions);
    if (typeof interval === 'string') return { problem: interval };
    const [x, y] = interval;
    if (last !== undefined && last >= x) return { problem: notIncreasing(last, x) };
    count += y - x + 1;
    last = y;
  }
  return { count };
}

/** The first index that both lists have, as a problem; parts that cannot be read are skipped. */
export function overlapProblem(
  completed: string,
  failed: string,
  completions: number,
): string | undefined {
  const readable = (text: string): Interval[] =>
    (text === '' ? [] : text.split(',')).flatMap((part) => {
      const interval = parseInterval(part, completions);
      return typeof interval === 'string' ? [] : [interval];
    });
  const left = readable(completed);
  const right = readable(failed);
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    const [cX, cY] = left[i]!;
    const [fX, fY] = right[j]!;
    if (cX <= fY && fX <= cY) {
      const at = Math.max(cX, fX);
      return `failedIndexes and completedIndexes overlap at index: ${at}`;
    }
    if (cX <= fX) i++;
    else j++;
  }
  return undefined;
}

function parseInterval(text: string, completions: number): Interval | string {
  const limits = text.split('-');
  if (limits.length > 2) {
    return (
      `the fragment ${quote(text)} violates the requirement that an index interval can have ` +
      "at most two parts separated by '-'"
    );
  }
  const ends: number[] = [];
  for (const limit of limits) {
    if (!/^[+-]?[0-9]+$/.test(limit)) {
      return `cannot convert string to integer for index: ${quote(limit)}`;
    }
    const value = Number(limit);
    if (value >= completions) return `too large index: ${quote(limit)}`;
    ends.push(value);
  }
  const [first = 0, last = first] = ends;
  return ends.length === 2 && first >= last ? notIncreasing(first, last) : [first, last];
}

function notIncreasing(previous: number, current: number): string {
  return `non-increasing order, previous: ${previous}, current: ${current}`;
}
