/** Options of the limits on requests, named as the upstream flags. */
export interface LimitOptions {
  readonly enablePriorityAndFairness: boolean;
  /** Together the seats of priority and fairness; without it each a limit of its own, 0 for none. */
  readonly maxRequestsInflight: number;
  readonly maxMutatingRequestsInflight: number;
  readonly requestTimeoutMs: number;
  /** Watches without a time of their own end after this, or up to twice as long. */
  readonly minRequestTimeoutSeconds: number;
}

export const defaultLimitOptions: LimitOptions = {
  enablePriorityAndFairness: true,
  maxRequestsInflight: 400,
  maxMutatingRequestsInflight: 200,
  requestTimeoutMs: 60_000,
  minRequestTimeoutSeconds: 1800,
};
