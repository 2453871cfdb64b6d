/** Flags of `k8ts apiserver` that bound what requests may take. */
import type { Command } from 'commander';
import { defaultLimitOptions as d } from '../../apiserver/flow-control/limit-options.ts';
import { toBool, toNumber } from '../command.ts';
import { toDurationMs } from './durations.ts';

/** Adds the flags. */
export function defineLimitFlags(command: Command): void {
  command
    .option(
      '--enable-priority-and-fairness [bool]',
      'queue requests by flow schemas and priority levels',
      toBool,
      d.enablePriorityAndFairness,
    )
    .option(
      '--max-requests-inflight <count>',
      'reading requests at once; with those that write the seats of priority and fairness',
      toNumber,
      d.maxRequestsInflight,
    )
    .option(
      '--max-mutating-requests-inflight <count>',
      'writing requests at once',
      toNumber,
      d.maxMutatingRequestsInflight,
    )
    .option('--request-timeout <duration>', 'for all requests but streams: 1m0s', toDurationMs)
    .option(
      '--min-request-timeout <seconds>',
      'for watches that do not name a time',
      toNumber,
      d.minRequestTimeoutSeconds,
    );
}
