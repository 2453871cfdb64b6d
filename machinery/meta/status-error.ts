/**
 * The one error type of the API: what the server answers and what clients throw.
 * Reasons and codes: API reference, `Status` (meta/v1); texts as the real server v1.36 words them.
 */
import { type FieldError, quote, renderCauses, summarize } from './field-error.ts';

/** Closed set of reasons and the HTTP code each is answered with. */
export const codeOfReason = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  Gone: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  StorageReadinessError: 503,
} as const;

export type StatusReason = keyof typeof codeOfReason;

/** One entry of `Status.details.causes`. */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** The wire form, meta/v1 Status. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, unknown>;
  status?: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

/** A group and a plural or kind, as error texts name them. */
export interface GroupName {
  group: string;
  resource: string;
}

/**
 * An answer that is not a success. Branch on `reason`, never on the message.
 * `reason` is '' for the few answers for which the real server sends none (a code alone).
 */
export class StatusError extends Error {
  readonly reason: StatusReason | '';
  readonly code: number;
  readonly details: StatusDetails | undefined;

  constructor(
    reason: StatusReason | '',
    message: string,
    details?: StatusDetails,
    code: number = reason === '' ? 500 : codeOfReason[reason],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StatusError';
    this.reason = reason;
    this.details = details;
    this.code = code;
  }

  /** The body to send. */
  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }

  /** Rebuilds the error from a body received; undefined when the value is no failure Status. */
  static from(value: unknown): StatusError | undefined {
    const s = value as Partial<Status> | null;
    if (s?.kind !== 'Status' || s.status !== 'Failure') return undefined;
    const reason = (s.reason ?? '') in codeOfReason ? (s.reason as StatusReason) : '';
    return new StatusError(reason, s.message ?? '', s.details, s.code ?? 500);
  }
}

/** True when `e` is a StatusError with one of the given reasons. */
export function hasReason(e: unknown, ...reasons: StatusReason[]): e is StatusError {
  return e instanceof StatusError && (reasons as string[]).includes(e.reason);
}

function qualified(r: GroupName): string {
  return r.group === '' ? r.resource : `${r.resource}.${r.group}`;
}

function detailsOf(r: GroupName, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(r.group === '' ? {} : { group: r.group }),
    ...(r.resource === '' ? {} : { kind: r.resource }),
  };
}

/** 404: `pods "x" not found`. */
export function notFound(r: GroupName, name: string): StatusError {
  return new StatusError(
    'NotFound',
    `${qualified(r)} ${quote(name)} not found`,
    detailsOf(r, name),
  );
}

/** 409: `pods "x" already exists`. */
export function alreadyExists(r: GroupName, name: string): StatusError {
  return new StatusError(
    'AlreadyExists',
    `${qualified(r)} ${quote(name)} already exists`,
    detailsOf(r, name),
  );
}

/** 409: `Operation cannot be fulfilled on pods "x": <why>`. */
export function conflict(r: GroupName, name: string, why: string): StatusError {
  return new StatusError(
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(r)} ${quote(name)}: ${why}`,
    detailsOf(r, name),
  );
}

/** 403: `pods "x" is forbidden: <why>`; without a name `pods is forbidden: <why>`. */
export function forbidden(r: GroupName, name: string, why: string): StatusError {
  let message = `${qualified(r)} ${quote(name)} is forbidden: ${why}`;
  if (r.resource === '') message = `forbidden: ${why}`;
  else if (name === '') message = `${qualified(r)} is forbidden: ${why}`;
  return new StatusError('Forbidden', message, detailsOf(r, name));
}

/** 422 with causes; `kind` is the object's kind: `Pod "x" is invalid: spec.a: Required value`. */
export function invalid(kind: GroupName, name: string, errors: readonly FieldError[]): StatusError {
  return new StatusError(
    'Invalid',
    `${qualified(kind)} ${quote(name)} is invalid${errors.length > 0 ? `: ${summarize(errors)}` : ''}`,
    { ...detailsOf(kind, name), ...(errors.length > 0 ? { causes: renderCauses(errors) } : {}) },
  );
}

/** 400 with a free text. */
export function badRequest(message: string): StatusError {
  return new StatusError('BadRequest', message);
}

/** 401 as the real server answers it. */
export function unauthorized(message = 'Unauthorized'): StatusError {
  return new StatusError('Unauthorized', message);
}

/** 405: `<verb> is not supported on resources of kind "<resource>"`. */
export function methodNotSupported(r: GroupName, verb: string): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind "${qualified(r)}"`,
    detailsOf(r, ''),
  );
}

/** 410 for a resourceVersion or continue token that is compacted away. */
export function expired(message: string): StatusError {
  return new StatusError('Expired', message);
}

/** 429 with Retry-After. */
export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError('TooManyRequests', message, { retryAfterSeconds });
}

/** 504: the resourceVersion asked for has not been reached. */
export function timeout(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError('Timeout', message, retryAfterSeconds > 0 ? { retryAfterSeconds } : {});
}

/** 500; the cause is kept for the log and never sent. */
export function internalError(why: string, cause?: unknown): StatusError {
  return new StatusError(
    'InternalError',
    `Internal error occurred: ${why}`,
    { causes: [{ message: why }] },
    500,
    cause === undefined ? undefined : { cause },
  );
}

/** 503 with a free text. */
export function serviceUnavailable(why: string): StatusError {
  return new StatusError('ServiceUnavailable', why);
}
