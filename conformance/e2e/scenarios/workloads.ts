/** Pods that need more of the node: volumes, secrets, probes, init containers, stateful sets. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { eventually } from '../command.ts';
import type { Scene } from '../steps.ts';

export const name = 'workloads';

const manifest = await readFile(new URL('../manifests/workloads.yaml', import.meta.url), 'utf8');

export async function run({ cluster, step }: Scene): Promise<void> {
  const kubectl = cluster.kubectl('workloads');
  await step('a stateful set, a daemon set and a pod with volumes become ready', async () => {
    await kubectl.run(['create', 'namespace', 'workloads']);
    await kubectl.run(['create', 'secret', 'generic', 'password', '--from-literal=word=sesame']);
    await kubectl.apply(manifest);
    await kubectl.run(['rollout', 'status', 'statefulset/redis', '--timeout=60s']);
    await kubectl.run(['rollout', 'status', 'daemonset/agent', '--timeout=60s']);
    await kubectl.run(['wait', '--for=condition=Ready', 'pod/full', '--timeout=60s']);
  });
  await step('stable names: the replica follows the first by its name', async () => {
    const ask = (pod: string, ...command: string[]) =>
      kubectl.run(['exec', pod, '--', 'redis-cli', ...command]);
    await ask('redis-0', 'set', 'key', 'value');
    const first = 'redis-0.redis.workloads.svc.cluster.local';
    await ask('redis-1', 'replicaof', first, '6379');
    await eventually(async () =>
      assert.equal((await ask('redis-1', 'get', 'key')).trim(), 'value'),
    );
  });
  await step('init containers, secrets, the downward API, shared volumes', async () => {
    const said = await kubectl.run(['exec', 'full', '-c', 'main', '--', 'cat', '/shared/report']);
    assert.equal(said, 'init\nfull workloads sesame\n');
    const secret = await kubectl.run(['exec', 'full', '-c', 'main', '--', 'cat', '/secret/word']);
    assert.equal(secret, 'sesame');
  });
  await step('a changed secret arrives in the volume', async () => {
    const changed = Buffer.from('changed').toString('base64');
    await kubectl.run(['patch', 'secret', 'password', '-p', `{"data":{"word":"${changed}"}}`]);
    await eventually(async () => {
      const argv = ['exec', 'full', '-c', 'main', '--', 'cat', '/secret/word'];
      assert.equal(await kubectl.run(argv), 'changed');
    }, 90_000);
  });
  await step('a liveness probe that fails restarts the container', async () => {
    await kubectl.run(['exec', 'full', '-c', 'main', '--', 'rm', '/tmp/alive']);
    await eventually(async () => {
      const path = '{.status.containerStatuses[?(@.name=="main")].restartCount}';
      assert.equal(await kubectl.field('pod full', path), '1');
    });
    const kinds = await kubectl.run(['get', 'events', '--field-selector=involvedObject.name=full']);
    assert.match(kinds, /Unhealthy[\s\S]*Killing|Killing[\s\S]*Unhealthy/);
  });
  await step('a container over its memory limit is OOMKilled', async () => {
    await kubectl.run([
      'wait',
      'pod/hungry',
      '--for=jsonpath={.status.phase}=Failed',
      '--timeout=60s',
    ]);
    const path = '{.status.containerStatuses[0].state.terminated.reason}';
    assert.equal(await kubectl.field('pod hungry', path), 'OOMKilled');
  });
  await step('a deleted pod of the stateful set comes back under its name', async () => {
    const uid = await kubectl.field('pod redis-0', '{.metadata.uid}');
    await kubectl.run(['delete', 'pod', 'redis-0']);
    await eventually(async () => {
      assert.notEqual(await kubectl.field('pod redis-0', '{.metadata.uid}'), uid);
      const ready = '{.status.conditions[?(@.type=="Ready")].status}';
      assert.equal(await kubectl.field('pod redis-0', ready), 'True');
    });
  });
  await step('deleting the namespace deletes all of it', async () => {
    await kubectl.run(['delete', 'namespace', 'workloads', '--timeout=60s']);
  });
}
