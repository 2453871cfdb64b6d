/** Client certificates: the common name is the user, the organizations are its groups. */
import type { X509Certificate } from 'node:crypto';
import { subjectAttributes } from '../pki/certificate-fields.ts';
import { commonNameOid, organizationOid } from '../pki/der.ts';
import type { TrustedAuthorities } from '../pki/trusted-authorities.ts';
import type { UserInfo } from '../registry/resource.ts';
import type { Authentication, Authenticator } from './authenticator.ts';

/** 1.3.6.1.4.1.57683.2, an attribute for the user's uid. */
const uidOid = '2b0601040183c25302';

/** `trusted`: whose signatures count. */
export function clientCertificates(
  trusted: Pick<TrustedAuthorities, 'verifier'>,
  now = Date.now,
): Authenticator {
  const answers = new WeakMap<X509Certificate, Authentication>();
  return {
    name: 'x509',
    authenticate(input) {
      const certificate = input.peerCertificate();
      if (certificate === undefined) return undefined;
      const problem = trusted.verifier.problem(certificate, now());
      if (problem !== undefined) return { invalid: problem };
      if (!answers.has(certificate)) answers.set(certificate, userOf(certificate));
      return answers.get(certificate);
    },
  };
}

/** The certificate's user; undefined when it names none. */
export function userOf(certificate: X509Certificate): Authentication {
  const attributes = subjectAttributes(certificate);
  const textsOf = (oid: string) => attributes.filter((a) => a.oid === oid).map((a) => a.text);
  const name = textsOf(commonNameOid).at(-1) ?? '';
  if (name === '') return undefined;
  const uids = textsOf(uidOid);
  if (uids.length > 1) return { invalid: `expected 1 UID, but found multiple: ${uids.join(' ')}` };
  if (uids[0] === '') return { invalid: 'UID cannot be an empty string' };
  const digest = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  const user: UserInfo = {
    name,
    ...(uids[0] === undefined ? {} : { uid: uids[0] }),
    groups: textsOf(organizationOid),
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${digest}`] },
  };
  return { user };
}
