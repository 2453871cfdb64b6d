/**
 * The end-to-end test of a whole cluster, called by run.sh with a work folder that it removes:
 *   main.ts WORK_FOLDER NETWORK_NAMESPACE [--only REGEX] [--stay]
 * The last line is `N passed, N failed`, one per step.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Layout } from '../../cli/cluster/layout.ts';
import { Cluster } from './cluster.ts';
import { run } from './command.ts';
import { Machine, root } from './machine.ts';
import * as deleted from './scenarios/deleted.ts';
import * as discovery from './scenarios/discovery.ts';
import * as firstStart from './scenarios/first-start.ts';
import * as helm from './scenarios/helm.ts';
import * as jobs from './scenarios/jobs.ts';
import * as killed from './scenarios/killed.ts';
import * as network from './scenarios/network.ts';
import { session } from './scenarios/session.ts';
import { stopped } from './scenarios/stopped.ts';
import * as streams from './scenarios/streams.ts';
import * as timing from './scenarios/timing.ts';
import * as webhooks from './scenarios/webhooks.ts';
import * as workloads from './scenarios/workloads.ts';
import { type Scenario, Steps } from './steps.ts';
import { prepareTools } from './tools.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, stay: { type: 'boolean', default: false } },
});
const [work = '', namespace = 'k8ts-e2e'] = positionals;
const cache = join(root, '.cache');
const images = join(cache, 'images');

console.log('-- preparing: tools, images, a machine of its own');
const tools = await prepareTools(join(cache, 'tools'));
await run(['hack/make-images.sh', images], { timeoutMs: 300_000 });
const machine = await Machine.create(join(work, 'machine'), namespace, '10.240.0.2');
const home = join(work, 'home');
await mkdir(home);
const dataDir = join(work, 'data');
const cluster = new Cluster({ machine, dataDir, images, tools, home });

// For run.sh, should the cluster not get to it.
await writeFile(join(work, 'cgroup'), basename(new Layout(dataDir).cgroup));
const before = await machine.inventory(dataDir);
const all: Scenario[] = [
  firstStart,
  session('session'),
  ...(tools.olderKubectl === undefined ? [] : [session('older', tools.olderKubectl)]),
  discovery,
  streams,
  network,
  jobs,
  workloads,
  helm,
  webhooks,
  timing,
  deleted,
  killed,
  stopped(before),
];
const only = flags.only === undefined ? undefined : new RegExp(flags.only);
const steps = new Steps();
for (const scenario of all) {
  // The first starts the cluster.
  if (scenario !== all[0] && only?.test(scenario.name) === false) continue;
  if (await steps.run(scenario, { machine, cluster })) continue;
  await tellState();
  // Nothing else can work.
  if (!cluster.said().includes('The cluster runs')) break;
}
console.log(`\n${steps.figures.join('\n')}`);
if (flags.stay) {
  console.log(`the cluster stays in ${dataDir}`);
  console.log(`  ${machine.inside(['env', `KUBECONFIG=${cluster.kubeconfig}`, 'bash']).join(' ')}`);
}
console.log(`\n${steps.passed} passed, ${steps.failed} failed`);
process.exit(steps.failed === 0 ? 0 : 1);

/** What helps to see why a step failed. */
async function tellState(): Promise<void> {
  const show = (title: string, lines: readonly string[]) =>
    console.log(`    -- ${title}\n${lines.map((l) => `    ${l.slice(0, 300)}`).join('\n')}`);
  const tail = (text: string, count: number) => text.trimEnd().split('\n').slice(-count);
  show('the supervisor', tail(cluster.said(), 6));
  const ask = async (...args: string[]) =>
    (await cluster.kubectl('default').tryRun(args, { timeoutMs: 10_000 })).stdout;
  show('pods', tail(await ask('get', 'pods', '-A', '-o', 'wide'), 20));
  show('events', tail(await ask('get', 'events', '-A', '--sort-by=.lastTimestamp'), 10));
  for (const name of ['apiserver', 'control', 'node', 'containerd']) {
    const log = await readFile(join(dataDir, 'logs', `${name}.log`), 'utf8').catch(() => '');
    const bad = log.split('\n').filter((l) => !/"level":30|level=(info|warning)/.test(l));
    show(`${name} log`, tail(bad.join('\n'), 4));
  }
}
