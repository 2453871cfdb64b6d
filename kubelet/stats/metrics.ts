/** The pages below `/metrics`: the kubelet itself, resources of pods, cAdvisor's names, probes. */

import type { PodWorker } from '../pods/worker.ts';
import type { ProbeManager } from '../probes/probe-manager.ts';
import { exposition, type Metric, type Sample } from './exposition.ts';
import type { NodeUsage } from './node-usage.ts';
import type { PodUsage } from './usage.ts';

const perSecond = 1e-9;

function metric(
  name: string,
  help: string,
  type: Metric['type'],
  samples: readonly Sample[],
): Metric {
  return { name, help, type, samples };
}

/** `/metrics`. */
export function kubeletMetrics(nodeName: string, workers: readonly PodWorker[]): string {
  const byState = new Map<string, number>();
  let running = 0;
  for (const worker of workers) {
    const { containers, sandboxes } = worker.observed;
    if (sandboxes.some((s) => s.ready)) running++;
    for (const { state } of containers) byState.set(state, (byState.get(state) ?? 0) + 1);
  }
  const { user, system } = process.cpuUsage();
  return exposition([
    metric('kubelet_node_name', "The node's name. The count is always 1.", 'gauge', [
      { labels: { node: nodeName }, value: 1 },
    ]),
    metric('kubelet_running_pods', 'Number of pods that have a running pod sandbox', 'gauge', [
      { value: running },
    ]),
    metric(
      'kubelet_running_containers',
      'Number of containers currently running',
      'gauge',
      [...byState].map(([state, value]) => ({ labels: { container_state: state }, value })),
    ),
    metric(
      'kubelet_desired_pods',
      'The number of pods the kubelet is being instructed to run.',
      'gauge',
      [{ labels: { static: '' }, value: workers.length }],
    ),
    metric(
      'process_cpu_seconds_total',
      'Total user and system CPU time spent in seconds.',
      'counter',
      [{ value: (user + system) / 1e6 }],
    ),
    metric('process_resident_memory_bytes', 'Resident memory size in bytes.', 'gauge', [
      { value: process.memoryUsage.rss() },
    ]),
  ]);
}

function samplesOf(
  pods: readonly PodUsage[],
  labels: (pod: PodUsage, container: PodUsage['containers'][number]) => Record<string, string>,
  value: (container: PodUsage['containers'][number]) => number,
  timeMs: number,
): Sample[] {
  return pods.flatMap((p) =>
    p.containers.map((c) => ({ labels: labels(p, c), value: value(c), timeMs })),
  );
}

/** `/metrics/resource`: what metrics-server reads. */
export function resourceMetrics(
  pods: readonly PodUsage[],
  node: NodeUsage,
  timeMs: number,
): string {
  const labels = (p: PodUsage, c: PodUsage['containers'][number]): Record<string, string> => ({
    container: c.container.name,
    namespace: p.pod.metadata.namespace,
    pod: p.pod.metadata.name,
  });
  const podLabels = (p: PodUsage): Record<string, string> => ({
    namespace: p.pod.metadata.namespace,
    pod: p.pod.metadata.name,
  });
  const workingSet = node.memoryTotalBytes - node.memoryAvailableBytes;
  return exposition([
    metric(
      'container_cpu_usage_seconds_total',
      'Cumulative cpu time consumed by the container in core-seconds',
      'counter',
      samplesOf(pods, labels, (c) => c.cpuNanoseconds * perSecond, timeMs),
    ),
    metric(
      'container_memory_working_set_bytes',
      'Current working set of the container in bytes',
      'gauge',
      samplesOf(pods, labels, (c) => c.workingSetBytes, timeMs),
    ),
    metric(
      'container_start_time_seconds',
      'Start time of the container since unix epoch in seconds',
      'gauge',
      pods.flatMap((p) =>
        p.containers.map((c) => ({ labels: labels(p, c), value: c.container.startedAtMs / 1000 })),
      ),
    ),
    metric(
      'node_cpu_usage_seconds_total',
      'Cumulative cpu time consumed by the node in core-seconds',
      'counter',
      [{ value: node.cpuNanoseconds * perSecond, timeMs }],
    ),
    metric('node_memory_working_set_bytes', 'Current working set of the node in bytes', 'gauge', [
      { value: workingSet, timeMs },
    ]),
    metric(
      'pod_cpu_usage_seconds_total',
      'Cumulative cpu time consumed by the pod in core-seconds',
      'counter',
      pods.map((p) => ({
        labels: podLabels(p),
        value: (p.group.cpuNanoseconds ?? 0) * perSecond,
        timeMs,
      })),
    ),
    metric(
      'pod_memory_working_set_bytes',
      'Current working set of the pod in bytes',
      'gauge',
      pods.map((p) => ({ labels: podLabels(p), value: p.group.workingSetBytes ?? 0, timeMs })),
    ),
    metric(
      'resource_scrape_error',
      '1 if there was an error while getting container metrics, 0 otherwise',
      'gauge',
      [{ value: 0 }],
    ),
  ]);
}

/** `/metrics/cadvisor`: the names that dashboards ask for most. */
export function cadvisorMetrics(
  pods: readonly PodUsage[],
  node: NodeUsage,
  cpus: number,
  timeMs: number,
): string {
  const labels = (p: PodUsage, c: PodUsage['containers'][number]): Record<string, string> => ({
    container: c.container.name,
    id: `/${c.container.id}`,
    image: c.container.image,
    name: c.container.id,
    namespace: p.pod.metadata.namespace,
    pod: p.pod.metadata.name,
  });
  return exposition([
    metric(
      'container_cpu_usage_seconds_total',
      'Cumulative cpu time consumed in seconds.',
      'counter',
      samplesOf(pods, labels, (c) => c.cpuNanoseconds * perSecond, timeMs),
    ),
    metric(
      'container_memory_usage_bytes',
      'Current memory usage in bytes, including all memory regardless of when it was accessed',
      'gauge',
      samplesOf(pods, labels, (c) => c.usageBytes, timeMs),
    ),
    metric(
      'container_memory_working_set_bytes',
      'Current working set in bytes.',
      'gauge',
      samplesOf(pods, labels, (c) => c.workingSetBytes, timeMs),
    ),
    metric(
      'container_memory_rss',
      'Size of RSS in bytes.',
      'gauge',
      samplesOf(pods, labels, (c) => c.rssBytes, timeMs),
    ),
    metric(
      'container_fs_usage_bytes',
      'Number of bytes that are consumed by the container on this filesystem.',
      'gauge',
      samplesOf(pods, labels, (c) => c.rootfsBytes, timeMs),
    ),
    metric('machine_cpu_cores', 'Number of logical CPU cores.', 'gauge', [{ value: cpus }]),
    metric('machine_memory_bytes', 'Amount of memory installed on the machine.', 'gauge', [
      { value: node.memoryTotalBytes },
    ]),
  ]);
}

/** `/metrics/probes`. */
export function probeMetrics(probes: ProbeManager): string {
  const samples = [...probes.counts].map(([key, value]) => {
    const [probe_type = '', result = ''] = key.split(' ');
    return { labels: { probe_type, result }, value };
  });
  const help =
    'Cumulative number of a liveness, readiness or startup probe for a container by result.';
  return exposition([metric('prober_probe_total', help, 'counter', samples)]);
}
