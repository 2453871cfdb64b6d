/** How many objects of each resource there are. */
import { readGauge } from './counter.ts';
import type { Metric } from './metric.ts';

/** `counts`: objects by resource, read at each scrape. */
export function objectMetrics(
  counts: () => Iterable<{ readonly group: string; readonly plural: string; count: number }>,
): Metric[] {
  return [
    readGauge('apiserver_resource_objects', 'Stored objects by resource.', function* () {
      for (const { group, plural, count } of counts()) {
        yield { labels: { group, resource: plural }, value: count };
      }
    }),
    readGauge('apiserver_storage_objects', 'Stored objects by resource and group.', function* () {
      for (const { group, plural, count } of counts()) {
        yield { labels: { resource: group === '' ? plural : `${plural}.${group}` }, value: count };
      }
    }),
  ];
}
