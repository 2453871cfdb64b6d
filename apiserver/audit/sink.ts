/** The seam of the audit log: where events go. */
import type { AuditEvent } from './event.ts';

export interface AuditSink {
  /**
   * Takes events; false when one could not be kept and the request must not go on for it. What
   * answers at once returns no promise: every request passes here.
   */
  process(events: readonly AuditEvent[]): boolean | Promise<boolean>;
  /** Resolves when all that was taken has been written. */
  close(): Promise<void>;
}

/** Told of events that were lost, with why. */
export type OnLost = (plugin: string, error: Error, count: number) => void;

/** Several sinks as one. */
export function joinSinks(sinks: readonly AuditSink[]): AuditSink {
  const [only, ...more] = sinks;
  if (only !== undefined && more.length === 0) return only;
  return {
    process(events) {
      const answers = sinks.map((sink) => sink.process(events));
      if (answers.every((a) => typeof a === 'boolean')) return answers.every((kept) => kept);
      return Promise.all(answers).then((kept) => kept.every((k) => k));
    },
    async close() {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}

/** Events that are lost do not stop requests. */
export function ignoreFailures(sink: AuditSink): AuditSink {
  return {
    process(events) {
      const answer = sink.process(events);
      return typeof answer === 'boolean' ? true : answer.then(() => true);
    },
    close: () => sink.close(),
  };
}
