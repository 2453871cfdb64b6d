import assert from 'node:assert/strict';
import { type Loose, TestRegistry } from '../core/test-registry.ts';
import { describeCreates, describeUpdates } from '../test-refusals.ts';

const labels = { app: 'a' };
const template: Loose = {
  metadata: { labels },
  spec: { containers: [{ name: 'c', image: 'i' }] },
};
const workload = (spec: Loose = {}, name = 'a'): Loose => ({
  metadata: { name },
  spec: { selector: { matchLabels: labels }, template, ...spec },
});
const mismatch =
  'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match ' +
  'template `labels`';

describeCreates('apps/v1', 'deployments', [
  ['are complete', workload(), []],
  ['select their own pods', workload({ selector: { matchLabels: { app: 'b' } } }), [mismatch]],
  [
    'have a selector',
    workload({ selector: {} }),
    ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
  ],
  [
    'can roll: not both limits are zero',
    workload({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
    [
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when ' +
        '`maxSurge` is 0',
    ],
  ],
  [
    'restart their containers',
    workload({ template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } }),
    ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  [
    'count from zero',
    workload({ replicas: -1, progressDeadlineSeconds: 0 }),
    [
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.progressDeadlineSeconds: Invalid value: 0: must be greater than minReadySeconds',
    ],
  ],
]);

const annotated = (name: string, value: string): Loose => ({
  ...workload(),
  metadata: { name: 'a', annotations: { [name]: value } },
});
const rollbackTo = 'deprecated.deployment.rollback.to';
const templateGeneration = 'deprecated.daemonset.template.generation';

describeCreates('apps/v1', 'deployments', [
  [
    'go back to a revision that there is',
    annotated(rollbackTo, '-3'),
    ['spec.rollback.version: Invalid value: -3: must be greater than or equal to 0'],
  ],
  [
    'name it by a number',
    annotated(rollbackTo, 'x'),
    [
      'Deployment in version "v1" cannot be handled as a Deployment: failed to parse ' +
        `annotation[${rollbackTo}]=x as int64: strconv.ParseInt: parsing "x": invalid syntax`,
    ],
  ],
]);

describeCreates('apps/v1', 'daemonsets', [
  [
    'count the changes of their template',
    annotated(templateGeneration, '9223372036854775808'),
    [
      'DaemonSet in version "v1" cannot be handled as a DaemonSet: strconv.ParseInt: parsing ' +
        '"9223372036854775808": value out of range',
    ],
  ],
]);

describeUpdates('apps/v1', 'deployments', [
  [
    'keep their selector',
    workload(),
    (d) => (d.spec.selector.matchLabels = { app: 'a', x: 'y' }),
    [
      mismatch,
      'spec.selector: Invalid value: {"matchLabels":{"app":"a","x":"y"}}: field is immutable',
    ],
  ],
]);

describeCreates('apps/v1', 'statefulsets', [
  ['are complete', workload({ serviceName: 's' }), []],
  [
    'have a name that fits into the names of their pods',
    workload({}, 'A.b'),
    ['metadata.name: Invalid value: "A.b": a lowercase RFC 1123 label must…'],
  ],
  [
    'have a known management policy',
    workload({ podManagementPolicy: 'X' }),
    ["spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel'"],
  ],
]);

describeUpdates('apps/v1', 'statefulsets', [
  [
    'keep what pods depend on',
    workload({ serviceName: 's' }),
    (s) => (s.spec.serviceName = 't'),
    ['spec: Forbidden: updates to statefulset spec for fields other than…'],
  ],
  ['can scale', workload(), (s) => (s.spec.replicas = 3), []],
]);

describeCreates('apps/v1', 'daemonsets', [
  ['are complete', workload(), []],
  [
    'do not surge and stop at once',
    workload({ updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } }),
    [
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when ' +
        'maxUnavailable is non-zero',
    ],
  ],
]);

describeUpdates('apps/v1', 'replicasets', [
  [
    'do not count more ready pods than there are',
    workload(),
    (r) => (r.status = { replicas: 1, readyReplicas: 2 }),
    ['status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas'],
    'status',
  ],
]);

describeUpdates('apps/v1', 'controllerrevisions', [
  [
    'keep their data',
    { metadata: { name: 'a' }, data: { a: 1 }, revision: 1 },
    (c) => (c.data = { a: 2 }),
    ['data: Invalid value: {"a":2}: field is immutable'],
  ],
]);

describe('workloads', () => {
  it('raise their generation when the spec changes', async () => {
    await using registry = await TestRegistry.openAll();
    const request = { apiVersion: 'apps/v1' };
    const made = await registry.create('deployments', workload(), request);
    assert.equal(made.metadata.generation, 1);
    const scaled = await registry.update('deployments', 'a', (d) => (d.spec.replicas = 2), request);
    assert.equal(scaled.metadata.generation, 2);
    const labelled = await registry.update(
      'deployments',
      'a',
      (d) => (d.metadata.labels = { x: 'y' }),
      request,
    );
    assert.equal(labelled.metadata.generation, 2);
    const given = await registry.update(
      'deployments',
      'a',
      (d) => (d.spec.template.spec.affinity = {}),
      request,
    );
    assert.equal(given.metadata.generation, 3, 'what is empty is there all the same');
  });

  it('keep the count of template changes in a write of the status', async () => {
    await using registry = await TestRegistry.openAll();
    const request = { apiVersion: 'apps/v1', subresource: 'status' };
    await registry.create('daemonsets', annotated(templateGeneration, '3'), request);
    const change = (d: Loose): void => {
      d.metadata.annotations = {};
    };
    const { metadata } = await registry.update('daemonsets', 'a', change, request);
    assert.deepEqual(metadata.annotations, { [templateGeneration]: '3' });
  });

  it('write both limits of a rolling update', async () => {
    await using registry = await TestRegistry.openAll();
    const updateStrategy = { type: 'OnDelete', rollingUpdate: {} };
    const body = workload({ updateStrategy });
    const { spec } = await registry.create('daemonsets', body, { apiVersion: 'apps/v1' });
    assert.deepEqual(spec.updateStrategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 0 });
  });
});
