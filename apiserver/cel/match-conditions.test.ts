import assert from 'node:assert/strict';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { attributes } from '../admission/test-environment.ts';
import { MetricRegistry } from '../metrics/registry.ts';
import type { AdmissionInput } from './admission-input.ts';
import { ConditionMetrics } from './condition-metrics.ts';
import { type Match, MatchConditions } from './match-conditions.ts';

const owner = { name: 'p', kind: 'policy', type: 'validate' } as const;
const object = { metadata: { name: 'o' } } as KubeObject;
const input: AdmissionInput = {
  attributes: attributes({ object }),
  object,
  oldObject: undefined,
  kind: { group: '', version: 'v1', kind: 'Pod' },
  resource: { group: '', version: 'v1', resource: 'pods' },
};

/** Asks conditions of these expressions about an object; also, what was counted. */
async function ask(
  expressions: readonly string[],
): Promise<{ match: Match; errors: number; evaluations: number }> {
  const registry = new MetricRegistry();
  const conditions = new MatchConditions(
    expressions.map((expression, i) => ({ name: `c${i}`, expression })),
    { params: false },
  );
  const metrics = ConditionMetrics.of(registry);
  const match = await conditions.match(input, () => ({ effect: 'allow' }) as never, {
    owner,
    metrics,
  });
  const { body } = await registry.expose();
  const count = (name: string) => {
    const labels = 'name="p",kind="policy",type="validate",operation="CREATE"';
    const line = `apiserver_admission_match_condition_${name}{${labels}} `;
    return Number(
      body
        .split('\n')
        .find((l) => l.startsWith(line))
        ?.slice(line.length) ?? 0,
    );
  };
  return {
    match,
    errors: count('evaluation_errors_total'),
    evaluations: count('evaluation_seconds_count'),
  };
}

describe('match conditions', () => {
  const missing = 'object.spec.x == 1';
  const noSpec = "expression 'object.spec.x == 1' resulted in error: no such key: spec";

  it('that all hold are not counted', async () => {
    assert.deepEqual(await ask(['true', 'object.metadata.name == "o"']), {
      match: { matches: true },
      errors: 0,
      evaluations: 0,
    });
  });

  it('that do not hold decide, and what failed before them is counted', async () => {
    assert.deepEqual(await ask([missing, 'false', missing]), {
      match: { matches: false, condition: 'c1' },
      errors: 1,
      evaluations: 1,
    });
  });

  it('that fail are a problem, and each is counted', async () => {
    const { match, ...counts } = await ask([missing, 'true', `${missing} `]);
    assert.deepEqual(counts, { errors: 2, evaluations: 1 });
    assert.ok('problem' in match);
    assert.ok(match.problem.includes(noSpec), match.problem);
  });

  it('that cost too much together are a problem, but none of them failed', async () => {
    const list = '[1, 2, 3, 4, 5, 6, 7, 8, 9]';
    const costly = ['a', 'b', 'c', 'd', 'e'].reduce(
      (inner, name) => `${list}.all(${name}, ${inner})`,
      'true',
    );
    assert.deepEqual((await ask([costly, costly])).match, { matches: true });
    const { match, ...counts } = await ask(Array.from({ length: 20 }, () => costly));
    assert.deepEqual(counts, { errors: 0, evaluations: 1 });
    assert.ok('problem' in match);
    assert.match(match.problem, /budget/);
  });
});
