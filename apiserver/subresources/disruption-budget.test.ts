import assert from 'node:assert/strict';
import { StatusError } from '../../machinery/meta/status-error.ts';
import type { PodDisruptionBudget } from '../../machinery/schema/wire.ts';
import { budgetsOf, takeDisruption } from './disruption-budget.ts';

const now = '2026-01-01T00:00:00Z';
const budget = (status: object, generation = 1): PodDisruptionBudget => ({
  metadata: { name: 'b', generation },
  spec: { selector: { matchLabels: { app: 'x' } } },
  status: {
    observedGeneration: 1,
    disruptionsAllowed: 0,
    currentHealthy: 1,
    desiredHealthy: 1,
    expectedPods: 1,
    ...status,
  },
});
const told = (reason: string, message: string) => [
  { type: 'DisruptionAllowed', status: 'False', reason, message, lastTransitionTime: now },
];

describe('disruption budgets', () => {
  const refusals: [string, PodDisruptionBudget, number, string][] = [
    [
      'none left',
      budget({}),
      429,
      'The disruption budget b needs 1 healthy pods and has 1 currently',
    ],
    [
      'not looked at yet',
      budget({ disruptionsAllowed: 5 }, 2),
      429,
      'The disruption budget b is still being processed by the server.',
    ],
    [
      'a failed sync',
      budget({ conditions: told('SyncFailed', 'no scale') }),
      429,
      'The disruption budget b does not allow evicting pods currently because it failed sync: no scale',
    ],
    [
      'another reason',
      budget({ currentHealthy: 3, conditions: told('Why', 'so') }),
      429,
      'The disruption budget b does not allow evicting pods currently (Why): so',
    ],
    [
      'no reason',
      budget({ currentHealthy: 3 }),
      429,
      'The disruption budget b does not allow evicting pods currently',
    ],
    [
      'a negative number',
      budget({ disruptionsAllowed: -1 }),
      403,
      'poddisruptionbudget.policy "b" is forbidden: pdb disruptions allowed is negative',
    ],
  ];
  for (const [what, b, code, text] of refusals) {
    it(`refuse with ${what}`, () => {
      assert.throws(
        () => takeDisruption(b, 'p', now),
        (e) => {
          assert(e instanceof StatusError);
          assert.equal(e.code, code);
          assert.equal(e.details?.causes?.[0]?.message ?? e.message, text);
          return true;
        },
      );
    });
  }

  it('are taken from, and say when nothing is left', () => {
    const b = budget({ disruptionsAllowed: 2 });
    takeDisruption(b, 'p', now);
    assert.equal(b.status?.disruptionsAllowed, 1);
    assert.equal((b.status as { conditions?: unknown }).conditions, undefined);
    takeDisruption(b, 'q', now);
    assert.deepEqual(Object.keys(b.status?.disruptedPods ?? {}), ['p', 'q']);
    assert.deepEqual(
      b.status?.conditions?.map((c) => [c.type, c.status, c.reason]),
      [['DisruptionAllowed', 'False', 'InsufficientPods']],
    );
  });

  it('concern the pods that their selector takes in', () => {
    const pod = { metadata: { labels: { app: 'x' } } };
    const other = budget({});
    other.spec!.selector = { matchLabels: { app: 'y' } };
    const bad = budget({});
    bad.spec!.selector = { matchExpressions: [{ key: 'a', operator: 'Wrong' }] };
    const none = budget({});
    delete none.spec!.selector;
    assert.equal(budgetsOf(pod, [budget({}), other, bad, none]).length, 1);
  });
});
