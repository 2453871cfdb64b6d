/** Where a request's audit trail begins and ends. */
import type { Audit } from '../audit/audit.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { ApiRequest } from './api-request.ts';
import { attributesOf } from './authorize.ts';

const longVerbs = new Set(['watch', 'proxy']);
const longSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

/** Starts the trail of a request whose user is known. Throws 500 where the log must hold it. */
export function beginAudit(
  request: ApiRequest,
  audit: Audit,
): AuditTrail | undefined | Promise<AuditTrail> {
  const { info, user } = request;
  const longRunning =
    longVerbs.has(info.verb) || (info.isResource && longSubresources.has(info.subresource));
  return audit.begin({ ...callOf(request), user, longRunning });
}

/** Starts the trail of a request that nobody was authenticated for. */
export function auditUnauthenticated(request: ApiRequest, audit: Audit): void {
  request.audit = audit.unauthenticated(callOf(request));
}

function callOf(request: ApiRequest) {
  const { raw, auditId } = request;
  const receivedMs = performance.timeOrigin + request.receivedMs;
  return { raw, auditId, attributes: attributesOf(request), receivedMs };
}

/** Ends the trail; `failure`: what the server did not expect, `code`: of the answer. */
export function endAudit(request: ApiRequest, code: number, failure?: unknown): Promise<void> {
  const trail = request.audit!;
  return failure === undefined ? trail.complete(code) : trail.panic(failure);
}
