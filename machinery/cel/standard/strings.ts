/** `size(x)` and what strings have without any library: `contains`, `matches` and their like. */
import type { FunctionDeclaration, Implementation } from '../library.ts';
import { ListValue } from '../list-value.ts';
import { MapValue } from '../map-value.ts';
import { compileRegexp } from '../regexp.ts';
import {
  boolType,
  bytesType,
  type CelType,
  intType,
  type Kind,
  listType,
  mapType,
  stringType,
  typeParam,
} from '../types.ts';
import { CelError, noSuchOverload, type Value } from '../values.ts';

/** How many characters a string has: code points. */
export function stringSize(s: string): number {
  let size = s.length;
  for (let i = 0; i < s.length - 1; i++) {
    const unit = s.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = s.charCodeAt(i + 1);
    if (next >= 0xdc00 && next <= 0xdfff) {
      size--;
      i++;
    }
  }
  return size;
}

/** `size(v)`, `undefined` for what has none. */
export function sizeOf(v: Value): number | undefined {
  if (typeof v === 'string') return stringSize(v);
  if (v === null || typeof v !== 'object') return undefined;
  if (v instanceof ListValue || v instanceof MapValue) return v.size();
  if (v instanceof Uint8Array) return v.length;
  return undefined;
}

const size: Implementation = (v) => {
  const n = sizeOf(v!);
  return n === undefined ? noSuchOverload : BigInt(n);
};

const matches: Implementation = (s, pattern) => {
  if (typeof s !== 'string' || typeof pattern !== 'string') return noSuchOverload;
  const compiled = compileRegexp(pattern);
  return compiled instanceof CelError ? compiled : compiled.test(s);
};

const sized: readonly (readonly [string, CelType])[] = [
  ['bytes', bytesType],
  ['list', listType(typeParam('A'))],
  ['map', mapType(typeParam('A'), typeParam('B'))],
  ['string', stringType],
];

function onStrings(
  name: string,
  id: string,
  holds: (s: string, part: string) => boolean,
): FunctionDeclaration {
  const call: Implementation = (s, part) =>
    typeof s === 'string' && typeof part === 'string' ? holds(s, part) : noSuchOverload;
  const params = [stringType, stringType];
  return { name, overloads: [{ id, member: true, params, result: boolType }], singleton: call };
}

export const stringFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'size',
    overloads: sized.flatMap(([name, t]) => [
      { id: `size_${name}`, params: [t], result: intType },
      { id: `${name}_size`, member: true, params: [t], result: intType },
    ]),
    singleton: size,
    operands: new Set<Kind>(['bytes', 'list', 'map', 'string']),
  },
  onStrings('contains', 'contains_string', (s, part) => s.includes(part)),
  onStrings('endsWith', 'ends_with_string', (s, part) => s.endsWith(part)),
  onStrings('startsWith', 'starts_with_string', (s, part) => s.startsWith(part)),
  {
    name: 'matches',
    overloads: [
      { id: 'matches', params: [stringType, stringType], result: boolType },
      { id: 'matches_string', member: true, params: [stringType, stringType], result: boolType },
    ],
    singleton: matches,
    operands: new Set<Kind>(['string']),
  },
];
