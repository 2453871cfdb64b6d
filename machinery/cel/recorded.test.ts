/**
 * Expressions with what the reference implementation (cel-go in the environment of API v1.36) makes
 * of them: issues word for word, types, values, errors, costs and their estimates.
 */
import { deepEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { adapt } from './adapt.ts';
import { literalText } from './debug-text.ts';
import { Duration } from './duration.ts';
import type { CostEstimator, CostNode, Range } from './estimate.ts';
import { Issues } from './issues.ts';
import { kubernetesEnvironment } from './library/kubernetes.ts';
import { activation } from './program.ts';
import { Timestamp } from './timestamp.ts';
import * as t from './types.ts';
import { CelError, Uint } from './values.ts';

interface Recorded {
  readonly expression: string;
  readonly issues?: string;
  readonly type?: string;
  readonly estimate?: readonly [number, number];
  readonly problem?: string;
  readonly cost?: number;
  readonly value?: string;
  readonly error?: string;
}

const recorded = JSON.parse(
  readFileSync(new URL('testdata/recorded.json', import.meta.url), 'utf8'),
) as readonly Recorded[];

const environment = kubernetesEnvironment().extend({
  variables: {
    o: t.dynType,
    i: t.intType,
    u: t.uintType,
    d: t.doubleType,
    s: t.stringType,
    b: t.boolType,
    by: t.bytesType,
    l: t.listType(t.intType),
    ls: t.listType(t.stringType),
    m: t.mapType(t.stringType, t.intType),
    md: t.mapType(t.stringType, t.dynType),
    ts: t.timestampType,
    du: t.durationType,
    'a.b.c': t.intType,
  },
});

const object = {
  spec: {
    replicas: 3,
    names: ['a', 'bb', 'ccc'],
    f: 1.5,
    flag: true,
    nul: null,
    items: [{ name: 'x', n: 1 }, { name: 'y' }],
  },
  kind: 'Pod',
};

const variables = activation({
  o: adapt(object),
  i: 5n,
  u: new Uint(7n),
  d: 2.5,
  s: 'héllo wörld',
  b: true,
  by: Uint8Array.of(97, 98, 99, 255),
  l: adapt([3, 1, 2]),
  ls: adapt(['x', 'yy', 'zzz']),
  m: adapt({ a: 1 }),
  md: adapt({ k: [1, 'two'] }),
  ts: new Timestamp(Date.UTC(2024, 1, 29, 12, 34, 56) / 1000, 789_000_000),
  du: new Duration(5_400_000_000_000n),
  'a.b.c': 9n,
});

const sizes: Readonly<Record<string, Range>> = {
  s: { min: 0, max: 100 },
  l: { min: 0, max: 10 },
  ls: { min: 0, max: 10 },
  '@items': { min: 0, max: 7 },
  '@keys': { min: 0, max: 5 },
};

const estimator: CostEstimator = {
  size: ({ path }: CostNode) => sizes[path?.at(-1) ?? ''],
  call: () => undefined,
};

/** Beyond what a double tells apart, the reference's figures wrap around and ours do not. */
function rounded(n: number): number {
  return n > 1e15 ? Number.POSITIVE_INFINITY : n;
}

function outcome(expression: string): Recorded {
  const compiled = environment.compile(expression);
  if (compiled instanceof Issues) return { expression, issues: compiled.toString() };
  const { min, max } = environment.estimateCost(compiled, estimator);
  const estimate = [rounded(min), rounded(max)] as const;
  const known = { expression, type: compiled.outputType.toString(), estimate };
  const program = environment.program(compiled);
  if (program instanceof CelError) return { ...known, problem: program.message };
  const { result, cost } = program.evaluate(variables);
  if (result instanceof CelError) return { ...known, cost, error: result.message };
  return { ...known, cost, value: literalText(result) };
}

describe('expressions as the reference has them', () => {
  for (const expected of recorded) {
    it(JSON.stringify(expected.expression), () => {
      const estimate = expected.estimate?.map(rounded);
      const wanted = estimate === undefined ? expected : { ...expected, estimate };
      deepEqual({ ...outcome(expected.expression) }, wanted);
    });
  }
});
