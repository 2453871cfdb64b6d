/** The metrics that one API server has from its start. */
import type { Catalog } from '../registry/catalog.ts';
import type { RequestInfo } from '../server/request-info.ts';
import { readGauge } from './counter.ts';
import { objectMetrics } from './objects.ts';
import { processMetrics } from './process.ts';
import { MetricRegistry } from './registry.ts';
import { RequestMetrics } from './requests.ts';

export interface ServerMetrics {
  /** What /metrics shows; further parts of the server add theirs. */
  readonly registry: MetricRegistry;
  readonly requests: RequestMetrics;
}

/** `version`: of /version, for kubernetes_build_info. */
export function serverMetrics(
  catalog: Catalog,
  version: Readonly<Record<string, string>>,
): ServerMetrics {
  const registry = new MetricRegistry();
  const requests = new RequestMetrics(registry, (info) => isServed(catalog, info));
  registry.add(
    readGauge('kubernetes_build_info', 'Always 1; its labels say what runs.', () => [
      {
        labels: {
          major: version['major'] ?? '',
          minor: version['minor'] ?? '',
          git_version: version['gitVersion'] ?? '',
          git_commit: version['gitCommit'] ?? '',
          git_tree_state: version['gitTreeState'] ?? '',
          build_date: version['buildDate'] ?? '',
          go_version: version['goVersion'] ?? '',
          compiler: version['compiler'] ?? '',
          platform: version['platform'] ?? '',
        },
        value: 1,
      },
    ]),
    ...objectMetrics(() => catalog.counts()),
    ...processMetrics(performance.timeOrigin),
  );
  return { registry, requests };
}

function isServed(catalog: Catalog, info: RequestInfo): boolean {
  const served = catalog.find(info.group, info.version, info.resource);
  if (served === undefined) return false;
  const { subresource } = info;
  const { definition, subresources } = served;
  return (
    subresource === '' ||
    subresource === 'status' ||
    subresource === 'scale' ||
    subresource in definition.faces ||
    subresources.has(subresource)
  );
}
