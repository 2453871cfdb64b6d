/** What was deleted is gone from the node: containers, mounts, groups, devices, files. */
import assert from 'node:assert/strict';
import { eventually } from '../command.ts';
import type { Scene } from '../steps.ts';

export const name = 'what was deleted is gone from the node';

export async function run({ machine, cluster, step }: Scene): Promise<void> {
  const { dataDir } = cluster;
  const kubectl = cluster.kubectl('default');
  await step('no pods, and no containers in the runtime', async () => {
    const namespaces = await kubectl.field('namespaces', '{.items[*].metadata.name}');
    const ours = namespaces.split(' ').filter((name) => !/^(default|kube-.*)$/.test(name));
    if (ours.length > 0) await kubectl.run(['delete', 'namespace', ...ours, '--timeout=90s']);
    await eventually(async () => {
      assert.equal(await kubectl.field('pods --all-namespaces', '{.items[*].metadata.name}'), '');
      assert.equal(await cluster.ctr('containers', 'ls', '-q'), '');
      assert.equal(await cluster.ctr('tasks', 'ls', '-q'), '');
    }, 60_000);
  });
  await step('no mounts of pods, no network namespaces', async () => {
    await eventually(async () => {
      const mounts = await machine.sh("awk '{print $5}' /proc/self/mountinfo");
      const left = mounts.split('\n').filter((m) => m.startsWith(`${dataDir}/kubelet/pods`));
      assert.deepEqual(left, []);
      assert.ok(!mounts.includes('/io.containerd.runtime.v2.task/k8s.io/'), mounts);
      assert.ok(!mounts.includes('/netns/cni-'), mounts);
    });
  });
  await step('no control groups of pods', async () => {
    await eventually(async () => {
      const groups = await machine.sh(
        'find /sys/fs/cgroup -path "*/k8ts*" -type d -name "pod*" 2>/dev/null || true',
      );
      assert.equal(groups, '');
    });
  });
  await step('no network devices, leased addresses or shims', async () => {
    await eventually(async () => {
      assert.equal(await machine.sh('ip -o link show type veth'), '');
      const leases = await machine.sh(
        `find ${dataDir}/kubelet/cni -name "10.244.*" 2>/dev/null || true`,
      );
      assert.equal(leases, '');
      assert.equal(await machine.sh('pgrep -f [c]ontainerd-shim || true'), '');
    });
  });
  await step('no folders and logs of pods', async () => {
    await eventually(async () => {
      const folders = ['kubelet/pods', 'pod-logs', 'containers'].map((d) => `${dataDir}/${d}`);
      assert.equal(await machine.run(['find', ...folders, '-mindepth', '1']), '');
    }, 90_000);
  });
}
