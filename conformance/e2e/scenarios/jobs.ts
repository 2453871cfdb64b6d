/** Jobs and cron jobs, and waiting for them. */
import assert from 'node:assert/strict';
import { eventually } from '../command.ts';
import type { Scene } from '../steps.ts';

export const name = 'jobs';

export async function run({ cluster, step }: Scene): Promise<void> {
  const kubectl = cluster.kubectl('jobs');
  const busybox = '--image=busybox:1.36';
  await step('kubectl create job, wait for it to complete, its logs', async () => {
    await kubectl.run(['create', 'namespace', 'jobs']);
    await kubectl.run(['create', 'job', 'sum', busybox, '--', 'sh', '-c', 'echo $((6*7))']);
    await kubectl.run(['wait', '--for=condition=complete', 'job/sum', '--timeout=60s']);
    assert.equal((await kubectl.run(['logs', 'job/sum'])).trim(), '42');
    assert.match(await kubectl.run(['get', 'pods']), /sum-\S+ +0\/1 +Completed/);
  });
  await step('a job that fails says so', async () => {
    const fail = ['create', 'job', 'fail', busybox, '--dry-run=client', '-o', 'yaml'];
    const manifest = await kubectl.run([...fail, '--', 'sh', '-c', 'exit 3']);
    await kubectl.apply(manifest.replace('spec:', 'spec:\n  backoffLimit: 0'));
    await kubectl.run(['wait', '--for=condition=failed', 'job/fail', '--timeout=60s']);
    const reason = '{.status.conditions[?(@.type=="Failed")].reason}';
    assert.equal(await kubectl.field('job fail', reason), 'BackoffLimitExceeded');
    const code = '{.items[0].status.containerStatuses[0].state.terminated.exitCode}';
    assert.equal(await kubectl.field('pods -l job-name=fail', code), '3');
  });
  await step('kubectl create cronjob, a job from it', async () => {
    const schedule = '--schedule=* * * * *';
    await kubectl.run(['create', 'cronjob', 'tick', busybox, schedule, '--', 'echo', 'tock']);
    assert.match(await kubectl.run(['get', 'cronjob', 'tick']), /\* \* \* \* \* +<none> +False/);
    await kubectl.run(['create', 'job', 'now', '--from=cronjob/tick']);
    await kubectl.run(['wait', '--for=condition=complete', 'job/now', '--timeout=60s']);
    assert.equal((await kubectl.run(['logs', 'job/now'])).trim(), 'tock');
  });
  await step('deleting the owner deletes jobs and pods', async () => {
    await kubectl.run(['delete', 'cronjob/tick', 'job/sum', 'job/fail']);
    await eventually(async () => {
      assert.equal(await kubectl.field('jobs,pods', '{.items[*].metadata.name}'), '');
    });
    await kubectl.run(['delete', 'namespace', 'jobs', '--timeout=60s']);
  });
}
