import assert from 'node:assert/strict';
import { cronJobs, jobs } from '../../client/resources.ts';
import type { CronJob } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { cronJobController } from './cronjob.ts';

type Spec = NonNullable<CronJob['spec']>;

function cronJob(spec: Partial<Spec> = {}, created = '2026-01-01T00:00:00Z'): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { namespace: 'a', name: 'c', creationTimestamp: created },
    spec: {
      schedule: '*/10 * * * *',
      concurrencyPolicy: 'Allow',
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
      jobTemplate: { metadata: { labels: { l: '1' } }, spec: { template: {} } },
      ...spec,
    },
  };
}

const minutes = 60_000;
const names = (bed: TestBed) => bed.client.objects(jobs).map((j) => j.metadata?.name);
const status = (bed: TestBed) => bed.client.objects(cronJobs)[0]?.status;

async function finish(bed: TestBed, name: string, type = 'Complete'): Promise<void> {
  const job = await bed.client.get(jobs, { namespace: 'a', name });
  const conditions = [{ type, status: 'True' }];
  const completionTime = '2026-01-01T00:10:30Z';
  const startTime = new Date(bed.clock.now()).toISOString();
  const done = { conditions, startTime, ...(type === 'Complete' ? { completionTime } : {}) };
  await bed.client.update(jobs, { ...job, status: done }, { subresource: 'status' });
  await bed.advance(200);
}

describe('cronjob controller', () => {
  const first = `c-${Date.UTC(2026, 0, 1, 0, 10) / 60_000}`;
  const second = `c-${Date.UTC(2026, 0, 1, 0, 20) / 60_000}`;

  it('starts a job at its time and follows it', async () => {
    await using bed = new TestBed();
    bed.client.seed(cronJobs, cronJob({ timeZone: 'Europe/Berlin' }));
    await bed.start([cronJobController]);
    await bed.advance(9 * minutes);
    assert.deepEqual(names(bed), []);
    await bed.advance(1 * minutes + 500);
    assert.deepEqual(names(bed), [first]);
    const [job] = bed.client.objects(jobs);
    assert.deepEqual(job?.metadata?.labels, { l: '1' });
    assert.deepEqual(job?.metadata?.annotations, {
      'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T01:10:00+01:00',
    });
    assert.equal(status(bed)?.lastScheduleTime, '2026-01-01T00:10:00Z');
    assert.deepEqual(
      status(bed)?.active?.map((a) => a.name),
      [first],
    );
    await finish(bed, first);
    assert.equal(status(bed)?.active, undefined);
    assert.equal(status(bed)?.lastSuccessfulTime, '2026-01-01T00:10:30Z');
    assert.deepEqual(bed.eventTexts(), [
      `SuccessfulCreate: Created job ${first}`,
      `SawCompletedJob: Saw completed job: ${first}, condition: Complete`,
    ]);
    assert.deepEqual(bed.complaints, []);
  });

  it('keeps the history short', async () => {
    await using bed = new TestBed();
    bed.client.seed(cronJobs, cronJob());
    await bed.start([cronJobController]);
    await bed.advance(10 * minutes + 500);
    await finish(bed, first);
    await bed.advance(10 * minutes);
    await finish(bed, second);
    assert.deepEqual(names(bed), [second]);
    assert.match(bed.eventTexts().join(), new RegExp(`SuccessfulDelete: Deleted job ${first}`));
  });

  for (const [policy, want, event] of [
    ['Allow', [first, second], 'SuccessfulCreate'],
    ['Forbid', [first], 'JobAlreadyActive'],
    ['Replace', [second], 'SuccessfulDelete'],
  ] as const) {
    it(`${policy}: what becomes of a job that still runs`, async () => {
      await using bed = new TestBed();
      bed.client.seed(cronJobs, cronJob({ concurrencyPolicy: policy }));
      await bed.start([cronJobController]);
      await bed.advance(20 * minutes + 500);
      assert.deepEqual(names(bed), want);
      assert.match(bed.eventTexts().join(), new RegExp(event));
    });
  }

  it('starts the latest of those it missed, unless it is too late', async () => {
    await using late = new TestBed();
    late.client.seed(cronJobs, cronJob({}, '2025-12-31T12:00:00Z'));
    await late.start([cronJobController]);
    assert.deepEqual(names(late), [`c-${Date.UTC(2026, 0, 1) / 60_000}`]);

    await using strict = new TestBed();
    await strict.clock.advance(5 * minutes);
    const [made] = strict.client.seed(cronJobs, cronJob({ startingDeadlineSeconds: 60 }));
    assert.ok(made);
    await strict.start([cronJobController]);
    assert.deepEqual(names(strict), []);
  });

  it('stands still while suspended, and says what is wrong with a schedule', async () => {
    await using bed = new TestBed();
    bed.client.seed(cronJobs, cronJob({ suspend: true }));
    await bed.start([cronJobController]);
    await bed.advance(20 * minutes);
    assert.deepEqual(names(bed), []);

    await using wrong = new TestBed();
    wrong.client.seed(cronJobs, cronJob({ schedule: '0 0 31 2 *' }));
    await wrong.start([cronJobController]);
    assert.match(
      wrong.eventTexts().join(),
      /InvalidSchedule: invalid schedule: 0 0 31 2 \* : time/,
    );
  });

  it('forgets active jobs that are gone', async () => {
    await using bed = new TestBed();
    const gone = { namespace: 'a', name: 'gone', uid: 'gone' };
    bed.client.seed(cronJobs, { ...cronJob(), status: { active: [gone] } });
    await bed.start([cronJobController]);
    assert.equal(status(bed)?.active, undefined);
    assert.match(bed.eventTexts().join(), /MissingJob: Active job went missing: gone/);
  });
});
