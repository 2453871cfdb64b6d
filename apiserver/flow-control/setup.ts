/** Makes the gate of a server from its options, with all that keeps it going. */

import type { Metric } from '../metrics/metric.ts';
import { flowcontrolBootstrap } from '../registry/bootstrap/bootstrap.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { ResourceAccess } from '../registry/resource.ts';
import { qualifiedName } from '../registry/served-resource.ts';
import { FlowConfiguration } from './configuration.ts';
import { debugPage } from './debug-pages.ts';
import { FlowControl } from './flow-control.ts';
import { flowControlMetrics, inFlightMetrics } from './flow-control-metrics.ts';
import type { Gate } from './gate.ts';
import { InFlightLimit } from './in-flight-limit.ts';
import type { LimitOptions } from './limit-options.ts';
import { eventLoop } from './turns.ts';
import type { ObjectStats } from './work-estimate.ts';

export interface LimitSetup {
  readonly gate: Gate;
  readonly metrics: readonly Metric[];
  /** The text of a debugging page; undefined: none of that path. */
  page(path: string): string | undefined;
  /** To be called once the server can write. */
  keepConditions(): void;
}

export interface LimitEnvironment {
  readonly catalog: Catalog;
  readonly access: ResourceAccess;
  readonly signal: AbortSignal;
  onProblem(what: string, error: unknown): void;
}

/** The resources must have been loaded. Ends with the signal. */
export function setUpLimits(options: LimitOptions, env: LimitEnvironment): LimitSetup {
  const { maxRequestsInflight, maxMutatingRequestsInflight } = options;
  if (!options.enablePriorityAndFairness) {
    const gate = new InFlightLimit(maxRequestsInflight, maxMutatingRequestsInflight);
    return {
      gate,
      metrics: inFlightMetrics(gate),
      page: () => undefined,
      keepConditions: () => {},
    };
  }
  const { catalog, access, signal } = env;
  const { flowschemas, prioritylevelconfigurations } = flowcontrolBootstrap();
  const isMandatory = (o: { metadata?: { name?: string } }) =>
    o.metadata?.name === 'exempt' || o.metadata?.name === 'catch-all';
  const objects = objectStats(catalog);
  const flowControl = new FlowControl({
    seats: maxRequestsInflight + maxMutatingRequestsInflight,
    requestTimeoutMs: options.requestTimeoutMs,
    mandatory: {
      levels: prioritylevelconfigurations.filter(isMandatory),
      schemas: flowschemas.filter(isMandatory),
    },
    env: { ...eventLoop, later },
    objects,
  });
  const group = 'flowcontrol.apiserver.k8s.io';
  const configuration = new FlowConfiguration({
    flowControl,
    schemas: catalog.stored(`flowschemas.${group}`)!.store.cache,
    levels: catalog.stored(`prioritylevelconfigurations.${group}`)!.store.cache,
    access,
    now: () => Date.now(),
    onProblem: env.onProblem,
  });
  configuration.follow(signal);
  return {
    gate: flowControl,
    metrics: flowControlMetrics(flowControl),
    page: (path) => debugPage(path, flowControl),
    keepConditions: () => configuration.keepConditions(),
  };
}

function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

const sampled = 16;
const sampleEveryMs = 10_000;

/** Counts are those of the cache; sizes are looked at in a few objects, now and then. */
function objectStats(
  catalog: Catalog,
): (group: string, resource: string) => ObjectStats | undefined {
  const sizes = new Map<string, { readonly averageBytes: number; readonly atMs: number }>();
  return (group, resource) => {
    const name = qualifiedName(group, resource);
    const cache = catalog.stored(name)?.store.cache;
    if (cache === undefined) return undefined;
    const { count } = cache;
    if (count === 0) return { count, averageBytes: 0 };
    const now = performance.now();
    let known = sizes.get(name);
    if (known === undefined || now - known.atMs > sampleEveryMs) {
      let bytes = 0;
      let seen = 0;
      for (const o of cache.objects('')) {
        bytes += o.size;
        if (++seen === sampled) break;
      }
      known = { averageBytes: Math.ceil(bytes / Math.max(1, seen)), atMs: now };
      sizes.set(name, known);
    }
    return { count, averageBytes: known.averageBytes };
  };
}
