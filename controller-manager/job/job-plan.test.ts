import assert from 'node:assert/strict';
import type { ContainerStatus, Job, Pod } from '../../machinery/schema/wire.ts';
import { nextRecord, noFailures, pauseMs } from './backoff.ts';
import { evaluateJob } from './evaluate.ts';
import { Indexes } from './indexes.ts';
import { jobTemplate, planPods } from './manage.ts';
import { judgeFailure } from './policies.ts';

const now = Date.UTC(2026, 0, 1, 1);

function job(spec: Partial<NonNullable<Job['spec']>>, status: Job['status'] = {}): Job {
  return {
    metadata: { namespace: 'a', name: 'j', uid: 'j' },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      template: { spec: { containers: [{ name: 'c' }], restartPolicy: 'Never' } },
      ...spec,
    },
    status,
  };
}

let count = 0;
function pod(phase: string, extra: { index?: number; failures?: number; exit?: number } = {}): Pod {
  const uid = `p${count++}`;
  const terminated = { exitCode: extra.exit ?? 1, finishedAt: '2026-01-01T00:59:59Z' };
  const containerStatuses: ContainerStatus[] =
    phase === 'Failed'
      ? [
          {
            name: 'c',
            ready: false,
            restartCount: 0,
            image: '',
            imageID: '',
            state: { terminated },
          },
        ]
      : [];
  return {
    metadata: {
      namespace: 'a',
      name: uid,
      uid,
      finalizers: ['batch.kubernetes.io/job-tracking'],
      annotations: {
        ...(extra.index === undefined
          ? {}
          : { 'batch.kubernetes.io/job-completion-index': `${extra.index}` }),
        ...(extra.failures === undefined
          ? {}
          : { 'batch.kubernetes.io/job-index-failure-count': `${extra.failures}` }),
      },
    },
    status: { phase, containerStatuses },
  };
}

const dying = (p: Pod): Pod => ({
  ...p,
  metadata: { ...p.metadata, deletionTimestamp: '2026-01-01T00:59:00Z' },
});

const look = (j: Job, pods: Pod[], record = noFailures) => evaluateJob(j, pods, record, now);

describe('Indexes', () => {
  for (const [text, limit, want, size] of [
    ['', 10, '', 0],
    ['0', 10, '0', 1],
    ['1,3-5,7', 10, '1,3-5,7', 5],
    ['1,2', 10, '1,2', 2],
    ['1,2,3', 10, '1-3', 3],
    ['0-9', 4, '0-3', 4],
    ['8-9,x', 10, '8,9', 2],
  ] as const) {
    it(`${text} below ${limit}`, () => {
      const parsed = Indexes.parse(text, limit);
      assert.equal(parsed.toString(), want);
      assert.equal(parsed.count, size);
    });
  }

  it('joins, finds what is missing and what is common', () => {
    const some = Indexes.parse('0,4-6', 10).with([5, 7, 1]);
    assert.equal(some.toString(), '0,1,4-7');
    assert.deepEqual(some.missing(3, 10), [2, 3, 8]);
    assert.deepEqual(some.missing(9, 9), [2, 3, 8]);
    assert.equal(some.common(Indexes.parse('1-4', 10)), 2);
    assert.equal(some.has(6) && !some.has(8), true);
  });
});

describe('pauseMs', () => {
  const at = (failures: number) => pauseMs({ failures, lastFailureMs: now - 1_000 }, now);
  it('doubles from 10 s to 10 min', () => {
    assert.deepEqual([0, 1, 2, 3, 9].map(at), [0, 9_000, 19_000, 39_000, 599_000]);
  });
  it('starts over after a success', () => {
    const failed = pod('Failed');
    const record = nextRecord({ failures: 4, lastFailureMs: 1 }, [], [failed]);
    assert.equal(record.failures, 5);
    const done = pod('Succeeded');
    done.status!.conditions = [
      { type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T01:00:00Z' },
    ];
    assert.equal(nextRecord(record, [done], [failed]).failures, 0);
  });
});

describe('judgeFailure', () => {
  const rules = [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
    { action: 'Count', onExitCodes: { operator: 'NotIn', values: [1] } },
  ];
  const j = job({ podFailurePolicy: { rules } });
  it('takes the first rule that matches', () => {
    const failed = pod('Failed', { exit: 42 });
    assert.deepEqual(judgeFailure(j, failed), {
      counts: true,
      action: 'FailJob',
      message: `Container c for pod a/${failed.metadata?.name} failed with exit code 42 matching FailJob rule at index 1`,
    });
    failed.status!.conditions = [{ type: 'DisruptionTarget', status: 'True' }];
    assert.deepEqual(judgeFailure(j, failed), { counts: false, action: 'Ignore' });
    assert.equal(judgeFailure(j, pod('Failed', { exit: 1 })).action, undefined);
  });
});

describe('planPods', () => {
  const running = (n: number) => Array.from({ length: n }, () => pod('Running'));
  const text = (j: Job, pods: Pod[], record = noFailures): string => {
    const action = planPods(look(j, pods, record), now);
    if (action.type === 'create') return `create ${action.indexes.join()}`;
    if (action.type === 'delete') {
      return `delete ${action.pods.map((p) => p.metadata?.annotations?.['batch.kubernetes.io/job-completion-index'] ?? '-').join()}`;
    }
    return action.type;
  };
  const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 2 };
  for (const [name, j, pods, want] of [
    ['creates up to parallelism', job({ parallelism: 2, completions: 5 }), [], 'create ,'],
    [
      'no more than completions are left',
      job({ parallelism: 5, completions: 3 }, { succeeded: 2 }),
      [],
      'create ',
    ],
    ['enough', job({ parallelism: 2, completions: 5 }), running(2), 'none'],
    ['too many', job({ parallelism: 1, completions: 5 }), running(2), 'delete -'],
    ['suspended', job({ suspend: true }), running(1), 'delete -'],
    [
      'without completions: all until one succeeds',
      {
        ...job({ parallelism: 3 }),
        spec: { ...job({ parallelism: 3 }).spec!, completions: undefined },
      },
      [pod('Succeeded'), pod('Running')],
      'none',
    ],
    ['indexed from the start', job(indexed), [], 'create 0,1'],
    [
      'the next index',
      job(indexed, { completedIndexes: '0' }),
      [pod('Running', { index: 2 })],
      'create 1',
    ],
    [
      'the same index twice',
      job(indexed),
      [pod('Running', { index: 0 }), pod('Running', { index: 0 })],
      'delete 0',
    ],
    ['an index too high', job(indexed), [pod('Running', { index: 9 })], 'delete 9'],
    ['a failure: a pause', job({}), [pod('Failed')], 'wait'],
    ['a terminating pod is replaced', job({}), [dying(pod('Running'))], 'create '],
    [
      'a terminating pod is waited for',
      job({ podReplacementPolicy: 'Failed' }),
      [dying(pod('Running'))],
      'none',
    ],
    [
      'per index: others go on',
      job({ ...indexed, backoffLimitPerIndex: 2 }),
      [pod('Failed', { index: 0, failures: 0 })],
      'create 1',
    ],
  ] as [string, Job, Pod[], string][]) {
    it(name, () => assert.equal(text(j, pods), want));
  }

  it('builds the pod of an index', () => {
    const j = job({ ...indexed, backoffLimitPerIndex: 2 });
    const view = look(j, [pod('Failed', { index: 1, failures: 1 })]);
    const { template, generateName } = jobTemplate(view, 1);
    assert.equal(generateName, 'j-1-');
    assert.equal(template.spec?.hostname, 'j-1');
    assert.deepEqual(template.metadata, {
      finalizers: ['batch.kubernetes.io/job-tracking'],
      labels: { 'batch.kubernetes.io/job-completion-index': '1' },
      annotations: {
        'batch.kubernetes.io/job-completion-index': '1',
        'batch.kubernetes.io/job-index-failure-count': '2',
      },
    });
    assert.equal(template.spec?.containers[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX');
  });
});

describe('evaluateJob', () => {
  const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 3 };
  for (const [name, j, pods, reason] of [
    ['goes on', job({}), [pod('Failed')], undefined],
    ['the limit of failures', job({ backoffLimit: 0 }), [pod('Failed')], 'BackoffLimitExceeded'],
    [
      'restarts in place count',
      job({
        backoffLimit: 2,
        template: { spec: { containers: [], restartPolicy: 'OnFailure' } },
      }),
      [
        {
          ...pod('Running'),
          status: {
            phase: 'Running',
            containerStatuses: [
              { name: 'c', ready: true, restartCount: 2, image: '', imageID: '' },
            ],
          },
        },
      ],
      'BackoffLimitExceeded',
    ],
    [
      'the deadline',
      job({ activeDeadlineSeconds: 60 }, { startTime: '2026-01-01T00:58:00Z' }),
      [],
      'DeadlineExceeded',
    ],
    [
      'all indexes are done, some failed',
      job({ ...indexed, backoffLimitPerIndex: 0 }, { completedIndexes: '0,1' }),
      [pod('Failed', { index: 2 })],
      'FailedIndexes',
    ],
    [
      'too many failed indexes',
      job({ ...indexed, backoffLimitPerIndex: 0, maxFailedIndexes: 1 }),
      [pod('Failed', { index: 1 }), pod('Failed', { index: 2 })],
      'MaxFailedIndexesExceeded',
    ],
    [
      'the success policy',
      job({
        ...indexed,
        successPolicy: { rules: [{ succeededIndexes: '0,2', succeededCount: 1 }] },
      }),
      [pod('Succeeded', { index: 2 })],
      'SuccessPolicy',
    ],
  ] as [string, Job, Pod[], string | undefined][]) {
    it(name, () => assert.equal(look(j, pods).ending?.reason, reason));
  }
});
