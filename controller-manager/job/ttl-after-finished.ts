/** Deletes jobs a while after they have finished: `ttlSecondsAfterFinished`. */
import { jobs as jobResource } from '../../client/resources.ts';
import { keyOf, splitKey } from '../../client/store.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { parseTime } from '../../machinery/meta/times.ts';
import type { Job } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';

export const ttlAfterFinishedController = defineController({
  name: 'ttl-after-finished-controller',
  aliases: ['ttl-after-finished'],
  serviceAccount: 'ttl-after-finished-controller',
  setup,
});

/** When the job may be deleted, in ms; undefined when it may not. */
export function expiresAtMs(job: Job): number | undefined {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  if (ttl === undefined || job.metadata?.deletionTimestamp !== undefined) return undefined;
  const end = job.status?.conditions?.find(
    (c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True',
  );
  if (end?.lastTransitionTime === undefined) return undefined;
  return parseTime(end.lastTransitionTime) + ttl * 1000;
}

function setup(context: ControllerContext): void {
  const { client, clock } = context;
  const jobs = context.informer(jobResource);
  const workers = context.options.concurrentTtlAfterFinishedSyncs;
  const queue = context.queue({ workers, reconcile });
  const wake = (job: Job): void => {
    if (expiresAtMs(job) !== undefined) queue.add(keyOf(job));
  };
  jobs.addHandler({ added: wake, updated: (_, job) => wake(job) });

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const cached = jobs.store.byKey(key);
    const early = cached === undefined ? undefined : waitMs(cached);
    if (early === undefined || early > 0) return requeue(early);
    // Deleting is for good: the server's own word on it.
    const at = splitKey(key);
    try {
      const job = await client.get(jobResource, at, { signal });
      const wait = waitMs(job);
      if (wait === undefined || wait > 0) return requeue(wait);
      const { uid } = job.metadata ?? {};
      await client.delete(jobResource, at, {
        propagationPolicy: 'Foreground',
        ...(uid === undefined ? {} : { uid }),
        signal,
      });
    } catch (e) {
      if (!hasReason(e, 'NotFound')) throw e;
    }
    return undefined;
  }

  function waitMs(job: Job): number | undefined {
    const at = expiresAtMs(job);
    return at === undefined ? undefined : at - clock.now();
  }
}

function requeue(ms: number | undefined): Requeue | undefined {
  return ms === undefined ? undefined : { requeueAfterMs: ms };
}
