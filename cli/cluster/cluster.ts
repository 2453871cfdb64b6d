/** A one-machine cluster from start to stop. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { certificatesAreGood } from './certificate-stamp.ts';
import { containerdAnswers, writeContainerdConfig } from './containerd.ts';
import { addForwarding } from './forwarding.ts';
import { imageArchives, importImages } from './images.ts';
import { writeKubeletConfig } from './kubelet-config.ts';
import type { ClusterSettings, Layout } from './layout.ts';
import { rememberMachine } from './machine-state.ts';
import { shareKubeletFolder } from './mounts.ts';
import { inPath, nodeProblems, portProblems } from './preflight.ts';
import {
  apiServerProcess,
  containerdProcess,
  controlProcess,
  nodeProcess,
  processNames,
} from './processes.ts';
import { writeProxyConfig } from './proxy-config.ts';
import type { Milestone } from './starter.ts';
import { Supervisor, stopLeftovers } from './supervisor.ts';

/** How long a start may take before it is called failed. */
const startLimitMs = 120_000;
/** Waiting longer than this is said. */
const patienceMs = 5000;
/** A process that ends this often while the cluster starts will not get better. */
const startAttempts = 4;

/**
 * Starts everything, tells when it is ready, and resolves when the signal has aborted and all has
 * been stopped and cleaned up. Throws an Error with one line for people.
 */
export async function runCluster(
  settings: ClusterSettings,
  layout: Layout,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<void> {
  const startedMs = performance.now();
  const since = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  const step = (text: string) => print(`${since().padStart(7)}  ${text}`);
  const archives = settings.images === undefined ? [] : imageArchives(settings.images);
  await stopLeftovers(processNames, layout);
  await checkMachine(settings);
  const supervisor = new Supervisor(layout, step);
  try {
    await start({ settings, layout, signal, supervisor, archives, step });
    print('');
    print(`The cluster runs. Its kubeconfig: ${settings.kubeconfig}`);
    print(`Try:  ${kubectl()} --kubeconfig ${settings.kubeconfig} get nodes,pods -A`);
    print("Stop it with Ctrl-C or 'k8ts down'; a later 'k8ts up' finds it as it was.");
    await aborted(signal);
  } catch (error) {
    // Somebody who stops a start is not told that it failed.
    if (!signal.aborted) throw error;
  } finally {
    step('stopping');
    await stopAll(supervisor, settings, layout, step);
  }
}

/** Where the machine has none, hack/local-up-cluster.sh unpacks one. */
function kubectl(): string {
  const unpacked = fileURLToPath(new URL('../../.cache/tools/kubectl/kubectl', import.meta.url));
  return !inPath('kubectl') && existsSync(unpacked) ? unpacked : 'kubectl';
}

async function checkMachine(settings: ClusterSettings): Promise<void> {
  const problems = settings.withoutNode ? [] : nodeProblems(settings);
  // The node's ports are of no interest on a machine that cannot be one.
  if (problems.length === 0) problems.push(...(await portProblems(settings)));
  if (problems.length > 0) throw new Error(problems.join('\n      '));
}

interface Starting {
  readonly settings: ClusterSettings;
  readonly layout: Layout;
  readonly signal: AbortSignal;
  readonly supervisor: Supervisor;
  readonly archives: readonly string[];
  readonly step: (text: string) => void;
}

/** Starts the processes in the order they need each other; as much as possible at a time. */
async function start(cluster: Starting): Promise<void> {
  const { settings, layout, supervisor, archives, step } = cluster;
  if (!settings.withoutNode) {
    writeContainerdConfig(layout);
    supervisor.start(containerdProcess(layout));
  }
  const fresh = !certificatesAreGood(settings, layout);
  const starter = runStarter(settings);
  try {
    if (fresh) {
      await within(cluster, 'the certificates', [], starter.reached('certificates'));
      step('certificates made');
    }
    supervisor.start(apiServerProcess(settings, layout));
    if (!settings.withoutNode) prepareNode(settings, layout);
    await within(cluster, 'the API server', ['apiserver'], starter.reached('apiserver'));
    step('API server ready');
    supervisor.start(controlProcess(settings, layout));
    if (settings.withoutNode) {
      step('controllers and scheduler started; no node was asked for');
      return;
    }
    await within(cluster, 'containerd', ['containerd'], untilAnswers(cluster));
    step('containerd ready');
    supervisor.start(nodeProcess(settings, layout));
    const ready = starter.reached('node');
    if (archives.length > 0) {
      const count = await importImages(layout, archives);
      step(count === 0 ? 'images are there' : `images imported from ${count} archives`);
    }
    const names = ['apiserver', 'control', 'containerd', 'node'];
    await within(cluster, `node ${settings.nodeName}`, names, ready);
    step(`node ${settings.nodeName} Ready`);
  } finally {
    starter.end();
  }
}

function prepareNode(settings: ClusterSettings, layout: Layout): void {
  rememberMachine(layout);
  writeKubeletConfig(settings, layout);
  writeProxyConfig(settings, layout);
  shareKubeletFolder(layout);
  addForwarding(settings);
}

/** Nodes first, so that pods end while there is still an API server and a runtime. */
async function stopAll(
  supervisor: Supervisor,
  settings: ClusterSettings,
  layout: Layout,
  step: (text: string) => void,
): Promise<void> {
  await supervisor.stop('node');
  if (!settings.withoutNode) {
    // Loaded only here: the supervisor stays small while the cluster runs.
    const { cleanNode } = await import('./clean-node.ts');
    await cleanNode(layout, step);
  }
  await Promise.all([supervisor.stop('control'), supervisor.stop('containerd')]);
  await supervisor.stop('apiserver');
  step('stopped');
}

interface Starter {
  /** Resolves when it has said so; rejects when it ended without. */
  reached(milestone: Milestone): Promise<void>;
  end(): void;
}

function runStarter(settings: ClusterSettings): Starter {
  const script = fileURLToPath(new URL('./starter.ts', import.meta.url));
  const args = ['--disable-warning=ExperimentalWarning', script, JSON.stringify(settings)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = new Map<string, PromiseWithResolvers<void>>();
  const milestone = (name: string) => {
    let at = seen.get(name);
    if (at === undefined) {
      at = Promise.withResolvers<void>();
      // Nobody may be waiting for it when the process fails.
      at.promise.catch(() => undefined);
      seen.set(name, at);
    }
    return at;
  };
  createInterface({ input: child.stdout }).on('line', (line) => milestone(line).resolve());
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaints = (complaints + chunk).slice(-4000);
  });
  child.once('close', () => {
    const why = /^\w*Error: (.*)$/m.exec(complaints)?.[1] ?? complaints.trim().split('\n').at(-1);
    for (const name of ['certificates', 'apiserver', 'node'] satisfies Milestone[]) {
      milestone(name).reject(new Error(`the start failed: ${why || 'the starter was killed'}`));
    }
  });
  return {
    reached: (name) => milestone(name).promise,
    end: () => void child.kill(),
  };
}

async function untilAnswers({ layout, signal }: Starting): Promise<void> {
  while (!(await containerdAnswers(layout))) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Waits, says so when it takes long, and gives up when the processes behind it keep ending. */
async function within(
  { layout, signal, supervisor, step }: Starting,
  what: string,
  processes: readonly string[],
  done: Promise<void>,
): Promise<void> {
  const logs = processes.map((name) => layout.log(name)).join(', ');
  const startedMs = performance.now();
  let watch: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const failed = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    let saidMs = startedMs;
    watch = setInterval(() => {
      const now = performance.now();
      const bad = processes.find((name) => supervisor.restarts(name) >= startAttempts);
      if (bad !== undefined) {
        reject(new Error(`${bad} does not start: ${supervisor.lastWords(bad)}`));
      } else if (now - startedMs > startLimitMs) {
        reject(new Error(`${what} was not ready after ${startLimitMs / 1000} s; see ${logs}`));
      } else if (now - saidMs > patienceMs) {
        saidMs = now;
        step(`waiting for ${what}${logs === '' ? '' : ` (${logs})`}`);
      }
    }, 200);
  });
  signal.throwIfAborted();
  try {
    await Promise.race([done, failed]);
  } finally {
    clearInterval(watch);
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
