/** Figures of the process itself, under the names that every Prometheus client uses. */
import { readdirSync, readFileSync } from 'node:fs';
import { readGauge } from './counter.ts';
import type { Metric, Sample } from './metric.ts';

/** What a Linux process can say of itself; where /proc is missing, only what Node knows. */
export function processMetrics(startedAtMs: number): Metric[] {
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  return [
    {
      name: 'process_cpu_seconds_total',
      help: 'User and system CPU time spent in seconds.',
      type: 'counter',
      samples: () => {
        const { user, system } = process.cpuUsage();
        return one((user + system) / 1e6);
      },
    },
    readGauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () =>
      one(process.memoryUsage.rss()),
    ),
    readGauge('process_start_time_seconds', 'Start of the process, Unix time in seconds.', () =>
      one(startedAtMs / 1000),
    ),
    readGauge('process_open_fds', 'Open file descriptors.', () => {
      const count = openDescriptors();
      return count === undefined ? [] : one(count);
    }),
    readGauge('process_max_fds', 'How many file descriptors can be open.', () => {
      const limit = descriptorLimit();
      return limit === undefined ? [] : one(limit);
    }),
    readGauge('nodejs_heap_used_bytes', "Bytes in use on V8's heap.", () =>
      one(process.memoryUsage().heapUsed),
    ),
  ];
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

function descriptorLimit(): number | undefined {
  try {
    const line = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    return line === null ? undefined : Number(line[1]);
  } catch {
    return undefined;
  }
}
