/** The sinks that the flags ask for, joined: a log, a webhook, with batches and limits. */
import { WebhookClient } from '../webhook/webhook-client.ts';
import { readWebhookConfig } from '../webhook/webhook-config.ts';
import { type AuditOptions, auditModes } from './audit-options.ts';
import { BatchingSink } from './batching-sink.ts';
import { logSink, standardOutput } from './log-sink.ts';
import { RotatingFile } from './rotating-file.ts';
import { type AuditSink, ignoreFailures, joinSinks, type OnLost } from './sink.ts';
import { truncatingSink } from './truncating-sink.ts';
import { webhookSink } from './webhook-sink.ts';

type Plugin = 'log' | 'webhook';

interface PluginOptions {
  readonly mode: string;
  readonly version: string;
  readonly bufferSize: number;
  readonly maxBatchSize: number;
  readonly maxWaitMs: number;
  readonly throttle: boolean;
  readonly qps: number;
  readonly burst: number;
  readonly truncate: boolean;
  readonly maxBatchBytes: number;
  readonly maxEventBytes: number;
}

/** Batches to a webhook that may be on their way: each is tried for more than a minute. */
const webhookConcurrency = 32;

/**
 * Undefined without any. `opened`: whether there is something to write; flags are checked in any
 * case. Throws an Error that names what is wrong.
 */
export function auditSink(
  o: AuditOptions,
  opened: boolean,
  onLost: OnLost,
  onProblem: (what: string, error: unknown) => void,
): AuditSink | undefined {
  const sinks: AuditSink[] = [];
  if (o.auditLogPath !== undefined) {
    const plugin = logOptions(o);
    checkPlugin('log', plugin);
    checkLog(o);
    if (opened) {
      const sink = logSink(writerOf(o, onProblem), o.auditLogFormat as 'json' | 'legacy', onLost);
      sinks.push(truncated(inMode(sink, plugin, 1, onLost), plugin, onLost));
    }
  }
  if (o.auditWebhookConfigFile !== undefined) {
    const plugin = webhookOptions(o);
    checkPlugin('webhook', plugin);
    const client = new WebhookClient(readWebhookConfig(o.auditWebhookConfigFile));
    const firstWaitMs = o.auditWebhookInitialBackoff;
    const retries = { attempts: 5, firstWaitMs, factor: 1.5, jitter: 0.2 };
    const sink = inMode(webhookSink(client, retries, onLost), plugin, webhookConcurrency, onLost);
    if (opened) sinks.push(truncated(sink, plugin, onLost));
  }
  return sinks.length === 0 ? undefined : joinSinks(sinks);
}

function writerOf(o: AuditOptions, onProblem: (what: string, error: unknown) => void) {
  if (o.auditLogPath === '-') return standardOutput;
  return new RotatingFile({
    path: o.auditLogPath!,
    maxBytes: o.auditLogMaxsize * 1024 * 1024,
    maxBackups: o.auditLogMaxbackup,
    maxAgeDays: o.auditLogMaxage,
    compress: o.auditLogCompress,
    now: () => Date.now(),
    onProblem: (e) => onProblem('old audit logs could not be seen to', e),
  });
}

function inMode(
  sink: AuditSink,
  { mode, throttle, qps, burst, ...batch }: PluginOptions,
  concurrency: number,
  onLost: OnLost,
): AuditSink {
  if (mode === 'blocking-strict') return sink;
  if (mode === 'blocking') return ignoreFailures(sink);
  // A file takes many lines as well as one: they are gathered for a moment.
  if (concurrency === 1) batch = { ...batch, ...gathered(batch) };
  const limits = throttle ? { throttle: { perSecond: qps, burst } } : {};
  return new BatchingSink(sink, { ...batch, ...limits, concurrency }, onLost);
}

function gathered({ maxBatchSize, maxWaitMs }: Pick<PluginOptions, 'maxBatchSize' | 'maxWaitMs'>) {
  return { maxBatchSize: Math.max(maxBatchSize, 400), maxWaitMs: Math.max(maxWaitMs, 10) };
}

function truncated(sink: AuditSink, o: PluginOptions, onLost: OnLost): AuditSink {
  return o.truncate ? truncatingSink(sink, o, onLost) : sink;
}

function checkPlugin(plugin: Plugin, o: PluginOptions): void {
  const known: readonly string[] = auditModes;
  if (!known.includes(o.mode)) {
    throw new Error(
      `invalid audit ${plugin} mode ${o.mode}, allowed modes are "${known.join(',')}"`,
    );
  }
  const positive = (what: string, value: number) => {
    if (value > 0) return;
    throw new Error(`invalid audit ${what} ${value}, must be a positive number`);
  };
  if (o.mode === 'batch') {
    positive(`batch ${plugin} buffer size`, o.bufferSize);
    positive(`batch ${plugin} max batch size`, o.maxBatchSize);
    if (o.throttle) {
      positive(`batch ${plugin} throttle QPS`, o.qps);
      positive(`batch ${plugin} throttle burst`, o.burst);
    }
  }
  positive(`truncate ${plugin} max event size`, o.maxEventBytes);
  if (o.maxBatchBytes < o.maxEventBytes) {
    throw new Error(
      `invalid audit truncate ${plugin} max batch size ${o.maxBatchBytes}, must be greater than max event size (${o.maxEventBytes})`,
    );
  }
  if (o.version !== 'audit.k8s.io/v1') {
    throw new Error('invalid group version, allowed versions are ["audit.k8s.io/v1"]');
  }
}

function checkLog(o: AuditOptions): void {
  if (o.auditLogFormat !== 'json' && o.auditLogFormat !== 'legacy') {
    throw new Error(
      `invalid audit log format ${o.auditLogFormat}, allowed formats are "legacy,json"`,
    );
  }
  const limits = {
    maxage: o.auditLogMaxage,
    maxbackup: o.auditLogMaxbackup,
    maxsize: o.auditLogMaxsize,
  };
  for (const [flag, value] of Object.entries(limits)) {
    if (value < 0) throw new Error(`--audit-log-${flag} ${value} can't be a negative number`);
  }
}

function logOptions(o: AuditOptions): PluginOptions {
  return {
    mode: o.auditLogMode,
    version: o.auditLogVersion,
    bufferSize: o.auditLogBatchBufferSize,
    maxBatchSize: o.auditLogBatchMaxSize,
    maxWaitMs: o.auditLogBatchMaxWait,
    throttle: o.auditLogBatchThrottleEnable,
    qps: o.auditLogBatchThrottleQps,
    burst: o.auditLogBatchThrottleBurst,
    truncate: o.auditLogTruncateEnabled,
    maxBatchBytes: o.auditLogTruncateMaxBatchSize,
    maxEventBytes: o.auditLogTruncateMaxEventSize,
  };
}

function webhookOptions(o: AuditOptions): PluginOptions {
  return {
    mode: o.auditWebhookMode,
    version: o.auditWebhookVersion,
    bufferSize: o.auditWebhookBatchBufferSize,
    maxBatchSize: o.auditWebhookBatchMaxSize,
    maxWaitMs: o.auditWebhookBatchMaxWait,
    throttle: o.auditWebhookBatchThrottleEnable,
    qps: o.auditWebhookBatchThrottleQps,
    burst: o.auditWebhookBatchThrottleBurst,
    truncate: o.auditWebhookTruncateEnabled,
    maxBatchBytes: o.auditWebhookTruncateMaxBatchSize,
    maxEventBytes: o.auditWebhookTruncateMaxEventSize,
  };
}
