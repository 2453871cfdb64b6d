/**
 * Keeps the last status of each pod and brings it to the API: on change, one request per pod at a
 * time, again and again while the API is away. Pods whose end is complete are deleted here.
 */
import type { Client } from '../../client/client.ts';
import { errorFields, type Log } from '../../client/log.ts';
import { pods } from '../../client/resources.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type { Pod, PodCondition, PodStatus } from '../../machinery/schema/wire.ts';
import {
  isDeleted,
  isMirrorPod,
  isStaticPod,
  isTerminalPhase,
  type NodePod,
  nodePod,
} from '../pods/pod.ts';
import { isOwnedCondition, isSharedCondition } from './conditions.ts';
import { publishedStatus, statusPatch } from './status-patch.ts';

export interface StatusManagerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  /** The API's pod for a uid (the mirror pod for a static one), as the watch last showed it. */
  readonly apiPod: (uid: string) => NodePod | undefined;
  /** Something of the pod may still run. */
  readonly mayRun: (uid: string) => boolean;
}

interface Entry {
  status: PodStatus;
  /** Grows with every change; what the API has of it. */
  version: number;
  sentVersion: number;
  /** Nothing of the pod is left on the node: it may be deleted from the API. */
  finished: boolean;
  failures: number;
  cancelRetry: (() => void) | undefined;
  sending: boolean;
}

const maxConcurrent = 10;
const firstRetryMs = 500;
const maxRetryMs = 10_000;
/** Terminal messages share this room in the status (upstream: MaxPodTerminationMessageLogLength). */
const maxMessageBytes = 12 * 1024;

export class StatusManager {
  private readonly options: StatusManagerOptions;
  private readonly entries = new Map<string, Entry>();
  private readonly queue = new Set<string>();
  /** The freshest copy of a pod's object: the answer to the last request. */
  private readonly answers = new Map<string, NodePod>();
  private active = 0;
  private stopped = false;

  constructor(options: StatusManagerOptions) {
    this.options = options;
  }

  get(uid: string): PodStatus | undefined {
    return this.entries.get(uid)?.status;
  }

  /** Takes over a new status, fills in times, and sends it if it differs. Returns it complete. */
  set(pod: NodePod, next: PodStatus): PodStatus {
    const { uid } = pod.metadata;
    const entry = this.entries.get(uid);
    const old = entry?.status ?? pod.status ?? {};
    const status = this.complete(pod, next, old);
    if (entry !== undefined && sameStatus(entry.status, status) && !isDeleted(pod)) {
      return entry.status;
    }
    this.store(uid, entry, status);
    return status;
  }

  /** The pod's end is complete: the last status goes out, then the pod may be deleted. */
  finish(pod: NodePod): void {
    const { uid } = pod.metadata;
    const entry = this.entries.get(uid);
    const old = entry?.status ?? pod.status ?? {};
    const status = this.complete(pod, terminalStatus(pod, old), old);
    this.store(uid, entry, status).finished = true;
    this.enqueue(uid);
  }

  /** Forgets a pod that is neither in the API nor on the node. */
  remove(uid: string): void {
    this.entries.get(uid)?.cancelRetry?.();
    this.entries.delete(uid);
    this.answers.delete(uid);
    this.queue.delete(uid);
  }

  /** The API's copy (a mirror pod for `uid`) changed: what differs is said again. */
  reconcile(pod: NodePod, uid: string = pod.metadata.uid): void {
    const entry = this.entries.get(uid);
    if (entry === undefined) return;
    const answered = Number(this.answers.get(uid)?.metadata.resourceVersion ?? 0);
    if (Number(pod.metadata.resourceVersion ?? 0) >= answered) this.answers.delete(uid);
    const deletable = entry.finished && isDeleted(pod);
    if (entry.version > entry.sentVersion || deletable || this.differs(pod, uid, entry)) {
      this.enqueue(uid);
    }
  }

  /** Ends sending; what is under way is not awaited. */
  close(): void {
    this.stopped = true;
    for (const entry of this.entries.values()) entry.cancelRetry?.();
  }

  private differs(pod: NodePod, uid: string, entry: Entry): boolean {
    const known = this.answers.get(uid) ?? pod;
    const wanted = publishedStatus(known, entry.status, this.options.mayRun(uid));
    return statusPatch(known.status ?? {}, wanted) !== undefined;
  }

  private store(uid: string, entry: Entry | undefined, status: PodStatus): Entry {
    const stored = entry ?? {
      status,
      version: 0,
      sentVersion: 0,
      finished: false,
      failures: 0,
      cancelRetry: undefined,
      sending: false,
    };
    stored.status = status;
    stored.version++;
    this.entries.set(uid, stored);
    this.enqueue(uid);
    return stored;
  }

  private complete(pod: NodePod, next: PodStatus, old: PodStatus): PodStatus {
    const now = formatTime(this.options.clock.now());
    const conditions = (next.conditions ?? []).map((c): PodCondition => {
      if (!isOwnedCondition(c.type) && !isSharedCondition(c.type)) return c;
      const before = old.conditions?.find((o) => o.type === c.type);
      const same = before?.status === c.status && before.lastTransitionTime;
      return { ...c, lastTransitionTime: same ? before.lastTransitionTime! : now };
    });
    const startTime = old.startTime ?? next.startTime ?? now;
    const status = { ...next, conditions, startTime };
    truncateMessages(pod, status);
    return status;
  }

  private enqueue(uid: string): void {
    const entry = this.entries.get(uid);
    if (entry === undefined || this.stopped) return;
    entry.cancelRetry?.();
    entry.cancelRetry = undefined;
    this.queue.add(uid);
    // Changes of one turn go out together.
    queueMicrotask(() => this.pump());
  }

  private pump(): void {
    for (const uid of this.queue) {
      if (this.active >= maxConcurrent || this.stopped) return;
      const entry = this.entries.get(uid);
      if (entry?.sending) continue;
      this.queue.delete(uid);
      if (entry === undefined) continue;
      entry.sending = true;
      this.active++;
      void this.send(uid, entry).finally(() => {
        entry.sending = false;
        this.active--;
        this.pump();
      });
    }
  }

  private async send(uid: string, entry: Entry): Promise<void> {
    const { log, clock } = this.options;
    const { version } = entry;
    try {
      const outcome = await this.sync(uid, entry);
      entry.failures = 0;
      if (outcome !== 'nobody') entry.sentVersion = Math.max(entry.sentVersion, version);
      if (outcome === 'gone') this.remove(uid);
    } catch (error) {
      if (this.stopped) return;
      const delay = Math.min(maxRetryMs, firstRetryMs * 2 ** entry.failures);
      entry.failures++;
      log.warn({ ...errorFields(error), uid }, 'pod status not written, trying again');
      entry.cancelRetry = clock.after(delay, () => this.enqueue(uid));
    }
  }

  /** `nobody`: the API has no such pod (yet); `gone`: nothing is left to say. */
  private async sync(uid: string, entry: Entry): Promise<'sent' | 'nobody' | 'gone'> {
    const { client, apiPod, mayRun } = this.options;
    const seen = apiPod(uid);
    let known = this.answers.get(uid) ?? seen;
    // Not in the API any more (or not yet mirrored): there is nobody to tell.
    if (known === undefined || seen === undefined) return 'nobody';
    const { name, namespace } = known.metadata;
    const key = { name, namespace };
    const wanted = publishedStatus(known, entry.status, mayRun(uid));
    const status = statusPatch(known.status ?? {}, wanted);
    try {
      if (status !== undefined) {
        const patch = { metadata: { uid: known.metadata.uid }, status };
        const options = { type: 'strategic', subresource: 'status' } as const;
        known = nodePod(await client.patch<Pod>(pods, key, patch, options));
        this.answers.set(uid, known);
      }
      const complete = entry.finished && isTerminalPhase(known.status?.phase);
      if (!complete || !isDeleted(known) || isMirrorPod(known)) return 'sent';
      await client.delete(pods, key, { gracePeriodSeconds: 0, uid: known.metadata.uid });
      return 'gone';
    } catch (error) {
      if (hasReason(error, 'NotFound')) return entry.finished ? 'gone' : 'nobody';
      // Another pod of the same name: this one is gone.
      if (hasReason(error, 'Conflict', 'Invalid') && /uid/i.test(String(error))) return 'gone';
      throw error;
    }
  }
}

/** Equal but for conditions that others own. */
function sameStatus(a: PodStatus, b: PodStatus): boolean {
  const ours = (s: PodStatus): PodStatus => ({
    ...s,
    conditions: (s.conditions ?? []).filter(
      (c) => isOwnedCondition(c.type) || isSharedCondition(c.type),
    ),
  });
  return deepEqual(ours(a), ours(b));
}

const lostEnd = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
};

/** Whether the init containers were done: main containers without a status then have run. */
function hasInitialized(pod: NodePod, status: PodStatus): boolean {
  if (!pod.spec.initContainers?.length) return true;
  const ran = status.containerStatuses?.some((s) => s.lastState?.terminated || !s.state?.waiting);
  if (ran) return true;
  const last = status.initContainerStatuses?.at(-1);
  if (last === undefined) return false;
  const spec = pod.spec.initContainers.find((c) => c.name === last.name);
  if (spec?.restartPolicy === 'Always') return Boolean(last.state?.running && last.started);
  return (last.state?.terminated ?? last.lastState?.terminated)?.exitCode === 0;
}

/** The status of a pod of which nothing runs: every container has an end, the phase is final. */
function terminalStatus(pod: NodePod, old: PodStatus): PodStatus {
  const end = <T extends NonNullable<PodStatus['containerStatuses']>>(list: T | undefined): T =>
    (list ?? []).map((s) =>
      s.state?.terminated ? s : { ...s, state: { terminated: lostEnd as never } },
    ) as T;
  const inits = old.initContainerStatuses ?? [];
  const lastRun = inits.findLastIndex((s) => !s.state?.waiting || s.lastState?.terminated);
  const ranInits = inits.slice(0, Math.max(lastRun + 1, inits.length > 0 ? 1 : 0));
  const phase =
    isTerminalPhase(old.phase) || isStaticPod(pod) ? (old.phase ?? 'Pending') : 'Failed';
  return {
    ...old,
    phase,
    ...(hasInitialized(pod, old) && old.containerStatuses
      ? { containerStatuses: end(old.containerStatuses) }
      : {}),
    ...(inits.length > 0
      ? { initContainerStatuses: [...end(ranInits), ...inits.slice(ranInits.length)] }
      : {}),
  };
}

function truncateMessages(pod: NodePod, status: PodStatus): void {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const count = containers.length + initContainers.length + ephemeralContainers.length;
  const limit = Math.floor(maxMessageBytes / Math.max(1, count));
  const lists = [
    status.containerStatuses,
    status.initContainerStatuses,
    status.ephemeralContainerStatuses,
  ];
  for (const s of lists.flatMap((l) => l ?? [])) {
    for (const end of [s.state?.terminated, s.lastState?.terminated]) {
      if (end?.message && Buffer.byteLength(end.message) > limit) {
        end.message = Buffer.from(end.message).subarray(0, limit).toString();
      }
    }
  }
}
