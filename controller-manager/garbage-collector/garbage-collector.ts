/**
 * The garbage collector: deletes what lost all its owners, and finishes deletions in the
 * foreground and those that orphan. Watches the metadata of every kind that can be deleted; uses
 * the shared informers of kinds that other controllers read anyway.
 */
import { sleep } from '../../client/abort.ts';
import type { Resource } from '../../client/client.ts';
import { discover } from '../../client/discovery.ts';
import { errorFields } from '../../client/log.ts';
import { Reflector } from '../../client/reflector.ts';
import { TaskGroup } from '../../client/task-group.ts';
import { runWorkers, WorkQueue } from '../../client/work-queue.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { type ControllerContext, defineController } from '../controller.ts';
import { AbsentOwners, Collector } from './collector.ts';
import { GraphSink, informerFeed } from './feed.ts';
import { type GraphNode, OwnerGraph } from './graph.ts';
import { Kinds } from './kinds.ts';
import { ObjectAccess, UnknownKindError } from './object-access.ts';

const initialSyncMs = 30_000;
const discoveryMs = 30_000;
/** After a change of what is served: definitions are established step by step. */
const rediscoveryMs = 1_000;
const component = 'garbage-collector-controller';

export const garbageCollector = defineController({
  name: component,
  aliases: ['garbagecollector'],
  serviceAccount: 'generic-garbage-collector',
  missing: (o) => (o.enableGarbageCollector ? undefined : '--enable-garbage-collector=false'),
  setup: (context) => context.background(component, (signal) => new Garbage(context).run(signal)),
});

class Garbage {
  private readonly context: ControllerContext;
  private readonly kinds = new Kinds();
  private readonly absent = new AbsentOwners();
  private readonly deletions: WorkQueue;
  private readonly orphanings: WorkQueue;
  private readonly graph: OwnerGraph;
  private readonly collector: Collector;
  /** Kinds that are watched, and whether their first state is in. */
  private readonly feeds = new Map<string, { isSynced(): boolean; stop: () => void }>();
  private wakeDiscovery: () => void = () => {};

  constructor(context: ControllerContext) {
    this.context = context;
    const { client, clock } = context;
    const recorder = context.recorder(component);
    this.deletions = new WorkQueue({ clock });
    this.orphanings = new WorkQueue({ clock });
    this.graph = new OwnerGraph({
      attemptToDelete: (uid) => this.deletions.add(uid),
      attemptToDeleteLater: (uid) => this.deletions.addRateLimited(uid),
      attemptToOrphan: (uid) => this.orphanings.add(uid),
      absent: (identity) => this.absent.add(identity),
      invalidNamespace: (node, uid) => {
        const text = invalidNamespaceText(node, uid);
        if (text === undefined) return;
        recorder.event(node.identity, 'Warning', 'OwnerRefInvalidNamespace', text);
      },
    });
    const access = new ObjectAccess(client, this.kinds);
    const wake = (uid: string): void => this.deletions.add(uid);
    this.collector = new Collector(this.graph, this.absent, access, wake);
  }

  async run(signal: AbortSignal): Promise<void> {
    await using group = new TaskGroup(signal);
    await this.refresh(group);
    group.start('discovery', (s) => this.followDiscovery(group, s));
    await this.waitForFeeds(group.signal);
    const workers = this.context.options.concurrentGcSyncs;
    group.start('deletions', (s) =>
      runWorkers(
        this.deletions,
        workers,
        (uid) => this.attempt(this.deletions, uid, () => this.collector.attemptToDelete(uid, s), s),
        s,
      ),
    );
    group.start('orphanings', (s) =>
      runWorkers(
        this.orphanings,
        workers,
        (uid) =>
          this.attempt(this.orphanings, uid, () => this.collector.attemptToOrphan(uid, s), s),
        s,
      ),
    );
    await group.wait();
  }

  private async attempt(
    queue: WorkQueue,
    uid: string,
    work: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await work();
      queue.forget(uid);
    } catch (e) {
      if (signal.aborted) return;
      const expected = e instanceof UnknownKindError || hasReason(e, 'Conflict');
      const level = expected || this.graph.node(uid)?.virtual === true ? 'debug' : 'warn';
      this.context.log[level]({ uid, ...errorFields(e) }, 'garbage collection failed');
      queue.addRateLimited(uid);
    }
  }

  /** Asks what is served and watches what is new; stops watching what is not served any more. */
  private async refresh(group: TaskGroup): Promise<void> {
    const { client, log } = this.context;
    try {
      this.kinds.update(await discover(client, group.signal));
    } catch (e) {
      if (!group.signal.aborted) log.warn(errorFields(e), 'discovery failed');
      return;
    }
    for (const [id, feed] of this.feeds) {
      if (this.kinds.collectable.has(id)) continue;
      feed.stop();
      this.feeds.delete(id);
    }
    for (const [id, resource] of this.kinds.collectable) {
      if (!this.feeds.has(id)) this.feeds.set(id, this.watch(id, resource, group));
    }
  }

  private watch(
    id: string,
    resource: Resource,
    group: TaskGroup,
  ): { isSynced(): boolean; stop: () => void } {
    const { client, clock, random, log } = this.context;
    const shared = this.context.existingInformer(resource);
    if (shared !== undefined) {
      const stop = shared.addHandler(informerFeed(resource, this.graph));
      return { isSynced: () => shared.hasSynced, stop };
    }
    const definesKinds =
      id === 'customresourcedefinitions.apiextensions.k8s.io' ||
      id === 'apiservices.apiregistration.k8s.io';
    const sink = new GraphSink(resource, this.graph, () => {
      if (definesKinds) this.wakeDiscovery();
    });
    const deps = { clock, random, log };
    const reflector = new Reflector(client, resource, { metadataOnly: true }, sink, deps);
    const own = new TaskGroup(group.signal);
    own.start(`metadata of ${id}`, (s) => reflector.run(s));
    group.start(`metadata of ${id}`, () => own.wait());
    return { isSynced: () => sink.synced, stop: () => void own.close() };
  }

  private async followDiscovery(group: TaskGroup, signal: AbortSignal): Promise<void> {
    const { clock } = this.context;
    while (!signal.aborted) {
      const asked = Promise.withResolvers<void>();
      this.wakeDiscovery = asked.resolve;
      const wait = new TaskGroup(signal);
      wait.start('pause', (s) => sleep(clock, discoveryMs, s));
      await Promise.race([wait.wait(), asked.promise]);
      await wait.close();
      // Changes come in bursts.
      await sleep(clock, rediscoveryMs, signal);
      if (!signal.aborted) await this.refresh(group);
    }
  }

  private async waitForFeeds(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.context;
    const until = clock.now() + initialSyncMs;
    const synced = (): boolean =>
      this.feeds.size > 0 && [...this.feeds.values()].every((f) => f.isSynced());
    while (!signal.aborted && !synced()) {
      if (clock.now() >= until) {
        log.info({}, 'not all resource monitors could be synced, proceeding anyways');
        return;
      }
      await sleep(clock, 100, signal);
    }
  }
}

function invalidNamespaceText(node: GraphNode, ownerUid: string): string | undefined {
  const owner = node.owners.find((o) => o.uid === ownerUid);
  if (owner === undefined) return undefined;
  const { namespace } = node.identity;
  const where = `namespace: ${namespace}, name: ${owner.name}, uid: ${owner.uid}`;
  const what = `[${owner.apiVersion}/${owner.kind}, ${where}]`;
  return `ownerRef ${what} does not exist in namespace "${namespace}"`;
}
