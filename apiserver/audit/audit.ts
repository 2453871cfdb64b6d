/** The audit log of one server: which requests it tells of, and where. */
import type { UserInfo } from '../registry/resource.ts';
import { internalServerError } from '../server/plain-error.ts';
import type { AuditMetrics } from './audit-metrics.ts';
import type { AuditOptions } from './audit-options.ts';
import { auditSink } from './audit-sink.ts';
import { PolicyEvaluator } from './policy.ts';
import { readPolicy } from './policy-file.ts';
import type { AuditSink, OnLost } from './sink.ts';
import { type AuditedCall, AuditTrail } from './trail.ts';

export class Audit implements AsyncDisposable {
  readonly #policy: PolicyEvaluator;
  readonly #sink: AuditSink;
  readonly #metrics: AuditMetrics;
  readonly #now: () => number;

  /** `now`: milliseconds since 1970, with fractions. */
  constructor(policy: PolicyEvaluator, sink: AuditSink, metrics: AuditMetrics, now: () => number) {
    this.#policy = policy;
    this.#metrics = metrics;
    this.#now = now;
    this.#sink = counted(sink, metrics);
  }

  /**
   * The trail of a request whose user is known; undefined when it is not told of. Throws 500 when
   * the log must hold every request and could not take this one.
   */
  begin(call: AuditedCall): AuditTrail | undefined | Promise<AuditTrail> {
    const trail = this.#trail(call);
    if (trail === undefined) return undefined;
    const kept = trail.received();
    if (kept === true) return trail;
    return (async () => {
      if (await kept) return trail;
      this.#metrics.rejected.value++;
      throw internalServerError(call.raw.url, 'failed to store audit event');
    })();
  }

  /** The trail of a request that nobody was authenticated for: its answer is told of once. */
  unauthenticated(call: Omit<AuditedCall, 'user' | 'longRunning'>): AuditTrail | undefined {
    return this.#trail({ ...call, user: undefined, longRunning: true });
  }

  /** Resolves when all events have been written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink.close();
  }

  #trail(call: AuditedCall): AuditTrail | undefined {
    const audit = this.#policy.evaluate({ ...call.attributes, user: call.user as UserInfo });
    this.#metrics.levels.of(audit?.level ?? 'None').value++;
    return audit && new AuditTrail(audit, call, this.#sink, this.#now);
  }
}

function counted(sink: AuditSink, metrics: AuditMetrics): AuditSink {
  return {
    process(events) {
      metrics.events.value += events.length;
      return sink.process(events);
    },
    close: () => sink.close(),
  };
}

/**
 * As the flags say; undefined when nothing is to be told, or nowhere. Throws an Error that names
 * the flag or file.
 */
export function createAudit(
  options: AuditOptions,
  metrics: AuditMetrics,
  onProblem: (what: string, error: unknown) => void,
): Audit | undefined {
  const onLost: OnLost = (plugin, error, count) => {
    metrics.errors.of(plugin).value += count;
    onProblem(`audit plugin ${plugin}: ${count} events are not in the log`, error);
  };
  const policy =
    options.auditPolicyFile === undefined ? undefined : readPolicy(options.auditPolicyFile);
  const sink = auditSink(options, policy !== undefined, onLost, onProblem);
  if (policy === undefined || sink === undefined) return undefined;
  const now = () => performance.timeOrigin + performance.now();
  return new Audit(new PolicyEvaluator(policy), sink, metrics, now);
}
