/** Signs approved certificate requests of the built-in signers. */
import { certificateSigningRequests } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type { CertificateSigningRequest } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController } from '../controller.ts';
import { CertificateAuthority } from './authority.ts';
import { hasVerdict, isIssued, withVerdict } from './csr.ts';
import { signerPolicies } from './policies.ts';
import { factsOf, parseRequest } from './request.ts';

const workers = 5;
const baseDelayMs = 200;

export const csrSigningController = defineController({
  name: 'certificatesigningrequest-signing-controller',
  aliases: ['csrsigning'],
  serviceAccount: 'certificate-controller',
  missing: (options) =>
    options.clusterSigningCert === undefined || options.clusterSigningKey === undefined
      ? '--cluster-signing-cert-file and --cluster-signing-key-file are not set'
      : undefined,
  setup,
});

function setup(context: ControllerContext): void {
  const { client, clock, options } = context;
  const authority = new CertificateAuthority(
    options.clusterSigningCert ?? '',
    options.clusterSigningKey ?? '',
  );
  const requests = context.informer(certificateSigningRequests);
  const queue = context.queue({ name: 'csrsigning', workers, baseDelayMs, reconcile });
  const wake = (csr: CertificateSigningRequest): void => {
    if (isToSign(csr)) queue.add(keyOf(csr));
  };
  requests.addHandler({ added: wake, updated: (_, csr) => wake(csr) });

  function isToSign(csr: CertificateSigningRequest): boolean {
    if (isIssued(csr) || signerPolicies[csr.spec?.signerName ?? ''] === undefined) return false;
    if (!hasVerdict(csr, 'Approved') || hasVerdict(csr, 'Denied')) return false;
    return !csr.status?.conditions?.some((c) => c.type === 'Failed' && c.status === 'True');
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<undefined> {
    const csr = requests.store.byKey(key);
    if (csr?.spec === undefined || !isToSign(csr)) return;
    const { usages = [], expirationSeconds, signerName } = csr.spec;
    const request = await parseRequest(csr.spec.request);
    const problem = signerPolicies[signerName]?.(await factsOf(request), usages);
    const nowMs = clock.now();
    if (problem !== undefined) {
      const failed = withVerdict(csr, {
        type: 'Failed',
        status: 'True',
        reason: 'SignerValidationFailure',
        message: problem,
        lastUpdateTime: formatTime(nowMs),
      });
      await client.update(certificateSigningRequests, failed, { subresource: 'status', signal });
      return;
    }
    const terms = { usages, expirationSeconds, maxMs: options.clusterSigningDurationMs };
    const pem = await authority.sign(request, terms, nowMs);
    const certificate = Buffer.from(pem, 'latin1').toString('base64');
    const signed = { ...csr, status: { ...csr.status, certificate } };
    await client.update(certificateSigningRequests, signed, { subresource: 'status', signal });
  }
}
