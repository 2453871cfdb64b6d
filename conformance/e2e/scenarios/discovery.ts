/** What kubectl asks the API about itself. */
import assert from 'node:assert/strict';
import type { Scene } from '../steps.ts';

export const name = 'the API tells about itself';

export async function run({ cluster, step }: Scene): Promise<void> {
  const kubectl = cluster.kubectl('default');
  await step('kubectl explain deployment.spec.strategy --recursive', async () => {
    const said = await kubectl.run(['explain', 'deployment.spec.strategy', '--recursive']);
    assert.match(said, /GROUP:\s+apps[\s\S]*rollingUpdate\s+<[\s\S]*maxSurge/);
  });
  await step('kubectl explain pods.spec.containers', async () => {
    const said = await kubectl.run(['explain', 'pods.spec.containers']);
    assert.match(said, /FIELD: containers[\s\S]*imagePullPolicy\s+<string>/);
  });
  await step('kubectl api-resources', async () => {
    const said = await kubectl.run(['api-resources']);
    assert.match(said, /deployments +deploy +apps\/v1 +true +Deployment/);
    assert.match(said, /pods +po +v1 +true +Pod/);
  });
  await step('kubectl api-versions, version', async () => {
    assert.match(await kubectl.run(['api-versions']), /^apps\/v1$[\s\S]*^batch\/v1$/m);
    assert.match(await kubectl.run(['version']), /Server Version: v1\.36/);
  });
  await step('kubectl auth can-i, whoami', async () => {
    assert.equal((await kubectl.run(['auth', 'can-i', 'create', 'pods'])).trim(), 'yes');
    const as = '--as=system:serviceaccount:default:default';
    const no = await kubectl.tryRun(['auth', 'can-i', 'delete', 'nodes', as]);
    assert.equal(no.stdout.trim(), 'no');
    assert.match(await kubectl.run(['auth', 'whoami']), /kubernetes-admin/);
  });
  await step('rights by role and binding', async () => {
    const as = '--as=jane';
    const list = ['get', 'configmaps', '-n', 'default', as];
    assert.match(
      (await kubectl.tryRun(list)).stderr,
      /User "jane" cannot list resource "configmaps"/,
    );
    await kubectl.run(['create', 'role', 'reader', '--verb=get,list', '--resource=configmaps']);
    await kubectl.run(['create', 'rolebinding', 'jane', '--role=reader', '--user=jane']);
    assert.match(await kubectl.run(list), /kube-root-ca.crt/);
    await kubectl.run(['delete', 'role/reader', 'rolebinding/jane']);
  });
}
