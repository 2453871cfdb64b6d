/** Options of the audit log, named as the upstream flags. */
export type AuditMode = 'batch' | 'blocking' | 'blocking-strict';

export const auditModes: readonly AuditMode[] = ['batch', 'blocking', 'blocking-strict'];

export interface AuditOptions {
  readonly auditPolicyFile?: string;
  /** `-` is the standard output. */
  readonly auditLogPath?: string;
  readonly auditLogFormat: string;
  /** Days. */
  readonly auditLogMaxage: number;
  readonly auditLogMaxbackup: number;
  /** Megabytes. */
  readonly auditLogMaxsize: number;
  readonly auditLogCompress: boolean;
  readonly auditLogVersion: string;
  readonly auditLogMode: string;
  readonly auditLogBatchBufferSize: number;
  readonly auditLogBatchMaxSize: number;
  /** Milliseconds. */
  readonly auditLogBatchMaxWait: number;
  readonly auditLogBatchThrottleEnable: boolean;
  readonly auditLogBatchThrottleQps: number;
  readonly auditLogBatchThrottleBurst: number;
  readonly auditLogTruncateEnabled: boolean;
  readonly auditLogTruncateMaxBatchSize: number;
  readonly auditLogTruncateMaxEventSize: number;
  readonly auditWebhookConfigFile?: string;
  /** Milliseconds. */
  readonly auditWebhookInitialBackoff: number;
  readonly auditWebhookVersion: string;
  readonly auditWebhookMode: string;
  readonly auditWebhookBatchBufferSize: number;
  readonly auditWebhookBatchMaxSize: number;
  /** Milliseconds. */
  readonly auditWebhookBatchMaxWait: number;
  readonly auditWebhookBatchThrottleEnable: boolean;
  readonly auditWebhookBatchThrottleQps: number;
  readonly auditWebhookBatchThrottleBurst: number;
  readonly auditWebhookTruncateEnabled: boolean;
  readonly auditWebhookTruncateMaxBatchSize: number;
  readonly auditWebhookTruncateMaxEventSize: number;
}

export const defaultAuditOptions: AuditOptions = {
  auditLogFormat: 'json',
  auditLogMaxage: 366,
  auditLogMaxbackup: 100,
  auditLogMaxsize: 100,
  auditLogCompress: false,
  auditLogVersion: 'audit.k8s.io/v1',
  auditLogMode: 'blocking',
  auditLogBatchBufferSize: 10_000,
  auditLogBatchMaxSize: 1,
  auditLogBatchMaxWait: 0,
  auditLogBatchThrottleEnable: false,
  auditLogBatchThrottleQps: 0,
  auditLogBatchThrottleBurst: 0,
  auditLogTruncateEnabled: false,
  auditLogTruncateMaxBatchSize: 10 * 1024 * 1024,
  auditLogTruncateMaxEventSize: 100 * 1024,
  auditWebhookInitialBackoff: 10_000,
  auditWebhookVersion: 'audit.k8s.io/v1',
  auditWebhookMode: 'batch',
  auditWebhookBatchBufferSize: 10_000,
  auditWebhookBatchMaxSize: 400,
  auditWebhookBatchMaxWait: 30_000,
  auditWebhookBatchThrottleEnable: true,
  auditWebhookBatchThrottleQps: 10,
  auditWebhookBatchThrottleBurst: 15,
  auditWebhookTruncateEnabled: false,
  auditWebhookTruncateMaxBatchSize: 10 * 1024 * 1024,
  auditWebhookTruncateMaxEventSize: 100 * 1024,
};
