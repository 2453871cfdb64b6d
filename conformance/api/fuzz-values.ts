/** Arbitrary values: what fits a type of the schema, nearly fits, or does not fit at all. */
import fc from 'fast-check';
import type { Field, StructType, TypeRef } from '../../machinery/schema/schema.ts';

/** Texts that mean something somewhere in the API, and texts that should mean nothing anywhere. */
const texts = [
  ...['', 'a', 'web', 'default', 'kube-system', 'Pod', 'v1', 'apps/v1', 'example.com/x', 'TCP'],
  ...['0', '1', '-1', '100m', '1Gi', '1.5', '1e9', '1e400', '0x10', '9223372036854775808', 'NaN'],
  ...['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000000Z', '10000-01-01T00:00:00Z', '5m', '-1s'],
  ...['10.0.0.1', '10.0.0.0/16', '::1', 'fd00::/64', '256.1.1.1', '80', 'http', '65536', '50%'],
  ...[
    '/a/b',
    '../..',
    '/',
    'https://example.com/x?y=z',
    'http://[::1]:99999/',
    '* * * * *',
    '@every',
  ],
  ...['true', 'null', '[]', '{}', '{"a":', '(?i)a+', '(a+)+$', '[', 'self.x == 1', 'object.a.b[0]'],
  ...['$(VAR)', '%s%n', 'a=b,c!=d', 'a in (b)', '!a', 'x'.repeat(64), 'y'.repeat(300), 'A_b-C.d'],
  ...[
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'toString',
    'é',
    '日本',
    '\u0000',
    '\ud800',
    '😀',
  ],
  ...[
    ' ',
    '\n',
    'a\nb',
    '- a',
    'a: b',
    '#',
    '&a',
    '*a',
    '!!str',
    'YWJj',
    '====',
    'LS0tLS1CRUdJTg==',
  ],
] as const;

/** Those that are well-formed, for objects that are nearly right. */
export const textsOfMeaning: readonly string[] = texts.filter((t) => t.isWellFormed());

export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...texts) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
);

const numbers = [0, 1, 2, -1, 80, 65_536, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e21, -0.5, 1.5, 1e308];
const number: fc.Arbitrary<number> = fc.constantFrom(...numbers);

const key = fc.constantFrom(...texts.filter((t) => t.length < 70), 'spec', 'metadata', 'items');

/** Anything that JSON can say, a few levels deep. */
export const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((e) => Object.fromEntries(e)),
  ),
})).value;

const maxDepth = 6;
const made = new Map<string, fc.Arbitrary<unknown>>();

/** Values of a type; some parts of them are not. */
export function valueFor(type: TypeRef, depth = 0): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: fitting(type, depth) },
    { weight: 1, arbitrary: anything },
  );
}

function fitting(type: TypeRef, depth: number): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'struct':
      return depth > maxDepth ? fc.constant({}) : structOf(type.type, depth);
    case 'list':
      return depth > maxDepth
        ? fc.constant([])
        : fc.array(valueFor(type.of, depth + 1), { maxLength: 2 });
    case 'map':
      return fc
        .array(fc.tuple(key, valueFor(type.of, depth + 1)), { maxLength: 2 })
        .map((entries) => Object.fromEntries(entries));
    case 'bool':
      return fc.boolean();
    case 'int32':
    case 'int64':
    case 'double':
      return number;
    case 'IntOrString':
      return fc.oneof(number, text);
    case 'RawExtension':
    case 'JSON':
    case 'FieldsV1':
    case 'JSONSchemaPropsOrBool':
    case 'JSONSchemaPropsOrArray':
    case 'JSONSchemaPropsOrStringArray':
      return anything;
    default:
      return text;
  }
}

/** Objects with some of a struct's fields. */
export function structOf(type: StructType, depth = 0): fc.Arbitrary<unknown> {
  const id = `${type.id}/${depth}`;
  let arbitrary = made.get(id);
  if (arbitrary === undefined) {
    const fields = type.fields.filter((f) => f.name !== 'kind' && f.name !== 'apiVersion');
    const required = fields.filter((f) => f.required);
    arbitrary = fc
      .subarray(fields, { maxLength: Math.min(fields.length, depth < 2 ? 5 : 3) })
      .chain((some) => {
        const all = [...new Set([...required, ...some])];
        return fc.record(Object.fromEntries(all.map((f) => [f.name, fieldOf(f, depth)])));
      });
    made.set(id, arbitrary);
  }
  return arbitrary;
}

function fieldOf(field: Field, depth: number): fc.Arbitrary<unknown> {
  if (field.enum !== undefined && field.enum.length > 0) {
    return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...field.enum) }, text);
  }
  return valueFor(field.type, depth + 1);
}
