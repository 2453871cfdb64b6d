/** The keys of service account tokens: signing, checking, publishing. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { StatusError } from '../../machinery/meta/status-error.ts';

/** Claims as JSON. */
export type Claims = Readonly<Record<string, unknown>>;

interface PublicKey {
  readonly id: string;
  readonly key: KeyObject;
  readonly algorithm: 'RS256' | 'ES256';
}

/** JWTs by RFC 7519, as far as service account tokens need them: RS256 and ES256. */
export class TokenKeys {
  readonly #signing: { readonly id: string; readonly key: KeyObject; readonly algorithm: string };
  readonly #checking: readonly PublicKey[];

  /** PEM texts; private keys serve as public ones too. */
  constructor(signingKey: string, keys: readonly string[]) {
    const key = createPrivateKey(signingKey);
    const own = publicKey(createPublicKey(key));
    this.#signing = { id: own.id, key, algorithm: own.algorithm };
    this.#checking = [own, ...keys.map((pem) => publicKey(createPublicKey(pem)))].filter(
      (k, i, all) => all.findIndex((other) => other.id === k.id) === i,
    );
  }

  /** A signed token. */
  sign(claims: Claims): string {
    const { id, key, algorithm } = this.#signing;
    const head = base64url(JSON.stringify({ alg: algorithm, kid: id }));
    const body = base64url(JSON.stringify(claims));
    const input = Buffer.from(`${head}.${body}`);
    const signature = sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' });
    return `${head}.${body}.${signature.toString('base64url')}`;
  }

  /** The claims of a token with a good signature; undefined when it is none of ours. */
  verify(token: string): Claims | undefined {
    const parts = token.split('.');
    if (parts.length !== 3) return undefined;
    const [head = '', body = '', signature = ''] = parts;
    let header: { alg?: unknown; kid?: unknown };
    try {
      header = JSON.parse(Buffer.from(head, 'base64url').toString('utf8'));
    } catch {
      return undefined;
    }
    const input = Buffer.from(`${head}.${body}`);
    const bytes = Buffer.from(signature, 'base64url');
    for (const k of this.#checking) {
      if (header.alg !== k.algorithm) continue;
      if (header.kid !== undefined && header.kid !== k.id) continue;
      if (!verify('sha256', input, { key: k.key, dsaEncoding: 'ieee-p1363' }, bytes)) continue;
      return JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Claims;
    }
    return undefined;
  }

  /** RFC 7517, what /openid/v1/jwks shows. */
  jwks(): Promise<object> {
    const keys = this.#checking.map(({ id, key, algorithm }) => ({
      use: 'sig',
      ...key.export({ format: 'jwk' }),
      kid: id,
      alg: algorithm,
    }));
    return Promise.resolve({ keys });
  }
}

function publicKey(key: KeyObject): PublicKey {
  const type = key.asymmetricKeyType;
  if (type !== 'rsa' && type !== 'ec') {
    throw new StatusError(
      'InternalError',
      `service account keys of type ${type} are not supported`,
    );
  }
  // The id that the real server gives: the digest of the key's own encoding.
  const der = key.export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(der).digest('base64url');
  return { id, key, algorithm: type === 'rsa' ? 'RS256' : 'ES256' };
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
