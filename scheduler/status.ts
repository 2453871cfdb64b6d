/**
 * What a plugin answers when the answer is not a plain "yes": the closed set of codes of the
 * scheduling framework. Success is `undefined`, so that the hot path allocates nothing.
 */

/** The codes of the scheduling framework, without Success. */
export type Code =
  | 'Error'
  | 'Unschedulable'
  | 'UnschedulableAndUnresolvable'
  | 'Wait'
  | 'Skip'
  | 'Pending';

/** An immutable answer; the same object may be handed out for many nodes and pods. */
export class Status {
  readonly code: Code;
  /** The plugin that answered; '' for answers of the scheduler itself. */
  readonly plugin: string;
  readonly reasons: readonly string[];
  readonly error: Error | undefined;

  constructor(code: Code, plugin: string, reasons: readonly string[], error?: Error) {
    this.code = code;
    this.plugin = plugin;
    this.reasons = reasons;
    this.error = error;
  }

  /** The reasons as one text, as events and conditions show them. */
  get message(): string {
    return this.error === undefined ? this.reasons.join(', ') : this.error.message;
  }

  /** True when the pod cannot be placed now (and nothing went wrong). */
  get rejected(): boolean {
    return (
      this.code === 'Unschedulable' ||
      this.code === 'UnschedulableAndUnresolvable' ||
      this.code === 'Pending'
    );
  }

  /** The same answer, attributed to a plugin. */
  of(plugin: string): Status {
    if (this.plugin === plugin) return this;
    return new Status(this.code, plugin, this.reasons, this.error);
  }
}

/** The pod does not fit here now; removing other pods may help. */
export function unschedulable(plugin: string, ...reasons: string[]): Status {
  return new Status('Unschedulable', plugin, reasons);
}

/** The pod does not fit here, and removing other pods would not help. */
export function unresolvable(plugin: string, ...reasons: string[]): Status {
  return new Status('UnschedulableAndUnresolvable', plugin, reasons);
}

/** Something went wrong; the pod is tried again after a back-off. */
export function failure(plugin: string, cause: unknown): Status {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  return new Status('Error', plugin, [error.message], error);
}

/** The plugin has nothing to do with this pod: its filter or score is not called. */
export const skip = new Status('Skip', '', []);
