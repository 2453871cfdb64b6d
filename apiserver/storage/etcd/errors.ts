/** What etcd's errors mean to the store. */
import { CompactedError, StoreUnavailableError, ValueTooLargeError } from '../storage.ts';
import { GrpcError, grpcCode } from './grpc-error.ts';

/** The member could not answer; another one, or the same a little later, may. */
export function worthRetrying(error: GrpcError): boolean {
  return error.code === grpcCode.unavailable || error.code === grpcCode.deadlineExceeded;
}

/** The revision asked for is in the future (etcd: mvcc.ErrFutureRev). */
export function isFutureRevision(error: unknown): boolean {
  return hasCode(error, grpcCode.outOfRange) && /future revision/.test(String(error));
}

/** The revision asked for is gone (etcd: mvcc.ErrCompacted). */
export function isCompacted(error: unknown): boolean {
  return hasCode(error, grpcCode.outOfRange) && /compacted/.test(String(error));
}

/** The lease does not exist (etcd: lease.ErrLeaseNotFound). */
export function isLeaseNotFound(error: unknown): boolean {
  return hasCode(error, grpcCode.notFound) && /lease not found/.test(String(error));
}

/** The error of the contract for one of a call. */
export function storeError(error: GrpcError): Error {
  const text = error.details || error.message;
  const cause = { cause: error };
  if (isCompacted(error)) return new CompactedError(0);
  switch (error.code) {
    case grpcCode.unavailable:
    case grpcCode.deadlineExceeded:
    case grpcCode.cancelled:
    case grpcCode.resourceExhausted:
    case grpcCode.unauthenticated:
    case grpcCode.permissionDenied:
      return new StoreUnavailableError(`etcd: ${text}`, cause);
    case grpcCode.invalidArgument:
      if (/request is too large/.test(text)) return new ValueTooLargeError(`etcd: ${text}`, cause);
  }
  return error;
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof GrpcError && error.code === code;
}
