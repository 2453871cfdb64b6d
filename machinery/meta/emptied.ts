/**
 * Members that were sent as an empty list or map. Normal form leaves them out, as the real server
 * writes it; error texts, where that prints its objects, tell them from members that are absent.
 */
const emptied = Symbol('emptied');

interface Noted {
  [emptied]?: readonly string[];
}

/** Remembers the names at an object; copies by `deepCopy` remember them too. */
export function noteEmptied(object: object, names: readonly string[]): void {
  // Not enumerable: nothing that walks the object sees it.
  Object.defineProperty(object, emptied, { value: names, configurable: true });
}

/** The names noted at an object. */
export function emptiedOf(object: object): readonly string[] | undefined {
  return (object as Noted)[emptied];
}

/** True for a member that was sent, be it empty: what the real server's rules call not nil. */
export function wasSent<T extends object>(object: T, name: keyof T & string): boolean {
  return (object[name] ?? undefined) !== undefined || emptiedOf(object)?.includes(name) === true;
}

/** True for a member that was sent empty, which is another than none to who compares exactly. */
export function isSentEmpty<T extends object>(object: T, name: keyof T & string): boolean {
  return (object[name] ?? undefined) === undefined && wasSent(object, name);
}

/** True when anything in `value` was sent as an empty list or map, or is an empty list. */
export function holdsEmptied(value: unknown): boolean {
  return holds(value, true);
}

/** True when anything in `value` was sent as an empty list or map that normal form leaves out. */
export function holdsNotes(value: unknown): boolean {
  return holds(value, false);
}

function holds(value: unknown, orEmptyList: boolean): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) {
    return value.length === 0 ? orEmptyList : value.some((item) => holds(item, orEmptyList));
  }
  const members = value as Record<string, unknown>;
  // What was noted may have got a value since, by default.
  const still = emptiedOf(value)?.some((name) => (members[name] ?? undefined) === undefined);
  return still === true || Object.values(members).some((member) => holds(member, orEmptyList));
}

/** Notes at `to` what is noted at `from`. */
export function carryEmptied(from: object, to: object): void {
  const names = emptiedOf(from);
  if (names !== undefined) noteEmptied(to, names);
}
