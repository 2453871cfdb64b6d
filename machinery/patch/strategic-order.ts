/** The order of merged lists: $setElementOrder, then the patch, then what was there. */
import { StatusError } from '../meta/status-error.ts';
import { goText, goType } from './go-text.ts';
import {
  badArgument,
  directive,
  failure,
  isMap,
  type JsonObject,
  noMergeKey,
  orderPrefix,
} from './strategic-rules.ts';

/** The patch's items must stand in the order list, in the same order. */
export function checkOrder(
  items: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string,
): void {
  if (order.length === 0 || items.length === 0) return;
  const kept = mergeKey === '' ? items : items.filter((v) => !isDeletion(v));
  let i = 0;
  let j = 0;
  while (i < kept.length && j < order.length) {
    if (isMap(kept[i]) && Object.hasOwn(kept[i] as object, directive)) {
      i++;
      continue;
    }
    if (sameKey(kept[i], order[j], mergeKey)) i++;
    j++;
  }
  if (i < kept.length && j >= order.length) {
    throw failure(
      `The order in patch list:\n${goText(items)}\n doesn't match ${orderPrefix} list:\n` +
        `${goText(order)}\n`,
    );
  }
}

function isDeletion(v: unknown): boolean {
  if (!isMap(v)) throw badArgument('map[string]interface {}', v);
  return v[directive] === 'delete';
}

function sameKey(a: unknown, b: unknown, mergeKey: string): boolean {
  if (mergeKey === '') return a === b;
  for (const v of [a, b]) {
    if (!isMap(v)) throw badArgument('map[string]interface {}', v);
    if (!Object.hasOwn(v, mergeKey)) throw noMergeKey(v, mergeKey);
  }
  return (a as JsonObject)[mergeKey] === (b as JsonObject)[mergeKey];
}

/** What the items of lists are; they must be all alike. */
export function itemForm(...lists: readonly (readonly unknown[])[]): string {
  let form: string | undefined;
  for (const item of lists.flat()) {
    const type = goType(item);
    form ??= type;
    if (type === '[]interface {}') {
      throw new StatusError(
        'Invalid',
        'the server rejected our request due to an error in our request',
        {},
      );
    }
    if (type !== form || type === '<nil>') {
      throw failure(`list element types are not identical: ${goText(lists)}`);
    }
  }
  if (form === undefined) throw failure('no elements in any of the given slices');
  return form === 'map[string]interface {}' ? 'map' : 'scalar';
}

/**
 * Puts items in order: those named in `named` by `patchOrder`, the rest by `serverOrder`, the two
 * woven together so that what stood before an item on the server stays before it where it can.
 */
export function inOrder(
  items: readonly unknown[],
  named: readonly unknown[],
  patchOrder: readonly unknown[],
  serverOrder: readonly unknown[],
  mergeKey: string,
  form: string,
): unknown[] {
  const keyOf = (v: unknown): unknown => {
    if (form !== 'map' || mergeKey === '') return v;
    if (!isMap(v)) throw badArgument('map[string]interface {}', v);
    if (!Object.hasOwn(v, mergeKey)) throw noMergeKey(v, mergeKey);
    return v[mergeKey];
  };
  const inPatch = new Set(named.map(keyOf));
  const patchIndex = indexes(patchOrder.map(keyOf));
  const serverIndex = indexes(serverOrder.map(keyOf));
  const place = (index: ReadonlyMap<unknown, number>, v: unknown): number =>
    index.get(keyOf(v)) ?? -1;
  const right = sorted(
    items.filter((v) => inPatch.has(keyOf(v))),
    (v) => place(patchIndex, v),
  );
  const left = sorted(
    items.filter((v) => !inPatch.has(keyOf(v))),
    (v) => place(serverIndex, v),
  );
  const out: unknown[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    const l = place(serverIndex, left[i]);
    const r = place(serverIndex, right[j]);
    if (l >= 0 && r >= 0 && l < r) out.push(left[i++]);
    else out.push(right[j++]);
  }
  return [...out, ...left.slice(i), ...right.slice(j)];
}

/** Up to so many items Go sorts by insertion. */
const insertionLimit = 20;

/**
 * By their places. An item without one (-1) counts as less than any other, and any other as less
 * than it: where it comes to stand is up to the way of sorting, which is Go's.
 */
function sorted(items: readonly unknown[], placeOf: (item: unknown) => number): unknown[] {
  const out = items.map((item) => ({ item, place: placeOf(item) }));
  if (out.length > insertionLimit || out.every(({ place }) => place >= 0)) {
    return out.toSorted((a, b) => a.place - b.place).map(({ item }) => item);
  }
  const less = (a: number, b: number) => a < 0 || b < 0 || a < b;
  for (let i = 1; i < out.length; i++) {
    for (let j = i; j > 0 && less(out[j]!.place, out[j - 1]!.place); j--) {
      [out[j - 1], out[j]] = [out[j]!, out[j - 1]!];
    }
  }
  return out.map(({ item }) => item);
}

function indexes(keys: readonly unknown[]): Map<unknown, number> {
  const out = new Map<unknown, number>();
  for (const [i, k] of keys.entries()) if (!out.has(k)) out.set(k, i);
  return out;
}

/**
 * What a list of maps has become in the memory of the real server by the time that its order is
 * asked for: items that were deleted have been closed up over, and new ones written behind.
 */
export function writtenOver(
  list: readonly unknown[],
  patch: readonly unknown[],
  key: string,
): unknown[] {
  const keyOf = (v: unknown) => (isMap(v) && Object.hasOwn(v, key) ? v[key] : undefined);
  const out = [...list];
  let length = out.length;
  const added: unknown[] = [];
  let replaces = false;
  for (const item of patch) {
    if (!isMap(item) || keyOf(item) === undefined) {
      if (isMap(item) && item[directive] === 'replace') replaces = true;
    } else if (!Object.hasOwn(item, directive)) added.push(item);
    else if (item[directive] === 'delete') {
      for (let i = 0; i < length; ) {
        if (keyOf(out[i]) !== keyOf(item)) i++;
        else out.copyWithin(i, i + 1, length--);
      }
    }
  }
  if (replaces) return out;
  for (const item of added) {
    if (length === out.length) break;
    if (out.slice(0, length).some((v) => keyOf(v) === keyOf(item))) continue;
    out[length++] = item;
  }
  return out;
}
