/** Who sends a request and whom it acts as: the first steps of the chain. */
import type { IncomingMessage } from 'node:http';
import type { Audit } from '../audit/audit.ts';
import type { AnonymousAccess } from '../auth/anonymous.ts';
import type { AuthMetrics } from '../auth/auth-metrics.ts';
import type { Authenticator, CredentialNotes } from '../auth/authenticator.ts';
import type { Impersonation } from '../auth/impersonation/impersonation.ts';
import type { ApiRequest } from './api-request.ts';
import { auditUnauthenticated, beginAudit } from './audit-request.ts';
import { authenticate } from './authenticate.ts';
import { impersonated } from './impersonate.ts';

export interface Identification {
  readonly authenticators: readonly Authenticator[];
  /** Whether a request without credentials may go on as anonymous. */
  readonly anonymous: AnonymousAccess;
  readonly impersonation: Impersonation;
  /** Takes off the request what only authenticators may read. */
  readonly withhold: ((request: IncomingMessage) => void) | undefined;
  readonly metrics: AuthMetrics;
  /** Undefined: nothing is told of requests. */
  readonly audit: Audit | undefined;
}

/**
 * Sets the request's user and its audit trail. Throws 401 for a bad credential, 400 and 403 for
 * impersonation.
 */
export async function identify(request: ApiRequest, by: Identification): Promise<void> {
  const { audit } = by;
  let notes: CredentialNotes | undefined;
  try {
    const identity = await authenticate(request, by.authenticators, by.anonymous, by.metrics);
    request.user = identity.user;
    notes = identity.notes;
    by.withhold?.(request.raw);
  } catch (e) {
    if (audit !== undefined) auditUnauthenticated(request, audit);
    throw e;
  }
  if (audit !== undefined) {
    const begun = beginAudit(request, audit);
    request.audit = begun instanceof Promise ? await begun : begun;
  }
  if (notes !== undefined) tell(request, notes);
  const acting = impersonated(request, by.impersonation);
  if (acting === undefined) return;
  const { user, constraint } = await acting;
  request.user = user;
  request.audit?.impersonated(user, constraint);
}

function tell(request: ApiRequest, { annotations, warnings = [] }: CredentialNotes): void {
  for (const text of warnings) request.warn(text);
  for (const [key, value] of Object.entries(annotations)) request.audit?.annotate(key, value);
}
