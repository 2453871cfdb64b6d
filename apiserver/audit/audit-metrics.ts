/** What the audit log counts of itself, under upstream's names. */
import { type Cell, Counter } from '../metrics/counter.ts';
import type { MetricRegistry } from '../metrics/registry.ts';

export interface AuditMetrics {
  readonly events: Cell;
  /** By level. */
  readonly levels: Counter;
  /** By plugin. */
  readonly errors: Counter;
  readonly rejected: Cell;
}

/** Adds them to what /metrics shows. */
export function auditMetrics(registry: Pick<MetricRegistry, 'add'>): AuditMetrics {
  const events = new Counter('apiserver_audit_event_total', 'Audit events sent to the log.', []);
  const levels = new Counter(
    'apiserver_audit_level_total',
    'Requests by the level that the audit policy gives them.',
    ['level'],
  );
  const errors = new Counter(
    'apiserver_audit_error_total',
    'Audit events that were lost, by plugin.',
    ['plugin'],
  );
  const rejected = new Counter(
    'apiserver_audit_requests_rejected_total',
    'Requests refused because the audit log could not take them.',
    [],
  );
  registry.add(events, levels, errors, rejected);
  return { events: events.of(), levels, errors, rejected: rejected.of() };
}
