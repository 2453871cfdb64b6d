/** Removes every trace of pods that are gone: containers, sandboxes, logs, folders, groups. */
import { lstat, readdir, readlink, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorFields } from '../../client/log.ts';
import { isNotFound } from '../cri/cri-error.ts';
import type { NodePod } from './pod.ts';
import type { PodState } from './pod-state.ts';
import { removeContainer } from './prune.ts';
import type { RuntimePod } from './runtime-view.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** Seconds that containers of a pod nobody knows any more get to end. */
const orphanGraceSeconds = 1;

/** A stand-in for the object of a pod of which only the runtime knows. */
function standIn(uid: string, name: string, namespace: string, state: PodState): NodePod {
  const names = [...new Set(state.containers.map((c) => c.name))];
  return {
    metadata: { uid, name, namespace },
    spec: { containers: names.map((n) => ({ name: n })) },
  };
}

export class PodRemover {
  private readonly deps: WorkerDeps;

  constructor(deps: WorkerDeps) {
    this.deps = deps;
  }

  /** Removes what is left of a pod that has ended, its logs included. */
  async remove(pod: NodePod): Promise<void> {
    const { view, runtime, paths, volumes, ledger } = this.deps;
    const { uid, name, namespace } = pod.metadata;
    const state = await view.read(uid, name, namespace);
    for (const container of state.containers) await removeContainer(pod, container, this.deps);
    for (const { id } of state.sandboxes) {
      await runtime.call('RemovePodSandbox', { podSandboxId: id }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    await rm(paths.podLogs(namespace, name, uid), { recursive: true, force: true });
    await volumes.tearDown(uid);
    await volumes.removePodDir(uid);
    ledger.forget(uid);
  }

  /** Ends and removes a pod that is in the runtime and nowhere else. */
  async removeOrphan({ uid, name, namespace }: RuntimePod): Promise<void> {
    const { view, killer, cgroups, log } = this.deps;
    log.info({ uid, pod: `${namespace}/${name}` }, 'removing a pod that is not known any more');
    const state = await view.read(uid, name, namespace);
    const pod = standIn(uid, name, namespace, state);
    const never = new AbortController().signal;
    await killer.killPod(pod, state, orphanGraceSeconds, never);
    await cgroups.remove(uid);
    await this.remove(pod);
  }

  /** Folders, groups and logs of pods that neither the kubelet nor the runtime knows. */
  async sweep(known: ReadonlySet<string>): Promise<void> {
    await this.each(await this.deps.volumes.podsOnDisk(), known, async (uid) => {
      await this.deps.volumes.tearDown(uid);
      await this.deps.volumes.removePodDir(uid);
    });
    await this.each(await this.deps.cgroups.list(), known, (uid) => this.deps.cgroups.remove(uid));
    await this.sweepLogs(known);
  }

  private async each(
    uids: readonly string[],
    known: ReadonlySet<string>,
    remove: (uid: string) => Promise<void>,
  ): Promise<void> {
    for (const uid of uids) {
      if (known.has(uid)) continue;
      try {
        await remove(uid);
      } catch (error) {
        this.deps.log.warn({ ...errorFields(error), uid }, 'leftover not removed');
      }
    }
  }

  private async sweepLogs(known: ReadonlySet<string>): Promise<void> {
    const { podLogs, containerLogs } = this.deps.paths.roots;
    for (const name of await namesIn(podLogs)) {
      const uid = name.slice(name.lastIndexOf('_') + 1);
      if (name.split('_').length !== 3 || known.has(uid)) continue;
      await rm(join(podLogs, name), { recursive: true, force: true });
    }
    for (const name of await namesIn(containerLogs)) {
      const link = join(containerLogs, name);
      if (!(await lstat(link)).isSymbolicLink()) continue;
      const target = await readlink(link);
      // Links of other tools in the same folder are not ours to remove.
      if (!target.startsWith(podLogs) || (await exists(link))) continue;
      await rm(link, { force: true });
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
