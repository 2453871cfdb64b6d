import assert from 'node:assert/strict';
import { jobs, pods } from '../../client/resources.ts';
import type { Job } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { jobController } from './job.ts';
import { ttlAfterFinishedController } from './ttl-after-finished.ts';

type Spec = NonNullable<Job['spec']>;

function job(spec: Partial<Spec> = {}): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'a', name: 'j', generation: 1 },
    spec: {
      parallelism: 2,
      completions: 3,
      backoffLimit: 2,
      selector: { matchLabels: { 'job-name': 'j' } },
      template: {
        metadata: { labels: { 'job-name': 'j' } },
        spec: { containers: [{ name: 'c' }], restartPolicy: 'Never' },
      },
      ...spec,
    },
  };
}

const current = (bed: TestBed): Job => bed.client.objects(jobs)[0]!;
const conditions = (bed: TestBed): string[] =>
  (current(bed).status?.conditions ?? []).map((c) => `${c.type}=${c.status} ${c.reason}`);

/** Ends all running pods; the kubelet removes those marked for deletion. */
async function endPods(bed: TestBed, phase: 'Succeeded' | 'Failed'): Promise<void> {
  await bed.runPods();
  for (const pod of bed.client.objects(pods)) {
    if (pod.status?.phase !== 'Running') continue;
    await bed.client.update(pods, { ...pod, status: { phase } }, { subresource: 'status' });
  }
  await bed.advance(500);
}

describe('job controller', () => {
  it('runs to completion and counts each pod once', async () => {
    await using bed = new TestBed();
    bed.client.seed(jobs, job());
    await bed.start([jobController]);
    assert.equal(bed.client.objects(pods).length, 2);
    assert.equal(current(bed).status?.active, 2);
    await endPods(bed, 'Succeeded');
    assert.equal(current(bed).status?.succeeded, 2);
    await endPods(bed, 'Succeeded');
    await bed.advance(1_000);
    const { status } = current(bed);
    assert.equal(status?.succeeded, 3);
    assert.equal(status?.active, undefined);
    assert.equal(status?.ready, 0);
    assert.ok(status?.completionTime);
    assert.deepEqual(conditions(bed), [
      'SuccessCriteriaMet=True CompletionsReached',
      'Complete=True CompletionsReached',
    ]);
    assert.ok(bed.client.objects(pods).every((p) => (p.metadata?.finalizers ?? []).length === 0));
    assert.equal(bed.eventTexts().at(-1), 'Completed: Job completed');
    assert.deepEqual(bed.complaints, []);
  });

  it('fails at the limit, after pauses between failures', async () => {
    await using bed = new TestBed();
    bed.client.seed(jobs, job({ parallelism: 1, backoffLimit: 1 }));
    await bed.start([jobController]);
    await endPods(bed, 'Failed');
    assert.equal(current(bed).status?.failed, 1);
    await bed.advance(5_000);
    assert.equal(bed.client.objects(pods).length, 1);
    await bed.advance(6_000);
    assert.equal(bed.client.objects(pods).length, 2);
    await endPods(bed, 'Failed');
    await bed.advance(1_000);
    assert.deepEqual(conditions(bed), [
      'FailureTarget=True BackoffLimitExceeded',
      'Failed=True BackoffLimitExceeded',
    ]);
    assert.equal(current(bed).status?.failed, 2);
    assert.match(bed.eventTexts().at(-1)!, /BackoffLimitExceeded: Job has reached the specified/);
  });

  it('ends running pods at the deadline and waits until they are gone', async () => {
    await using bed = new TestBed();
    bed.client.seed(jobs, job({ activeDeadlineSeconds: 60 }));
    await bed.start([jobController]);
    await bed.runPods();
    await bed.advance(61_000);
    assert.deepEqual(conditions(bed), ['FailureTarget=True DeadlineExceeded']);
    assert.equal(current(bed).status?.terminating, 2);
    await bed.runPods();
    await bed.advance(1_000);
    assert.equal(conditions(bed)[1], 'Failed=True DeadlineExceeded');
    assert.equal(current(bed).status?.failed, 2);
  });

  it('suspends and resumes', async () => {
    await using bed = new TestBed();
    bed.client.seed(jobs, job());
    await bed.start([jobController]);
    const set = async (suspend: boolean): Promise<void> => {
      const j = await bed.client.get(jobs, { namespace: 'a', name: 'j' });
      await bed.client.update(jobs, { ...j, spec: { ...j.spec!, suspend } });
      await bed.advance(1_000);
    };
    await set(true);
    assert.deepEqual(conditions(bed), ['Suspended=True JobSuspended']);
    assert.equal(current(bed).status?.startTime, undefined);
    assert.deepEqual(bed.client.objects(pods), []);
    assert.equal(current(bed).status?.failed, undefined);
    await set(false);
    assert.deepEqual(conditions(bed), ['Suspended=False JobResumed']);
    assert.equal(bed.client.objects(pods).length, 2);
    const texts = bed.eventTexts().filter((t) => /^(Suspended|Resumed)/.test(t));
    assert.deepEqual(texts, ['Suspended: Job suspended', 'Resumed: Job resumed']);
  });

  it('runs indexes', async () => {
    await using bed = new TestBed();
    bed.client.seed(jobs, job({ completionMode: 'Indexed' }));
    await bed.start([jobController]);
    const names = bed.client.objects(pods).map((p) => p.metadata?.generateName);
    assert.deepEqual(names, ['j-0-', 'j-1-']);
    await endPods(bed, 'Succeeded');
    assert.equal(current(bed).status?.completedIndexes, '0,1');
    await endPods(bed, 'Succeeded');
    await bed.advance(1_000);
    assert.equal(current(bed).status?.completedIndexes, '0-2');
    assert.equal(conditions(bed)[1], 'Complete=True CompletionsReached');
  });

  it('lets go of the pods of a job that is deleted', async () => {
    await using bed = new TestBed();
    bed.client.seed(jobs, job());
    await bed.start([jobController]);
    await bed.client.delete(
      jobs,
      { namespace: 'a', name: 'j' },
      { propagationPolicy: 'Background' },
    );
    await bed.advance(1_000);
    assert.ok(bed.client.objects(pods).every((p) => (p.metadata?.finalizers ?? []).length === 0));
  });

  it('leaves jobs of other controllers alone', async () => {
    await using bed = new TestBed();
    bed.client.seed(jobs, job({ managedBy: 'example.com/other' }));
    await bed.start([jobController]);
    assert.deepEqual(bed.client.objects(pods), []);
  });

  it('deletes ended jobs after their time', async () => {
    await using bed = new TestBed();
    bed.client.seed(jobs, job({ completions: 1, parallelism: 1, ttlSecondsAfterFinished: 60 }));
    await bed.start([jobController, ttlAfterFinishedController]);
    await endPods(bed, 'Succeeded');
    await bed.advance(50_000);
    assert.equal(current(bed).metadata?.deletionTimestamp, undefined);
    await bed.advance(12_000);
    assert.deepEqual(current(bed).metadata?.finalizers, ['foregroundDeletion']);
  });
});
