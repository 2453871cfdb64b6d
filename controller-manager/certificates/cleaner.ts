/** Clears away certificate requests that have had their time. */
import { X509Certificate } from 'node:crypto';
import { certificateSigningRequests } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { parseTime } from '../../machinery/meta/times.ts';
import type { CertificateSigningRequest } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController } from '../controller.ts';
import { hasVerdict, isIssued } from './csr.ts';

const hourMs = 3_600_000;
const pendingMs = 24 * hourMs;

export const csrCleaner = defineController({
  name: 'certificatesigningrequest-cleaner-controller',
  aliases: ['csrcleaner'],
  serviceAccount: 'certificate-controller',
  setup,
});

/** Decided an hour ago, waiting for a day, or the certificate has expired. */
export function isOutlived(csr: CertificateSigningRequest, nowMs: number): boolean {
  const older = (time: string | undefined, ms: number): boolean => {
    const at = time === undefined ? undefined : parseTime(time);
    return at !== undefined && nowMs - at > ms;
  };
  const conditions = csr.status?.conditions ?? [];
  if (conditions.length === 0) return older(csr.metadata?.creationTimestamp, pendingMs);
  const issued = isIssued(csr);
  const limits: Readonly<Record<string, number>> = {
    Denied: hourMs,
    Failed: hourMs,
    Approved: issued ? hourMs : pendingMs,
  };
  if (conditions.some((c) => older(c.lastUpdateTime, limits[c.type] ?? Number.POSITIVE_INFINITY))) {
    return true;
  }
  return issued && hasVerdict(csr, 'Approved') && isExpired(csr.status?.certificate ?? '', nowMs);
}

function isExpired(base64: string, nowMs: number): boolean {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64')).validToDate.getTime() < nowMs;
  } catch {
    // What cannot be read cannot be found to have expired; the hour since approval still counts.
    return false;
  }
}

function setup(context: ControllerContext): void {
  const { client, clock } = context;
  const requests = context.informer(certificateSigningRequests);
  context.every('csr cleaner', hourMs, async (signal) => {
    for (const csr of requests.store.list()) {
      if (!isOutlived(csr, clock.now())) continue;
      try {
        await client.delete(certificateSigningRequests, { name: keyOf(csr) }, { signal });
      } catch (e) {
        if (!hasReason(e, 'NotFound')) throw e;
      }
    }
  });
}
