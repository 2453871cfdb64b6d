/** An answer in the words of somebody else (a webhook), passed on as it is. */
import { type Status, StatusError, type StatusReason } from './status-error.ts';

export class ForeignStatusError extends StatusError {
  readonly #given: Pick<Status, 'metadata' | 'status'>;

  /** `code` and `message` are the server's; reason, details and the rest those of `given`. */
  constructor(message: string, code: number, given: Partial<Status>) {
    super((given.reason ?? '') as StatusReason, message, given.details, code);
    const status = given.status === 'Success' ? undefined : given.status;
    this.#given = { metadata: given.metadata ?? {}, status: status || 'Failure' };
  }

  override toStatus(): Status {
    return { ...super.toStatus(), ...this.#given };
  }
}
