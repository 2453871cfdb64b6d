/** Sidecars end after the main containers, the last one first (KEP-753). */
import { initContainers, isSidecar, type NodePod } from './pod.ts';

export class TerminationOrder {
  private readonly ended = new Map<string, PromiseWithResolvers<void>>();
  private readonly after = new Map<string, Promise<void>[]>();

  /** `running`: names of the containers that are being killed; others count as ended. */
  constructor(pod: NodePod, running: ReadonlySet<string>) {
    const endOf = (name: string): Promise<void> => {
      const end = Promise.withResolvers<void>();
      if (!running.has(name)) end.resolve();
      this.ended.set(name, end);
      return end.promise;
    };
    const main = pod.spec.containers.map((c) => endOf(c.name));
    let later: Promise<void> | undefined;
    for (const container of initContainers(pod).toReversed()) {
      const end = endOf(container.name);
      if (!isSidecar(container)) continue;
      this.after.set(container.name, later === undefined ? main : [...main, later]);
      later = end;
    }
  }

  /** Waits for those that must end before `name`, at most `limitMs`; returns the time it took. */
  async turn(name: string, limitMs: number): Promise<number> {
    const before = this.after.get(name);
    if (before === undefined || limitMs <= 0) return 0;
    const start = Date.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    await Promise.race([Promise.all(before), promise]);
    clearTimeout(timer);
    return Date.now() - start;
  }

  /** The container has ended (or could not be killed): nobody waits for it any more. */
  done(name: string): void {
    this.ended.get(name)?.resolve();
  }
}
