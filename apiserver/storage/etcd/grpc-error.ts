/** How a gRPC call fails: the code of its status (gRPC, "Status codes and their use") and a text. */

/** The codes that this client gives itself, or that mean something to the store. */
export const grpcCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** A call that failed. */
export class GrpcError extends Error {
  readonly code: number;
  /** The text of the server, or what happened to the connection. */
  readonly details: string;
  /** The server has certainly not seen the request: anything may be tried again. */
  readonly neverSent: boolean;

  constructor(code: number, details: string, neverSent = false, options?: ErrorOptions) {
    super(`${code}: ${details}`, options);
    this.name = 'GrpcError';
    this.code = code;
    this.details = details;
    this.neverSent = neverSent;
  }
}

/** The status that a failed HTTP/2 stream stands for (gRPC over HTTP/2, "Errors"). */
export function errorOfReset(http2Code: number): GrpcError {
  const text = `the stream was reset (HTTP/2 code ${http2Code})`;
  switch (http2Code) {
    case 0x7: // REFUSED_STREAM: nothing of it has been processed
      return new GrpcError(grpcCode.unavailable, text, true);
    case 0x8: // CANCEL
      return new GrpcError(grpcCode.cancelled, text);
    case 0xb: // ENHANCE_YOUR_CALM
      return new GrpcError(grpcCode.resourceExhausted, text);
    case 0xc: // INADEQUATE_SECURITY
      return new GrpcError(grpcCode.permissionDenied, text);
    default:
      return new GrpcError(grpcCode.internal, text);
  }
}

/** The status of an answer that is not gRPC's (gRPC, "HTTP to gRPC Status Code Mapping"). */
export function errorOfHttpStatus(status: number): GrpcError {
  const text = `the answer was HTTP status ${status}`;
  switch (status) {
    case 400:
      return new GrpcError(grpcCode.internal, text);
    case 401:
      return new GrpcError(grpcCode.unauthenticated, text);
    case 403:
      return new GrpcError(grpcCode.permissionDenied, text);
    case 404:
      return new GrpcError(grpcCode.unimplemented, text);
    case 429:
    case 502:
    case 503:
    case 504:
      return new GrpcError(grpcCode.unavailable, text);
    default:
      return new GrpcError(grpcCode.unknown, text);
  }
}
