/** Why a container could not be started: the reason its status shows while it waits. */
export class StartError extends Error {
  /** `ErrImagePull`, `CreateContainerConfigError`, `CrashLoopBackOff`, … */
  readonly reason: string;
  /** When to try again, if that is known. */
  readonly retryAtMs: number | undefined;

  constructor(reason: string, message: string, retryAtMs?: number) {
    super(message);
    this.name = 'StartError';
    this.reason = reason;
    this.retryAtMs = retryAtMs;
  }
}
