/**
 * Takes away what a node leaves behind: sandboxes and containers, mounts, groups, the pod network,
 * the proxy's rules. Data of the cluster (objects, images, volumes on disk) stays.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { GrpcRuntime } from '../../kubelet/cri/grpc-runtime.ts';
import { cleanUp as cleanProxy } from '../../proxy/main.ts';
import { containerdAnswers } from './containerd.ts';
import type { Layout } from './layout.ts';

/** The bridge that pods hang on; see kubelet-config.ts. */
export const bridgeName = 'k8ts0';

/** Cleans what is there; each part goes on when another failed. */
export async function cleanNode(layout: Layout, report: (line: string) => void): Promise<void> {
  const part = async (what: string, work: () => void | Promise<void>) => {
    try {
      await work();
    } catch (e) {
      report(`${what}: ${e instanceof Error ? e.message : String(e)}`);
    }
  };
  await part('removing pods', () => removePods(layout));
  await part('unmounting volumes', () => unmountBelow(layout.kubelet));
  await part('removing cgroups', () => removeCgroups());
  await part('removing the proxy rules', () => cleanProxy());
  await part('removing the pod network', () => removeNetwork(layout));
}

async function removePods(layout: Layout): Promise<void> {
  if (!(await containerdAnswers(layout))) return;
  const runtime = new GrpcRuntime({ endpoint: layout.containerdSocket, requestTimeoutMs: 30_000 });
  try {
    const { containers } = await runtime.call('ListContainers', {});
    await Promise.all(
      containers.map((c) =>
        runtime.call('StopContainer', { containerId: c.id, timeout: 2 }).catch(() => undefined),
      ),
    );
    const { items } = await runtime.call('ListPodSandbox', {});
    await Promise.all(
      items.map(async ({ id }) => {
        await runtime.call('StopPodSandbox', { podSandboxId: id });
        await runtime.call('RemovePodSandbox', { podSandboxId: id });
      }),
    );
  } finally {
    runtime.close();
  }
}

/** Unmounts everything below a folder, the deepest first. */
export function unmountBelow(folder: string): void {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[4] ?? '').replace(/\\040/g, ' '))
    .filter((p) => p.startsWith(`${folder}/`))
    .reverse();
  for (const p of points) execFileSync('umount', ['-l', p], { stdio: 'ignore' });
}

/** The groups of pods, in every hierarchy (cgroup v1 has several). */
function removeCgroups(): void {
  const top = '/sys/fs/cgroup';
  const roots = [top, ...readdirSync(top).map((d) => join(top, d))];
  for (const root of roots) removeTree(join(root, 'kubepods'));
}

function removeTree(dir: string): void {
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(dir, entry.name));
  }
  rmdirSync(dir);
}

function removeNetwork(layout: Layout): void {
  if (existsSync(`/sys/class/net/${bridgeName}`)) {
    execFileSync('ip', ['link', 'delete', bridgeName], { stdio: 'ignore' });
  }
  // The configuration is written again at the next start; leased addresses went with the pods.
  rmSync(layout.netConf, { recursive: true, force: true });
}
