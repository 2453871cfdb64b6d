import { deepEqual, equal, ok } from 'node:assert/strict';
import { adapt } from './adapt.ts';
import { walk } from './ast.ts';
import { literalText } from './debug-text.ts';
import { type CelEnvironment, standardEnvironment } from './environment.ts';
import { Issues } from './issues.ts';
import type { Library } from './library.ts';
import { type Activation, activation } from './program.ts';
import { bindings } from './standard/bindings.ts';
import { optionals } from './standard/optionals.ts';
import type { TypeProvider } from './type-provider.ts';
import {
  boolType,
  dynType,
  intType,
  listType,
  objectType,
  opaqueType,
  stringType,
} from './types.ts';
import { CelError, ObjectValue, type Result, type Value } from './values.ts';

const noVariables = activation({});

function evaluate(
  env: CelEnvironment,
  text: string,
  vars: Activation = noVariables,
  costLimit?: number,
): { readonly text: string; readonly cost: number } {
  const compiled = env.compile(text);
  if (compiled instanceof Issues) return { text: compiled.toString(), cost: 0 };
  const program = env.program(compiled);
  if (program instanceof CelError) return { text: program.message, cost: 0 };
  const { result, cost } = program.evaluate(vars, costLimit === undefined ? {} : { costLimit });
  return { text: literalText(result), cost };
}

describe('environments of expressions', () => {
  it('know variables by names with dots, the longest first', () => {
    const env = standardEnvironment.extend({ variables: { a: dynType, 'a.b': intType } });
    const vars = activation({ a: adapt({ b: 'field', c: 2 }), 'a.b': 7n });
    equal(evaluate(env, 'a.b + 1', vars).text, '8');
    equal(evaluate(env, 'a.c', vars).text, '2');
  });

  it('refuse a variable declared again with another type', () => {
    const env = standardEnvironment.extend({ variables: { a: intType } });
    ok(env.extend({ variables: { a: intType } }));
    let message = '';
    try {
      env.extend({ variables: { a: stringType } });
    } catch (e) {
      message = (e as Error).message;
    }
    equal(message, "overlapping identifier for name 'a'");
  });

  it('leave the environment they extend as it was', () => {
    standardEnvironment.extend({ variables: { later: intType } });
    ok(standardEnvironment.compile('later') instanceof Issues);
  });

  it('compute lazy variables once, and only when they are looked at', () => {
    let asked = 0;
    const vars = activation({
      v: () => {
        asked++;
        return 3n;
      },
    });
    const env = standardEnvironment.extend({ variables: { v: intType } });
    equal(evaluate(env, 'false && v > 1', vars).text, 'false');
    equal(asked, 0);
    equal(evaluate(env, 'v + v * v', vars).text, '12');
    equal(asked, 1);
  });

  it('say which variable an activation lacks', () => {
    const env = standardEnvironment.extend({ variables: { v: intType } });
    equal(evaluate(env, 'v').text, 'no such attribute(s): v');
  });

  it('have comparisons across types and syntax of optionals switched on one by one', () => {
    const apart = "found no matching overload for '_<_' applied to '(int, double)'";
    ok(evaluate(standardEnvironment, '1 < 2.0').text.includes(apart));
    equal(
      evaluate(standardEnvironment.extend({ crossTypeComparisons: true }), '1 < 2.0').text,
      'true',
    );
    ok(evaluate(standardEnvironment, '{}.?a').text.includes("unsupported syntax '.?'"));
    const env = standardEnvironment.extend({ optionalSyntax: true, libraries: [optionals] });
    equal(evaluate(env, '{}.?a.orValue(1)').text, '1');
  });
});

describe('cost limits', () => {
  it('end an evaluation at the first step that goes over', () => {
    const text = '[1, 2, 3].map(x, [1, 2, 3].map(y, x * y)).size()';
    const { text: value, cost } = evaluate(standardEnvironment, text);
    equal(value, '3');
    const stopped = evaluate(standardEnvironment, text, noVariables, cost - 1);
    equal(stopped.text, 'operation cancelled: actual cost limit exceeded');
    equal(evaluate(standardEnvironment, text, noVariables, cost).text, '3');
  });

  it('hold for work that grows with the square of the input', () => {
    const env = standardEnvironment.extend({ variables: { l: listType(intType) } });
    const l = adapt(Array.from({ length: 3000 }, (_, i) => i));
    const text = 'l.all(x, l.all(y, l.all(z, x + y + z >= 0)))';
    const { text: value, cost } = evaluate(env, text, activation({ l }), 100_000);
    equal(value, 'operation cancelled: actual cost limit exceeded');
    ok(cost < 101_000);
  });
});

describe('comprehensions', () => {
  it('gather long lists without going over them again and again', () => {
    const env = standardEnvironment.extend({ variables: { l: listType(intType) } });
    const l = adapt(Array.from({ length: 200_000 }, (_, i) => i));
    equal(
      evaluate(env, 'l.map(x, x + 1).filter(x, x > 199999).size()', activation({ l })).text,
      '1',
    );
  });

  it('hide variables outside, and not beyond their end', () => {
    const env = standardEnvironment.extend({ variables: { x: stringType }, libraries: [bindings] });
    const vars = activation({ x: 'out' });
    equal(evaluate(env, '[1].map(x, x)[0] == 1 && x == "out"', vars).text, 'true');
    equal(evaluate(env, 'cel.bind(x, x + "er", x + x)', vars).text, '"outerouter"');
  });

  it('do not compute what is bound and not used', () => {
    const env = standardEnvironment.extend({ libraries: [bindings] });
    equal(evaluate(env, 'cel.bind(x, 1 / 0, true)').text, 'true');
  });
});

const tokenType = opaqueType('test.Token');

class Token extends ObjectValue {
  readonly type = tokenType;
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }

  equals(other: Value): boolean {
    return other instanceof Token && other.text === this.text;
  }

  override size(): number {
    return this.text.length;
  }
}

const tokens: Library = {
  name: 'test.tokens',
  types: [tokenType],
  functions: [
    {
      name: 'token',
      overloads: [
        {
          id: 'string_to_token',
          params: [stringType],
          result: tokenType,
          call: (s) => (s === '' ? new CelError('a token is not empty') : new Token(s as string)),
          cost: ([s]) => (s as string).length,
        },
      ],
    },
    {
      name: 'isFor',
      overloads: [
        {
          id: 'token_is_for_string',
          member: true,
          params: [tokenType, stringType],
          result: boolType,
          call: (t, s) => (t as Token).text === s,
        },
      ],
    },
  ],
};

describe('libraries', () => {
  const env = standardEnvironment.extend({ libraries: [tokens], variables: { d: dynType } });

  it('bring types with functions, costs and equality of their own', () => {
    deepEqual(evaluate(env, 'token("abcde").isFor("abcde")'), { text: 'true', cost: 6 });
    equal(evaluate(env, 'token("a") == token("a") && token("a") != token("b")').text, 'true');
    equal(evaluate(env, 'token("a") in [token("b"), token("a")]').text, 'true');
    equal(evaluate(env, 'type(token("a")) == test.Token').text, 'true');
  });

  it('fail with their own words, and with those of the language for other types', () => {
    equal(evaluate(env, 'token("")').text, 'a token is not empty');
    equal(
      evaluate(env, 'd.isFor("a")', activation({ d: 1n })).text,
      'no such overload: isFor(int, string)',
    );
  });

  it('let what implementations throw through', () => {
    const thrown = new Error('not an answer');
    const broken = env.extend({
      libraries: [
        {
          name: 'test.broken',
          functions: [
            {
              name: 'broken',
              overloads: [
                {
                  id: 'broken',
                  params: [],
                  result: boolType,
                  call: () => {
                    throw thrown;
                  },
                },
              ],
            },
          ],
        },
      ],
    });
    let caught: unknown;
    try {
      evaluate(broken, 'true && broken()');
    } catch (e) {
      caught = e;
    }
    equal(caught, thrown);
  });
});

class Made extends ObjectValue {
  readonly type: ReturnType<typeof objectType>;
  readonly fields: ReadonlyMap<string, Value>;

  constructor(type: string, fields: ReadonlyMap<string, Value>) {
    super();
    this.type = objectType(type);
    this.fields = fields;
  }

  equals(other: Value): boolean {
    return other instanceof Made && other.fields === this.fields;
  }

  override get(field: string): Result {
    return this.fields.get(field) ?? new CelError(`no such key: ${field}`);
  }

  override isSet(field: string): boolean {
    return this.fields.has(field);
  }
}

const fields: Readonly<Record<string, Readonly<Record<string, typeof intType>>>> = {
  Object: { spec: objectType('Object.spec') },
  'Object.spec': { replicas: intType, names: listType(stringType) },
};

const provider: TypeProvider = {
  findType: (name) => (Object.hasOwn(fields, name) ? objectType(name) : undefined),
  findField: (type, field) => fields[type]?.[field],
  create: (type, given) => new Made(type, given),
};

describe('types with fields', () => {
  const env = standardEnvironment.extend({
    types: provider,
    variables: { o: objectType('Object') },
    optionalSyntax: true,
    libraries: [optionals],
  });

  const cases: readonly (readonly [string, string])[] = [
    ['Object{spec: Object.spec{replicas: 3}}.spec.replicas + 1', '4'],
    ['has(Object.spec{replicas: 3}.names)', 'false'],
    ['Object.spec{?replicas: optional.none()}.?replicas.hasValue()', 'false'],
    ['o.spec.names.size()', 'no such key: names'],
  ];
  for (const [text, expected] of cases) {
    it(text, () => {
      const o = new Made('Object', new Map([['spec', new Made('Object.spec', new Map())]]));
      equal(evaluate(env, text, activation({ o })).text, expected);
    });
  }

  const wrong: readonly (readonly [string, string])[] = [
    ['o.other', "1:2: undefined field 'other'"],
    [
      'o.spec.replicas == "a"',
      "1:17: found no matching overload for '_==_' applied to '(int, string)'",
    ],
    [
      'Object{spec: 1}',
      "1:12: expected type of field 'spec' is 'Object.spec' but provided type is 'int'",
    ],
    ['Other{}', "1:6: undeclared reference to 'Other' (in container '')"],
    ['Object.spec{replicas: 1, other: 2}', "1:31: undefined field 'other'"],
  ];
  for (const [text, expected] of wrong) {
    it(text, () => {
      equal(evaluate(env, text).text.split('\n')[0], `ERROR: <input>:${expected}`);
    });
  }
});

describe('checked trees', () => {
  it('tell what is referred to', () => {
    const env = standardEnvironment.extend({ variables: { 'a.b': intType, l: listType(intType) } });
    const compiled = env.compile('l.exists(x, x == a.b)');
    ok(!(compiled instanceof Issues));
    const names = new Set<string>();
    walk(compiled.root, (e) => {
      if (e.reference?.name !== undefined) names.add(e.reference.name);
    });
    deepEqual([...names].sort(), ['@result', 'a.b', 'l', 'x']);
    equal(compiled.outputType, boolType);
  });
});
