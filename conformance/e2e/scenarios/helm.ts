/** A chart through its life: create, install, upgrade, roll back, uninstall. */
import assert from 'node:assert/strict';
import { eventually } from '../command.ts';
import type { Scene } from '../steps.ts';

export const name = 'helm';

export async function run({ machine, cluster, step }: Scene): Promise<void> {
  const kubectl = cluster.kubectl('helm');
  const helm = (...args: string[]) => cluster.helm('helm', ...args);
  await step('helm create demo && helm install demo ./demo --wait', async () => {
    await helm('create', 'demo');
    const said = await helm('install', 'demo', './demo', '--create-namespace', '--wait');
    assert.match(said, /STATUS: deployed/);
    const ip = await kubectl.field('service demo', '{.spec.clusterIP}');
    await eventually(async () => assert.match(await machine.fetch(`http://${ip}/`), /nginx/));
  });
  await step('helm upgrade', async () => {
    await helm('upgrade', 'demo', './demo', '--set', 'replicaCount=2', '--wait');
    assert.equal(await kubectl.field('deployment demo', '{.status.readyReplicas}'), '2');
    assert.match(await helm('history', 'demo'), /superseded[\s\S]*deployed/);
  });
  await step('helm rollback', async () => {
    await helm('rollback', 'demo', '1', '--wait');
    assert.equal(await kubectl.field('deployment demo', '{.spec.replicas}'), '1');
    assert.match(await helm('list'), /demo\s+helm\s+3\s/);
  });
  await step('helm uninstall: nothing of it is left', async () => {
    await helm('uninstall', 'demo', '--wait');
    await eventually(async () => {
      const what = 'deployments,services,pods,serviceaccounts,secrets';
      const left = await kubectl.field(what, '{.items[*].metadata.name}');
      assert.equal(left, 'default');
    });
    await kubectl.run(['delete', 'namespace', 'helm', '--timeout=60s']);
  });
}
