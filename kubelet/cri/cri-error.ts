/** Errors of the container runtime, with the gRPC codes that the kubelet branches on. */

/** gRPC status codes by number (grpc.io, "Status codes and their use in gRPC"). */
export const grpcCodes = [
  'ok',
  'cancelled',
  'unknown',
  'invalidArgument',
  'deadlineExceeded',
  'notFound',
  'alreadyExists',
  'permissionDenied',
  'resourceExhausted',
  'failedPrecondition',
  'aborted',
  'outOfRange',
  'unimplemented',
  'internal',
  'unavailable',
  'dataLoss',
  'unauthenticated',
] as const;

export type GrpcCode = (typeof grpcCodes)[number];

/** Names as Go's gRPC prints them in `rpc error: code = … desc = …`. */
const printed: Partial<Record<GrpcCode, string>> = { ok: 'OK', cancelled: 'Canceled' };

/** An answer of the runtime that is not OK. `message` is the runtime's own text. */
export class CriError extends Error {
  readonly code: GrpcCode;

  constructor(code: GrpcCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CriError';
    this.code = code;
  }

  /** As Go prints a gRPC error, which is what events and logs of the real kubelet carry. */
  get text(): string {
    const name = printed[this.code] ?? this.code[0]!.toUpperCase() + this.code.slice(1);
    return `rpc error: code = ${name} desc = ${this.message}`;
  }
}

/** The sandbox, container or image does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof CriError && error.code === 'notFound';
}

/** The runtime does not know the method (older containerd; some say so with code unknown). */
export function isUnimplemented(error: unknown): boolean {
  if (!(error instanceof CriError)) return false;
  if (error.code === 'unimplemented') return true;
  return error.code === 'unknown' && error.message.includes('not implemented');
}

/** The text of any error as an event shows it: gRPC errors in Go's form. */
export function errorText(error: unknown): string {
  if (error instanceof CriError) return error.text;
  return error instanceof Error ? error.message : String(error);
}

/** The bare description of any error: for gRPC errors what stands after `desc = `. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
