import assert from 'node:assert/strict';
import type { PodDisruptionBudget } from '../../machinery/schema/wire.ts';
import { PodInfo } from '../cache/pod-info.ts';
import { testPod } from '../test-bed.ts';
import { pickBest, splitByBudgets, type Victims } from './victims.ts';

function pod(name: string, priority: number, startTime?: string): PodInfo {
  const made = testPod(
    name,
    {},
    { priority },
    { name, namespace: 'default', labels: { app: 'x' } },
  );
  return new PodInfo({ ...made, ...(startTime === undefined ? {} : { status: { startTime } }) });
}

function victims(nodeName: string, violations: number, ...pods: PodInfo[]): Victims {
  return { nodeName, pods, violations };
}

describe('preemption victims', () => {
  const early = '2026-01-01T00:00:00Z';
  const late = '2026-01-02T00:00:00Z';
  const cases: [string, Victims[], string][] = [
    [
      'fewest violated budgets',
      [victims('n1', 1, pod('a', 1)), victims('n2', 0, pod('b', 9))],
      'n2',
    ],
    [
      'least important first victim',
      [victims('n1', 0, pod('a', 5)), victims('n2', 0, pod('b', 4), pod('c', 4))],
      'n2',
    ],
    [
      'smallest sum of priorities',
      [victims('n1', 0, pod('a', 5), pod('b', 3)), victims('n2', 0, pod('c', 5), pod('d', 2))],
      'n2',
    ],
    [
      'few pods, also of negative priority',
      [victims('n1', 0, pod('a', -1), pod('b', -1)), victims('n2', 0, pod('c', -1))],
      'n2',
    ],
    [
      'youngest pods',
      [victims('n1', 0, pod('a', 5, early)), victims('n2', 0, pod('b', 5, late))],
      'n2',
    ],
    [
      'the first of equals',
      [victims('n1', 0, pod('a', 5, early)), victims('n2', 0, pod('b', 5, early))],
      'n1',
    ],
  ];
  for (const [name, candidates, expected] of cases) {
    it(`prefers ${name}`, () => assert.equal(pickBest(candidates)?.nodeName, expected));
  }

  it('tells the pods that budgets protect', () => {
    const budget = (allowed: number, selector: object): PodDisruptionBudget => ({
      metadata: { name: 'b', namespace: 'default' },
      spec: { selector },
      status: {
        currentHealthy: 3,
        desiredHealthy: 2,
        expectedPods: 3,
        disruptionsAllowed: allowed,
        disruptedPods: { gone: early },
      },
    });
    const pods = [pod('a', 3), pod('gone', 2), pod('b', 1)];
    const split = (b: PodDisruptionBudget) =>
      splitByBudgets(pods, [b]).violating.map((one) => one.name);
    assert.deepEqual(split(budget(1, { matchLabels: { app: 'x' } })), ['b']);
    assert.deepEqual(split(budget(0, { matchLabels: { app: 'x' } })), ['a', 'b']);
    assert.deepEqual(split(budget(0, {})), []);
  });
});
