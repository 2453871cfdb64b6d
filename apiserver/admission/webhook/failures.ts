/** How a call of a webhook ends when it does not end well. */
import { quote } from '../../../machinery/meta/field-error.ts';
import { ForeignStatusError } from '../../../machinery/meta/foreign-status.ts';
import {
  badRequest,
  internalError,
  type Status,
  type StatusError,
  timeout,
} from '../../../machinery/meta/status-error.ts';

/** The webhook could not be asked, or its answer cannot be used: for the failure policy. */
export class CallFailure extends Error {
  /** As metrics tell it: that of the webhook's answer, or of what stands for none. */
  readonly code: number;
  /** The request's client went away meanwhile. */
  canceled = false;

  constructor(webhook: string, why: string, code: number, options?: ErrorOptions) {
    super(`failed calling webhook ${quote(webhook)}: ${why}`, options);
    this.code = code;
  }

  /** The answer to the request when failures are not ignored. */
  toStatusError(): StatusError {
    return internalError(this.message, this);
  }
}

/** The webhook said no. */
export class Rejection extends Error {
  readonly status: StatusError;

  constructor(status: StatusError) {
    super(status.message);
    this.status = status;
  }
}

/** Why a call was broken off: in the words of Go's contexts. */
export class Canceled extends Error {
  constructor() {
    super('context canceled');
  }
}

export class DeadlineExceeded extends Error {
  constructor() {
    super('context deadline exceeded');
  }
}

/** A status that a webhook gives for its refusal; what it leaves out is filled in. */
export function refusalOf(webhook: string, result: Partial<Status> | undefined): StatusError {
  const denied = `admission webhook ${quote(webhook)} denied the request`;
  const { message = '', reason = '', code = 0 } = result ?? {};
  const why = message || reason;
  const text = why === '' ? `${denied} without explanation` : `${denied}: ${why}`;
  return new ForeignStatusError(text, Math.max(code, 400), result ?? {});
}

/** Dry runs are not for webhooks that do something beside. */
export function dryRunUnsupported(webhook: string): StatusError {
  return badRequest(`admission webhook ${quote(webhook)} does not support dry run`);
}

/** The request's own time is over. */
export function requestTimedOut(): StatusError {
  return timeout(
    'Timeout: request did not complete within requested timeout - context deadline exceeded',
    0,
  );
}
