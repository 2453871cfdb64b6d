/** Who may approve or sign certificate requests: permission on the signer that they name. */
import type { AdmissionAttributes, AdmissionEnvironment } from './admission.ts';
import { refused } from './refusal.ts';

/** True for requests on a subresource of CertificateSigningRequests ('' for themselves). */
export function isSigningRequest(a: AdmissionAttributes, subresource: string): boolean {
  return (
    a.group === 'certificates.k8s.io' &&
    a.resource === 'certificatesigningrequests' &&
    a.subresource === subresource
  );
}

/** Refuses a user who may not do that for the signer, nor for all signers of its domain. */
export async function requireSigner(
  env: AdmissionEnvironment,
  a: AdmissionAttributes,
  verb: 'approve' | 'sign',
  signerName: string,
): Promise<void> {
  const allowed = (name: string) =>
    env.authorize({
      user: a.user,
      verb,
      resourceRequest: true,
      group: 'certificates.k8s.io',
      version: '*',
      resource: 'signers',
      subresource: '',
      namespace: '',
      name,
      path: '',
    });
  if (await allowed(signerName)) return;
  if (await allowed(`${signerName.split('/')[0]}/*`)) return;
  throw refused(
    a,
    `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`,
  );
}
