/** What etcd's errors mean to the store. */
import { type ServiceError, status } from '@grpc/grpc-js';
import { CompactedError, StoreUnavailableError, ValueTooLargeError } from '../storage.ts';

/** The request never left: no connection could be made. Anything may be tried again. */
export function neverSent(error: ServiceError): boolean {
  // Texts of grpc-js: a channel without a connection, a name that does not resolve.
  return (
    error.code === status.UNAVAILABLE &&
    /^(No connection established|Name resolution failed|Waiting for LB pick)/.test(error.details)
  );
}

/** The member could not answer; another one, or the same a little later, may. */
export function worthRetrying(error: ServiceError): boolean {
  return error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED;
}

/** The revision asked for is in the future (etcd: mvcc.ErrFutureRev). */
export function isFutureRevision(error: unknown): boolean {
  return hasCode(error, status.OUT_OF_RANGE) && /future revision/.test(String(error));
}

/** The revision asked for is gone (etcd: mvcc.ErrCompacted). */
export function isCompacted(error: unknown): boolean {
  return hasCode(error, status.OUT_OF_RANGE) && /compacted/.test(String(error));
}

/** The lease does not exist (etcd: lease.ErrLeaseNotFound). */
export function isLeaseNotFound(error: unknown): boolean {
  return hasCode(error, status.NOT_FOUND) && /lease not found/.test(String(error));
}

/** The error of the contract for one of a call. */
export function storeError(error: ServiceError): Error {
  const text = error.details || error.message;
  const cause = { cause: error };
  if (isCompacted(error)) return new CompactedError(0);
  switch (error.code) {
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
    case status.RESOURCE_EXHAUSTED:
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return new StoreUnavailableError(`etcd: ${text}`, cause);
    case status.INVALID_ARGUMENT:
      if (/request is too large/.test(text)) return new ValueTooLargeError(`etcd: ${text}`, cause);
  }
  return error;
}

function hasCode(error: unknown, code: status): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
