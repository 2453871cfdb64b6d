/** A one-machine cluster from start to stop. */

import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { nodes } from '../../client/resources.ts';
import { createClient } from '../../client/rest-client.ts';
import { ensureCertificates } from './certificates.ts';
import { containerdAnswers, writeContainerdConfig } from './containerd.ts';
import { writeKubeletConfig } from './kubelet-config.ts';
import type { ClusterSettings, Layout } from './layout.ts';
import { nodeProblems, portProblem } from './preflight.ts';
import {
  apiServerProcess,
  containerdProcess,
  controlProcess,
  nodeProcess,
  processNames,
} from './processes.ts';
import { type Supervised, stopLeftovers, supervise } from './supervisor.ts';

/** How long a start may take before it is called failed. */
const startLimitMs = 120_000;

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
  await stopLeftovers(processNames, layout);
  const problem = await portProblem(settings.securePort);
  if (problem !== undefined) throw new Error(problem);
  const problems = settings.withoutNode ? [] : nodeProblems();
  if (problems.length > 0) throw new Error(problems.join('\n      '));

  const running: Supervised[] = [];
  const start = (spec: Parameters<typeof supervise>[0]) => {
    running.push(supervise(spec, layout, (line) => step(line)));
  };
  try {
    if (!settings.withoutNode) {
      writeContainerdConfig(layout);
      writeKubeletConfig(settings, layout);
      // It takes a while to come up: the control plane starts meanwhile.
      start(containerdProcess(layout));
    }
    await ensureCertificates(settings, layout);
    start(apiServerProcess(settings, layout));
    await until(signal, 'the API server', layout.log('apiserver'), () =>
      apiReady(settings, layout),
    );
    step('API server ready');
    start(controlProcess(settings, layout));
    if (settings.withoutNode) step('controllers and scheduler started; no node was asked for');
    else {
      await until(signal, 'containerd', layout.log('containerd'), () => containerdAnswers(layout));
      step('containerd ready');
      start(nodeProcess(settings, layout));
      await until(signal, `node ${settings.nodeName}`, layout.log('node'), () =>
        nodeReady(settings, layout),
      );
      step(`node ${settings.nodeName} Ready`);
    }
    print('');
    print(`The cluster runs. Its kubeconfig: ${settings.kubeconfig}`);
    print(`Try:  kubectl --kubeconfig ${settings.kubeconfig} get pods -A`);
    print('Stop it with Ctrl-C or `k8ts down`; a later `k8ts up` finds it as it was.');
    await aborted(signal);
    step('stopping');
  } finally {
    await stopAll(running, settings, layout, step);
  }
}

/** Nodes first, so that pods end while there is still an API server and a runtime. */
async function stopAll(
  running: readonly Supervised[],
  settings: ClusterSettings,
  layout: Layout,
  step: (text: string) => void,
): Promise<void> {
  const named = (name: string) => running.find((p) => p.name === name)?.stop();
  await named('node');
  if (!settings.withoutNode && running.some((p) => p.name === 'containerd')) {
    // Loaded only here: the supervisor stays small while the cluster runs.
    const { cleanNode } = await import('./clean-node.ts');
    await cleanNode(layout, step);
  }
  await Promise.all([named('control'), named('containerd')]);
  await named('apiserver');
  step('stopped');
}

async function until(
  signal: AbortSignal,
  what: string,
  log: string,
  ready: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + startLimitMs;
  while (!(await ready().catch(() => false))) {
    signal.throwIfAborted();
    if (Date.now() > deadline) {
      throw new Error(`${what} did not become ready within ${startLimitMs / 1000} s; see ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

function apiReady(settings: ClusterSettings, layout: Layout): Promise<boolean> {
  return new Promise((resolve) => {
    const req = request(
      {
        host: '127.0.0.1',
        port: settings.securePort,
        path: '/readyz',
        ca: readFileSync(layout.pki('ca.crt')),
        timeout: 2000,
      },
      (res) => {
        res.resume();
        resolve(res.statusCode === 200);
      },
    );
    req.on('error', () => resolve(false));
    req.on('timeout', () => req.destroy());
    req.end();
  });
}

async function nodeReady(settings: ClusterSettings, layout: Layout): Promise<boolean> {
  const client = createClient(loadKubeconfig(layout.kubeconfig('admin')), { component: 'up' });
  try {
    const node = await client.get(nodes, { name: settings.nodeName });
    return node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
  } finally {
    client.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    // A promise alone does not keep a process alive; children do, and so does this timer.
    const alive = setInterval(() => {}, 2 ** 30);
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(alive);
        resolve();
      },
      { once: true },
    );
  });
}
