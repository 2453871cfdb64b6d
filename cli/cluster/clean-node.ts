/**
 * Takes away what a node leaves behind: sandboxes and containers, processes, mounts, control
 * groups, the pod network, rules, kernel settings. Data of the cluster (objects, images, volumes
 * on disk) stays.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrpcRuntime } from '../../kubelet/cri/grpc-runtime.ts';
import { cleanUp as cleanProxy } from '../../proxy/main.ts';
import { killGroup, removeGroup } from './cgroups.ts';
import { containerdAnswers } from './containerd.ts';
import { removeForwarding } from './forwarding.ts';
import type { Layout } from './layout.ts';
import { restoreMachine } from './machine-state.ts';
import { unmountNode } from './mounts.ts';
import { removePodNetworkOf } from './pod-network.ts';
import { containerdProcess } from './processes.ts';

const containerdStartMs = 15_000;
const requestTimeoutMs = 30_000;
/** For containers to end by themselves. */
const graceSeconds = 2;

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
  await part('ending processes of pods', () => killLeftovers(layout));
  await part('unmounting', () => unmountNode(layout));
  await part('removing control groups', () => removeGroup(layout.cgroup));
  await part('removing the proxy rules', () => cleanProxy());
  await part('removing the way out of pods', () => removeForwarding());
  await part('removing the pod network', () => removePodNetworkOf(layout));
  await part('putting the machine back', () => restoreMachine(layout));
}

/** Through the runtime; one that was killed is started for as long as it takes. */
async function removePods(layout: Layout): Promise<void> {
  await using stack = new AsyncDisposableStack();
  if (!(await containerdAnswers(layout))) {
    if (!hasTasks(layout)) return;
    stack.use(await startContainerd(layout));
  }
  const runtime = new GrpcRuntime({ endpoint: layout.containerdSocket, requestTimeoutMs });
  stack.defer(() => runtime.close());
  const { containers } = await listContainers(runtime);
  await Promise.all(
    containers.map((c) =>
      // One that cannot be stopped goes with its sandbox.
      runtime
        .call('StopContainer', { containerId: c.id, timeout: graceSeconds })
        .catch(() => undefined),
    ),
  );
  const { items } = await runtime.call('ListPodSandbox', {});
  await Promise.all(
    items.map(async ({ id }) => {
      await runtime.call('StopPodSandbox', { podSandboxId: id });
      await runtime.call('RemovePodSandbox', { podSandboxId: id });
    }),
  );
}

/** A runtime that has just started refuses until it has found its containers again. */
async function listContainers(runtime: GrpcRuntime) {
  const deadline = Date.now() + containerdStartMs;
  for (;;) {
    try {
      return await runtime.call('ListContainers', {});
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

/** True when containerd left containers behind. */
function hasTasks(layout: Layout): boolean {
  const dir = `${layout.containerd}/state/io.containerd.runtime.v2.task/k8s.io`;
  return existsSync(dir) && readdirSync(dir).length > 0;
}

async function startContainerd(layout: Layout): Promise<AsyncDisposable> {
  const { command, args } = containerdProcess(layout);
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const deadline = Date.now() + containerdStartMs;
  while (!(await containerdAnswers(layout))) {
    if (Date.now() > deadline || child.exitCode !== null) {
      child.kill('SIGKILL');
      throw new Error('containerd does not start: its containers are ended without it');
    }
    await sleep(50);
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** What the runtime did not end: processes of pods, and the shims of this containerd. */
async function killLeftovers(layout: Layout): Promise<void> {
  for (const pid of shims(layout)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended meanwhile.
    }
  }
  await killGroup(layout.cgroup);
}

function shims(layout: Layout): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words[0]?.includes('containerd-shim') && words.includes(layout.containerdSocket);
      } catch {
        return false;
      }
    })
    .map(Number);
}
