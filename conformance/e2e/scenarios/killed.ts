/** kill -9 of each process while pods serve: it comes back, nothing is lost, nobody notices. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '../command.ts';
import type { Scene } from '../steps.ts';

export const name = 'kill -9 of every process';

const web = await readFile(new URL('../manifests/web.yaml', import.meta.url), 'utf8');
const poll = fileURLToPath(new URL('../poll.ts', import.meta.url));

export async function run({ machine, cluster, step }: Scene): Promise<void> {
  const kubectl = cluster.kubectl('killed');
  /** Names of all pods' containers: others would mean a restart. */
  const containers = async () => {
    const path = '{.items[*].status.containerStatuses[*].containerID}';
    return (await kubectl.field('pods -l app=web', path)).split(' ').sort().join(' ');
  };
  const ip = () => kubectl.field('service web', '{.spec.clusterIP}');
  let before = '';
  await step('pods that serve', async () => {
    await kubectl.run(['create', 'namespace', 'killed']);
    await kubectl.apply(web);
    await kubectl.run(['rollout', 'status', 'deployment/web', '--timeout=60s']);
    await eventually(async () => machine.fetch(`http://${await ip()}/`));
    before = await containers();
  });
  for (const process of ['apiserver', 'control', 'node', 'containerd']) {
    await step(`${process}: serving goes on, new work is done when it is back`, async () => {
      await using requests = machine.background([
        'node_modules/.bin/node',
        poll,
        `http://${await ip()}/`,
      ]);
      await requests.until(/ok\n/);
      await cluster.kill(process);
      await cluster.says(new RegExp(`${process} ended \\(SIGKILL\\); starting it again`));
      await eventually(async () => kubectl.run(['create', 'configmap', `after-${process}`]));
      const pod = ['run', `after-${process}`, '--image=busybox:1.36', '--restart=Never'];
      await eventually(async () => kubectl.run([...pod, '--', 'echo', 'done']));
      const done = ['wait', `pod/after-${process}`, '--for=jsonpath={.status.phase}=Succeeded'];
      await eventually(async () => kubectl.run([...done, '--timeout=30s']), 60_000);
      await requests.stop();
      assert.doesNotMatch(requests.output(), /failed/);
      assert.equal(await containers(), before);
    });
  }
  await step('everything is still there, the node is Ready', async () => {
    const maps = await kubectl.field('configmaps', '{.items[*].metadata.name}');
    for (const process of ['apiserver', 'control', 'node', 'containerd']) {
      assert.ok(maps.includes(`after-${process}`), maps);
    }
    const restarts = '{.items[*].status.containerStatuses[*].restartCount}';
    assert.match(await kubectl.field('pods -l app=web', restarts), /^0( 0)*$/);
    assert.match(await kubectl.run(['get', 'nodes']), / Ready /);
  });
  await step('a change during an outage is carried out after it', async () => {
    await cluster.kill('control');
    await kubectl.run(['scale', 'deployment/web', '--replicas=3']);
    await kubectl.run(['rollout', 'status', 'deployment/web', '--timeout=60s']);
    await kubectl.run(['scale', 'deployment/web', '--replicas=2']);
  });
  await step('exec and logs work again', async () => {
    assert.equal(await kubectl.run(['exec', 'deploy/web', '--', 'echo', 'there']), 'there\n');
    assert.match(await kubectl.run(['logs', 'deploy/web']), /GET \//);
  });
}
