import assert from 'node:assert/strict';
import { type Loose, TestRegistry } from '../core/test-registry.ts';
import { describeCreates, describeUpdates } from '../test-refusals.ts';

const template: Loose = {
  spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
};
const job = (spec: Loose = {}, name = 'a'): Loose => ({
  metadata: { name },
  spec: { template, ...spec },
});
const cronJob = (spec: Loose = {}): Loose => ({
  metadata: { name: 'a' },
  spec: { schedule: '* * * * *', jobTemplate: { spec: { template } }, ...spec },
});

describeCreates('batch/v1', 'jobs', [
  ['are complete', job(), []],
  [
    'end at some time',
    job({ template: { spec: { ...template.spec, restartPolicy: 'Always' } } }),
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  [
    'say how many indexes they have',
    job({ completionMode: 'Indexed', parallelism: 2 }),
    ['spec.completions: Required value: when completion mode is Indexed'],
  ],
  [
    'leave room for the index in names of pods',
    job({ completionMode: 'Indexed', completions: 100, parallelism: 1 }, 'a'.repeat(62)),
    ['metadata.name: Invalid value: "aaaa…'],
  ],
  [
    'have a known manager',
    job({ managedBy: 'x' }),
    ['spec.managedBy: Invalid value: "x": must be…'],
  ],
]);

describeUpdates('batch/v1', 'jobs', [
  [
    'keep the number of completions',
    job({ completions: 2 }),
    (j) => (j.spec.completions = 3),
    ['spec.completions: Invalid value: 3: field is immutable'],
  ],
  ['can be suspended', job(), (j) => (j.spec.suspend = true), []],
]);

describeCreates('batch/v1', 'cronjobs', [
  ['are complete', cronJob(), []],
  [
    'have a schedule',
    cronJob({ schedule: 'x' }),
    ['spec.schedule: Invalid value: "x": expected exactly 5 fields, found 1: [x]'],
  ],
  [
    'have a time zone outside of it',
    cronJob({ schedule: 'TZ=UTC * * * * *' }),
    [
      'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in ' +
        'schedule, use timeZone field instead',
    ],
  ],
  [
    'have a time zone that exists',
    cronJob({ timeZone: 'Mars/X' }),
    ['spec.timeZone: Invalid value: "Mars/X": unknown time zone Mars/X'],
  ],
]);

describe('jobs', () => {
  it('select their pods by a label of their own, which they show themselves', async () => {
    await using registry = await TestRegistry.openAll();
    const made = await registry.create('jobs', job(), { apiVersion: 'batch/v1' });
    const { uid } = made.metadata;
    assert.deepEqual(made.spec.selector.matchLabels, { 'batch.kubernetes.io/controller-uid': uid });
    assert.deepEqual(made.spec.template.metadata.labels, {
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': 'a',
      'controller-uid': uid,
      'job-name': 'a',
    });
    assert.deepEqual(made.metadata.labels, made.spec.template.metadata.labels);
  });

  it('warn when a delete does not say what becomes of the pods', async () => {
    await using registry = await TestRegistry.openAll();
    await registry.create('jobs', job(), { apiVersion: 'batch/v1' });
    await registry.delete('jobs', 'a', { apiVersion: 'batch/v1' });
    assert.match(registry.warnings.join(), /child pods are preserved by default/);
  });
});
