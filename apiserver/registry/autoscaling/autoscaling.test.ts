import assert from 'node:assert/strict';
import { type Loose, TestRegistry } from '../core/test-registry.ts';
import { describeCreates } from '../test-refusals.ts';

const autoscaler = (spec: Loose = {}): Loose => ({
  metadata: { name: 'a' },
  spec: {
    maxReplicas: 3,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
    ...spec,
  },
});
const resource = (target: object, name = 'cpu'): object => ({
  type: 'Resource',
  resource: { name, target },
});

describeCreates('autoscaling/v2', 'horizontalpodautoscalers', [
  ['are complete', autoscaler(), []],
  [
    'can grow',
    autoscaler({ maxReplicas: 0 }),
    [
      'spec.maxReplicas: Required value: must be set and greater than 0',
      'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
    ],
  ],
  [
    'have one sort of target in a metric',
    autoscaler({
      metrics: [resource({ type: 'Utilization', averageUtilization: 1, averageValue: '1' })],
    }),
    [
      'spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a ' +
        'target raw value and a target utilization',
    ],
  ],
  [
    'say what a metric is about',
    autoscaler({ metrics: [{ type: 'Pods' }] }),
    ['spec.metrics[0].pods: Required value: must populate information for the given metric source'],
  ],
  [
    'have known policies of scaling',
    autoscaler({ behavior: { scaleUp: { selectPolicy: 'X' } } }),
    [
      'spec.behavior.scaleUp.selectPolicy: Unsupported value: "X": supported values: ' +
        '"Disabled", "Max", "Min"',
    ],
  ],
  [
    'have policies where they say that there are some',
    autoscaler({ behavior: { scaleDown: { policies: [] } } }),
    ['spec.behavior.scaleDown.policies: Required value: must specify at least one Policy'],
  ],
]);

describe('autoscaling/v1', () => {
  const v1 = { apiVersion: 'autoscaling/v1' };
  const v2 = { apiVersion: 'autoscaling/v2' };

  it('shows v2 with what it has no fields for in annotations', async () => {
    await using registry = await TestRegistry.openAll();
    const metrics = [
      resource({ type: 'Utilization', averageUtilization: 70 }),
      resource({ type: 'AverageValue', averageValue: '1Gi' }, 'memory'),
    ];
    const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } };
    await registry.create('horizontalpodautoscalers', autoscaler({ metrics, behavior }), v2);
    const shown = await registry.update('horizontalpodautoscalers', 'a', () => undefined, v1);
    assert.equal(shown.spec.targetCPUUtilizationPercentage, 70);
    const { annotations } = shown.metadata;
    assert.deepEqual(JSON.parse(annotations['autoscaling.alpha.kubernetes.io/metrics']), [
      { type: 'Resource', resource: { name: 'memory', targetAverageValue: '1Gi' } },
    ]);
    assert.match(annotations['autoscaling.alpha.kubernetes.io/behavior'], /60/);
  });

  it('takes v2 back from its annotations', async () => {
    await using registry = await TestRegistry.openAll();
    const metrics = [resource({ type: 'AverageValue', averageValue: '1Gi' }, 'memory')];
    const made = await registry.create('horizontalpodautoscalers', autoscaler({ metrics }), v2);
    const asV1 = await registry.update(
      'horizontalpodautoscalers',
      'a',
      (a) => (a.spec.maxReplicas = 9),
      v1,
    );
    assert.equal(asV1.spec.maxReplicas, 9);
    const again = await registry.update('horizontalpodautoscalers', 'a', () => undefined, v2);
    assert.deepEqual(again.spec, { ...made.spec, maxReplicas: 9 });
    assert.equal(again.metadata.annotations, undefined);
  });

  it('has a CPU target when there is no metric', async () => {
    await using registry = await TestRegistry.openAll();
    const made = await registry.create('horizontalpodautoscalers', autoscaler(), v1);
    assert.equal(made.spec.targetCPUUtilizationPercentage, 80);
  });
});
