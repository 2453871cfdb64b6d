/**
 * Tokens of Secrets of type kubernetes.io/service-account-token: JWTs without an end, signed with
 * the service account key. Signed with node:crypto: a JOSE library for one signature would cost
 * the process 7 MB.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { Secret, ServiceAccount } from '../../machinery/schema/wire.ts';

const issuer = 'kubernetes/serviceaccount';
const prefix = 'kubernetes.io/serviceaccount/';

const algorithms: Readonly<Record<string, { alg: string; hash: string }>> = {
  prime256v1: { alg: 'ES256', hash: 'sha256' },
  secp384r1: { alg: 'ES384', hash: 'sha384' },
  secp521r1: { alg: 'ES512', hash: 'sha512' },
};

/** Signs tokens with one private key; throws when the key is of a kind that cannot be used. */
export class LegacyTokenSigner {
  private readonly key: KeyObject;
  private readonly header: string;
  private readonly hash: string;

  constructor(pem: string) {
    this.key = createPrivateKey(pem);
    const curve = this.key.asymmetricKeyDetails?.namedCurve ?? '';
    const { alg, hash } =
      this.key.asymmetricKeyType === 'rsa'
        ? { alg: 'RS256', hash: 'sha256' }
        : (algorithms[curve] ?? { alg: '', hash: '' });
    if (alg === '') throw new Error('service account keys are RSA keys or ECDSA keys');
    const publicKey = createPublicKey(this.key).export({ type: 'spki', format: 'der' });
    const kid = createHash('sha256').update(publicKey).digest('base64url');
    this.header = encode({ alg, kid });
    this.hash = hash;
  }

  /** The token for an account, bound to the secret that holds it. */
  sign(account: ServiceAccount, secret: Secret): string {
    const { namespace = '', name = '', uid = '' } = account.metadata ?? {};
    const claims = {
      iss: issuer,
      [`${prefix}namespace`]: namespace,
      [`${prefix}secret.name`]: secret.metadata?.name ?? '',
      [`${prefix}service-account.name`]: name,
      [`${prefix}service-account.uid`]: uid,
      sub: `system:serviceaccount:${namespace}:${name}`,
    };
    const text = `${this.header}.${encode(claims)}`;
    const key = { key: this.key, dsaEncoding: 'ieee-p1363' } as const;
    return `${text}.${sign(this.hash, Buffer.from(text), key).toString('base64url')}`;
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
