/** What both kinds of webhooks share: measuring calls, and what their failures come to. */
import { StatusError } from '../../../machinery/meta/status-error.ts';
import type { AdmissionAttributes, AdmissionEnvironment } from '../admission.ts';
import { annotateFailedOpen, type Turn } from './annotations.ts';
import { CallFailure, Rejection } from './failures.ts';
import type { Hook } from './hook.ts';
import type { WebhookClients } from './webhook-clients.ts';
import type { WebhookMetrics } from './webhook-metrics.ts';

/** What the plugins work with. */
export interface WebhookEnvironment {
  readonly admission: AdmissionEnvironment;
  readonly clients: WebhookClients;
  readonly metrics: WebhookMetrics;
}

/** Runs a call, and counts how it ended. */
export async function measured<T>(
  hook: Hook,
  { operation }: AdmissionAttributes,
  metrics: WebhookMetrics,
  call: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const ended = (code: number, rejected: boolean) =>
    metrics.called(hook, operation, performance.now() - began, code, rejected);
  try {
    const result = await call();
    ended(200, false);
    return result;
  } catch (e) {
    if (e instanceof CallFailure) {
      const refuses = !hook.ignoresFailures;
      if (refuses && !e.canceled) {
        metrics.rejected(hook, operation, 'calling_webhook_error', e.code);
      }
      ended(e.code, refuses);
    } else if (e instanceof Rejection) {
      metrics.rejected(hook, operation, 'no_error', e.status.code);
      ended(e.status.code, true);
    } else {
      metrics.rejected(hook, operation, 'apiserver_internal_error', 0);
      ended(0, true);
    }
    throw e;
  }
}

/** The answer to a request whose webhook did not allow it; undefined: it goes on all the same. */
export function refusalFrom(
  e: unknown,
  hook: Hook,
  turn: Turn,
  a: AdmissionAttributes,
  metrics: WebhookMetrics,
): StatusError | undefined {
  if (e instanceof Rejection) return e.status;
  if (!(e instanceof CallFailure)) {
    if (e instanceof StatusError) return e;
    throw e;
  }
  // For a client that is gone, nothing goes on.
  if (!hook.ignoresFailures || e.canceled) return e.toStatusError();
  metrics.failedOpen(hook);
  annotateFailedOpen(a, hook, turn);
  return undefined;
}
