/** More functions on strings: `charAt`, `indexOf`, `replace`, `split`, `substring`, `format`, … */
import type { FunctionDeclaration, Implementation, Library } from '../library.ts';
import { ArrayList, type ListValue } from '../list-value.ts';
import { type CelType, dynType, intType, listType, stringType } from '../types.ts';
import { CelError, formatValue, type Result } from '../values.ts';
import { formatValidator } from './format-validator.ts';
import { formatString } from './string-format.ts';
import { indexOfText, lastIndexOfText, quoteText, replaceText, splitText } from './text.ts';

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`);
}

function charAt(s: string, at: bigint): Result {
  const chars = Array.from(s);
  if (at < 0n || at > BigInt(chars.length)) return outOfRange(at);
  return chars[Number(at)] ?? '';
}

function substring(s: string, start: bigint, end?: bigint): Result {
  const chars = Array.from(s);
  const size = BigInt(chars.length);
  const stop = end ?? size;
  if (end !== undefined && start > end) {
    return new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  }
  if (start < 0n || start > size) return outOfRange(start);
  if (stop < 0n || stop > size) return outOfRange(stop);
  return chars.slice(Number(start), Number(stop)).join('');
}

function join(list: ListValue, separator: string): Result {
  const parts: string[] = [];
  for (const item of list) {
    if (typeof item !== 'string') {
      return new CelError(`join: invalid input: ${formatValue(item)}`);
    }
    parts.push(item);
  }
  return parts.join(separator);
}

/** What Go takes for white space. */
const spaces =
  '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const leading = new RegExp(`^${spaces}+`);
const trailing = new RegExp(`${spaces}$`);

function trim(s: string): string {
  let end = s.length;
  while (end > 0 && trailing.test(s[end - 1]!)) end--;
  return s.slice(0, end).replace(leading, '');
}

type Signature = readonly [
  id: string,
  params: readonly CelType[],
  result: CelType,
  call: Implementation,
];

function method(name: string, ...signatures: readonly Signature[]): FunctionDeclaration {
  return {
    name,
    overloads: signatures.map(([id, params, result, call]) => ({
      id,
      member: true,
      params,
      result,
      call,
    })),
  };
}

const s = stringType;
const i = intType;
const strings = listType(stringType);

const common: readonly FunctionDeclaration[] = [
  method('charAt', ['string_char_at_int', [s, i], s, (t, at) => charAt(t as string, at as bigint)]),
  method(
    'indexOf',
    [
      'string_index_of_string',
      [s, s],
      i,
      (t, part) => indexOfText(t as string, part as string, 0n),
    ],
    [
      'string_index_of_string_int',
      [s, s, i],
      i,
      (t, part, from) => indexOfText(t as string, part as string, from as bigint),
    ],
  ),
  method(
    'lastIndexOf',
    [
      'string_last_index_of_string',
      [s, s],
      i,
      (t, part) => lastIndexOfText(t as string, part as string, undefined),
    ],
    [
      'string_last_index_of_string_int',
      [s, s, i],
      i,
      (t, part, from) => lastIndexOfText(t as string, part as string, from as bigint),
    ],
  ),
  method('lowerAscii', [
    'string_lower_ascii',
    [s],
    s,
    (t) => (t as string).replace(/[A-Z]+/g, (c) => c.toLowerCase()),
  ]),
  method(
    'replace',
    [
      'string_replace_string_string',
      [s, s, s],
      s,
      (t, old, by) => replaceText(t as string, old as string, by as string, -1n),
    ],
    [
      'string_replace_string_string_int',
      [s, s, s, i],
      s,
      (t, old, by, n) => replaceText(t as string, old as string, by as string, n as bigint),
    ],
  ),
  method(
    'split',
    [
      'string_split_string',
      [s, s],
      strings,
      (t, by) => new ArrayList(splitText(t as string, by as string, -1n)),
    ],
    [
      'string_split_string_int',
      [s, s, i],
      strings,
      (t, by, n) => new ArrayList(splitText(t as string, by as string, n as bigint)),
    ],
  ),
  method(
    'substring',
    ['string_substring_int', [s, i], s, (t, from) => substring(t as string, from as bigint)],
    [
      'string_substring_int_int',
      [s, i, i],
      s,
      (t, from, to) => substring(t as string, from as bigint, to as bigint),
    ],
  ),
  method('trim', ['string_trim', [s], s, (t) => trim(t as string)]),
  method('upperAscii', [
    'string_upper_ascii',
    [s],
    s,
    (t) => (t as string).replace(/[a-z]+/g, (c) => c.toUpperCase()),
  ]),
  method(
    'join',
    ['list_join', [strings], s, (list) => join(list as ListValue, '')],
    ['list_join_string', [strings, s], s, (l, by) => join(l as ListValue, by as string)],
  ),
];

/** The library as new expressions have it: its second version. */
export const stringsLibrary: Library = {
  name: 'cel.lib.ext.strings',
  functions: [
    ...common,
    method('format', [
      'string_format',
      [s, listType(dynType)],
      s,
      (format, args) => formatString(format as string, args as ListValue),
    ]),
    {
      name: 'strings.quote',
      overloads: [
        { id: 'strings_quote', params: [s], result: s, call: (t) => quoteText(t as string) },
      ],
    },
  ],
  validators: [formatValidator],
};
