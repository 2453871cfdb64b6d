/**
 * Many watches against the store's own history, while clients write and connections break:
 *
 *   node conformance/api/watch-history.ts [--seed N] [--filter embedded|etcd]
 *
 * No watch may skip, repeat or reorder an event, whatever it selects, however it started, and also
 * when etcd is killed or has forgotten what the API server had yet to read.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedStorage } from '../../apiserver/storage/embedded/embedded.ts';
import { EtcdStorage } from '../../apiserver/storage/etcd/etcd.ts';
import { EtcdProcess } from '../../apiserver/storage/etcd/etcd-process.ts';
import { ApiProcess } from './api-process.ts';
import { sessionProblem } from './history-check.ts';
import { HistoryWatcher, type Session } from './history-watcher.ts';
import { Writers } from './history-writers.ts';
import { type Random, randomOf } from './random.ts';
import { check, finish, seed } from './report.ts';
import { selectionsOf } from './selection.ts';
import { StoreHistory } from './store-history.ts';
import { forms } from './watch-stream.ts';

const writerCount = 6;
const watcherCount = 28;
/** How long writers write. */
const runMs = Number(process.env['K8TS_WATCH_HISTORY_MS'] ?? 6000);

interface Run {
  readonly writers: Writers;
  readonly watchers: readonly HistoryWatcher[];
}

/** Writes and watches for a while; `disturb` runs beside it. */
async function exercise(
  server: ApiProcess,
  random: Random,
  disturb: () => Promise<void>,
): Promise<Run> {
  const writers = new Writers(server.api);
  await writers.prepare();
  await writers.mark();
  const stop = new AbortController();
  const quiet = Promise.withResolvers<void>();
  const selections = [...selectionsOf('configmaps'), ...selectionsOf('pods')];
  const watchers = Array.from({ length: watcherCount }, (_, i) => {
    const own = random.fork();
    return new HistoryWatcher({
      api: server.api,
      // Some see everything, the others any combination.
      selection: i < 4 ? selections[0]! : own.pick(selections),
      form: forms[i % forms.length]!,
      random: own,
      recent: () => writers.recent(own),
      quiet: quiet.promise,
    });
  });
  const watching = watchers.map((w) => w.run());
  const writing = Array.from({ length: writerCount }, () =>
    writers.run(random.fork(), stop.signal),
  );
  const disturbed = disturb();
  await sleep(runMs);
  await disturbed;
  stop.abort();
  await Promise.all(writing);
  await writers.mark();
  quiet.resolve();
  await Promise.all(watching);
  return { writers, watchers };
}

/** Throws with what is wrong, shows what was covered. */
function judge({ writers, watchers }: Run, history: StoreHistory, server: ApiProcess): void {
  const sessions = watchers.flatMap((w) => w.sessions);
  const events = sessions.reduce((sum, s) => sum + s.events.length, 0);
  const known = history.revisionsOf('configmaps').length + history.revisionsOf('pods').length;
  const gone = watchers.reduce((sum, w) => sum + w.gone, 0);
  console.log(
    `  ${known} changes; ${sessions.length} watches (${starts(sessions)}) saw ${events} events; ` +
      `${gone} answers 410, ${writers.unavailable} of 503 and 504`,
  );
  const problems = [...writers.problems, ...watchers.flatMap((w) => w.problems)];
  for (const resource of ['configmaps', 'pods'] as const) {
    const stored = new Set(history.revisionsOf(resource));
    for (const revision of writers.acknowledged[resource]) {
      if (!stored.has(revision)) problems.push(`${resource}@${revision} is not in the store`);
    }
  }
  // Warnings of Node, such as of listeners that pile up.
  problems.push(...server.log.split('\n').filter((line) => line.startsWith('(node:')));
  for (const session of sessions) {
    const problem = sessionProblem(session, history);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length === 0) return;
  if (server.log !== '') console.log(server.log.slice(-3000));
  throw new Error(`${problems.length} problems:\n${problems.slice(0, 10).join('\n')}`);
}

function starts(sessions: readonly Session[]): string {
  const counts = new Map<string, number>();
  for (const { start } of sessions) counts.set(start.kind, (counts.get(start.kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}

await check('watches on the embedded store', async () => {
  await using server = await ApiProcess.start();
  const run = await exercise(server, randomOf(seed), () => Promise.resolve());
  await server.signal('SIGTERM');
  const history = new StoreHistory();
  await using storage = await EmbeddedStorage.open({ dataDir: server.dataDir });
  const stop = new AbortController();
  const following = history.follow(storage, stop.signal);
  await history.reached(await storage.currentRevision());
  stop.abort();
  await following;
  judge(run, history, server);
});

await check('watches on etcd, which is killed, and compacted behind the server', async () => {
  await using etcd = await EtcdProcess.start();
  await using storage = new EtcdStorage({ servers: [etcd.server] });
  const history = new StoreHistory();
  const stop = new AbortController();
  const following = history.follow(storage, stop.signal);
  await using server = await ApiProcess.start({ etcd: etcd.server });
  const run = await exercise(server, randomOf(seed), async () => {
    await sleep(runMs / 4);
    await etcd.kill();
    await etcd.restart();
    await sleep(runMs / 4);
    // The server hears nothing while others write, and then finds its place forgotten.
    server.pause(true);
    await writeBehind(storage);
    const revision = await storage.currentRevision();
    await history.reached(revision);
    await storage.compact(revision);
    await etcd.kill();
    await etcd.restart();
    server.pause(false);
  });
  await history.reached(await storage.currentRevision());
  stop.abort();
  await following;
  judge(run, history, server);
});

/** Changes made by another API server on the same etcd. */
async function writeBehind(storage: EtcdStorage): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const key = `/registry/configmaps/alpha/n${i % 10}`;
    const { kv } = await storage.get(key);
    const object = {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {
        name: `n${i % 10}`,
        namespace: 'alpha',
        uid: `00000000-0000-0000-0000-${String(i).padStart(12, '0')}`,
        annotations: { serial: `behind-${i}` },
      },
    };
    const value = Buffer.from(JSON.stringify(object));
    if (kv === undefined) await storage.create(key, value);
    else if (i % 7 === 0) await storage.delete(key, kv.modRevision);
    else await storage.update(key, value, kv.modRevision);
  }
}

finish();
