/** Flags of `k8ts apiserver` for the audit log. */
import type { Command } from 'commander';
import { defaultAuditOptions } from '../../apiserver/audit/audit-options.ts';
import { toBool, toNumber } from '../command.ts';
import { toDurationMs } from './durations.ts';

/** Adds the flags; the log and the webhook have most of them in common. */
export function defineAuditFlags(command: Command): void {
  const d = defaultAuditOptions;
  command
    .option('--audit-policy-file <file>', 'Policy of audit.k8s.io/v1: what is told of requests')
    .option('--audit-log-path <file>', 'where to write events; - is the standard output')
    .option('--audit-log-format <format>', 'json, or legacy: a line of text', d.auditLogFormat)
    .option('--audit-log-maxage <days>', 'how long old files stay', toNumber, d.auditLogMaxage)
    .option('--audit-log-maxbackup <n>', 'how many old files stay', toNumber, d.auditLogMaxbackup)
    .option('--audit-log-maxsize <MB>', 'when a new file begins', toNumber, d.auditLogMaxsize)
    .option('--audit-log-compress [bool]', 'compress old files', toBool, d.auditLogCompress)
    .option('--audit-webhook-config-file <file>', 'kubeconfig of a webhook that gets events')
    .option(
      '--audit-webhook-initial-backoff <duration>',
      'first wait before a call is repeated',
      toDurationMs,
      d.auditWebhookInitialBackoff,
    );
  definePlugin(command, 'log', {
    mode: d.auditLogMode,
    version: d.auditLogVersion,
    bufferSize: d.auditLogBatchBufferSize,
    maxSize: d.auditLogBatchMaxSize,
    maxWait: d.auditLogBatchMaxWait,
    throttle: d.auditLogBatchThrottleEnable,
    qps: d.auditLogBatchThrottleQps,
    burst: d.auditLogBatchThrottleBurst,
    truncate: d.auditLogTruncateEnabled,
    maxBatchBytes: d.auditLogTruncateMaxBatchSize,
    maxEventBytes: d.auditLogTruncateMaxEventSize,
  });
  definePlugin(command, 'webhook', {
    mode: d.auditWebhookMode,
    version: d.auditWebhookVersion,
    bufferSize: d.auditWebhookBatchBufferSize,
    maxSize: d.auditWebhookBatchMaxSize,
    maxWait: d.auditWebhookBatchMaxWait,
    throttle: d.auditWebhookBatchThrottleEnable,
    qps: d.auditWebhookBatchThrottleQps,
    burst: d.auditWebhookBatchThrottleBurst,
    truncate: d.auditWebhookTruncateEnabled,
    maxBatchBytes: d.auditWebhookTruncateMaxBatchSize,
    maxEventBytes: d.auditWebhookTruncateMaxEventSize,
  });
}

interface PluginDefaults {
  readonly mode: string;
  readonly version: string;
  readonly bufferSize: number;
  readonly maxSize: number;
  readonly maxWait: number;
  readonly throttle: boolean;
  readonly qps: number;
  readonly burst: number;
  readonly truncate: boolean;
  readonly maxBatchBytes: number;
  readonly maxEventBytes: number;
}

function definePlugin(command: Command, plugin: 'log' | 'webhook', d: PluginDefaults): void {
  const flag = `--audit-${plugin}`;
  command
    .option(`${flag}-mode <mode>`, 'batch, blocking, blocking-strict', d.mode)
    .option(`${flag}-version <version>`, 'of the events that are written', d.version)
    .option(`${flag}-batch-buffer-size <n>`, 'events that may wait', toNumber, d.bufferSize)
    .option(`${flag}-batch-max-size <n>`, 'events of one batch', toNumber, d.maxSize)
    .option(`${flag}-batch-max-wait <duration>`, 'how long they wait', toDurationMs, d.maxWait)
    .option(`${flag}-batch-throttle-enable [bool]`, 'limit batches', toBool, d.throttle)
    .option(`${flag}-batch-throttle-qps <n>`, 'batches per second', toRate, d.qps)
    .option(`${flag}-batch-throttle-burst <n>`, 'batches at once', toNumber, d.burst)
    .option(`${flag}-truncate-enabled [bool]`, 'limit sizes', toBool, d.truncate)
    .option(`${flag}-truncate-max-batch-size <bytes>`, 'of a batch', toNumber, d.maxBatchBytes)
    .option(`${flag}-truncate-max-event-size <bytes>`, 'of an event', toNumber, d.maxEventBytes);
}

function toRate(text: string): number {
  const rate = Number(text);
  if (text.trim() === '' || !Number.isFinite(rate)) throw new Error(`${text} is not a number`);
  return rate;
}
