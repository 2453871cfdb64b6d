/** What somebody sees who starts a cluster for the first time, and what is refused. */
import assert from 'node:assert/strict';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandResult } from '../command.ts';
import type { Scene } from '../steps.ts';

export const name = 'first start';

/** One line for people on stderr, no stack. */
function refused({ code, stdout, stderr }: CommandResult, says: RegExp): void {
  assert.equal(code, 1, stdout + stderr);
  assert.match(stderr, says);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
}

export async function run({ machine, cluster, step, figure }: Scene): Promise<void> {
  const up = ['cli/k8ts', 'up', '--data-dir', cluster.dataDir];
  await step('without root: one line with the way out', async () => {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const at = join('/tmp', `k8ts-nobody-${process.pid}`);
    const argv = [...nobody, 'cli/k8ts', 'up', '--data-dir', at];
    // A checkout in a home that others cannot read: there is nothing to see.
    const readable = await machine.tryRun([...nobody, 'test', '-r', 'cli/main.ts']);
    if (readable.code === 0) refused(await machine.tryRun(argv), /needs root.*--no-node/);
    await machine.run(['rm', '-rf', at]);
  });
  await step('a port in use: one line that names it', async () => {
    await using listener = machine.background([
      process.execPath,
      '-e',
      'require("net").createServer().listen(6443, () => console.log("listening"))',
    ]);
    await listener.until(/listening/);
    refused(await machine.tryRun(up), /port 6443 .* is in use.*--secure-port/);
  });
  await step('containerd missing: one line with the command', async () => {
    const program = (await machine.run(['bash', '-c', 'command -v containerd'])).trim();
    await machine.run(['mount', '--bind', '/dev/null', program]);
    try {
      refused(await machine.tryRun(up), /missing .*containerd.*apt-get install containerd/);
    } finally {
      await machine.run(['umount', program]);
    }
  });
  await step('k8ts up: the node is Ready', async () => {
    const said = await cluster.up();
    assert.match(said, /node \S+ Ready/);
    assert.match(said, new RegExp(`kubeconfig: ${cluster.kubeconfig}`));
    await access(cluster.kubeconfig, constants.R_OK);
    figure(`first start: ${/([\d.]+ s) {2}node \S+ Ready/.exec(said)?.[1]} to node Ready`);
  });
  await step('a second cluster on the same data directory: one line', async () => {
    refused(await machine.tryRun(up), /already runs on .*k8ts down.*--data-dir/);
  });
  await step('what the cluster starts with', async () => {
    const kubectl = cluster.kubectl('default');
    const namespaces = await kubectl.field('namespaces', '{.items[*].metadata.name}');
    assert.equal(namespaces, 'default kube-node-lease kube-public kube-system');
    assert.match(await kubectl.run(['get', 'service', 'kubernetes']), /10\.96\.0\.1 .*443\/TCP/);
    assert.match(await kubectl.run(['get', 'nodes', '-o', 'wide']), /Ready.*containerd:/);
    assert.match(await kubectl.run(['cluster-info']), /control plane.* is running at/);
  });
}
