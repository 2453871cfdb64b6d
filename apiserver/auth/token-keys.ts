/** The keys of service account tokens: signing, checking, publishing. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

/** Claims as JSON. */
export type Claims = Readonly<Record<string, unknown>>;

interface Algorithm {
  readonly name: 'RS256' | 'ES256' | 'ES384' | 'ES512';
  readonly hash: string;
}

interface PublicKey {
  readonly id: string;
  readonly key: KeyObject;
  readonly algorithm: Algorithm;
}

/** JWTs by RFC 7519, as far as service account tokens need them. */
export class TokenKeys {
  readonly #signing: {
    readonly id: string;
    readonly key: KeyObject;
    readonly algorithm: Algorithm;
  };
  readonly #checking: readonly PublicKey[];

  /**
   * PEM texts, the second ones with one key or more each; private keys serve as public ones too.
   * Throws an Error that says what is wrong with a key.
   */
  constructor(signingKey: string, keys: readonly string[]) {
    const key = createPrivateKey(signingKey);
    const own = publicKey(createPublicKey(key));
    this.#signing = { id: own.id, key, algorithm: own.algorithm };
    const others = keys.flatMap(pemBlocks).map((pem) => publicKey(createPublicKey(pem)));
    this.#checking = [own, ...others].filter(
      (k, i, all) => all.findIndex((other) => other.id === k.id) === i,
    );
  }

  /** A signed token. */
  sign(claims: Claims): string {
    const { id, key, algorithm } = this.#signing;
    const head = base64url(JSON.stringify({ alg: algorithm.name, kid: id }));
    const body = base64url(JSON.stringify(claims));
    const input = Buffer.from(`${head}.${body}`);
    const signature = sign(algorithm.hash, input, { key, dsaEncoding: 'ieee-p1363' });
    return `${head}.${body}.${signature.toString('base64url')}`;
  }

  /** The claims of a token with a good signature; undefined when it is none of ours. */
  verify(token: string): Claims | undefined {
    const [head = '', body = '', signature = '', ...more] = token.split('.');
    if (more.length > 0) return undefined;
    const header = jsonObject(head);
    if (header === undefined) return undefined;
    const input = Buffer.from(`${head}.${body}`);
    const bytes = Buffer.from(signature, 'base64url');
    for (const { id, key, algorithm } of this.#checking) {
      if (header['alg'] !== algorithm.name) continue;
      if (header['kid'] !== undefined && header['kid'] !== id) continue;
      if (!verify(algorithm.hash, input, { key, dsaEncoding: 'ieee-p1363' }, bytes)) continue;
      return jsonObject(body);
    }
    return undefined;
  }

  /** RFC 7517, what /openid/v1/jwks shows. */
  jwks(): Promise<object> {
    const keys = this.#checking.map(({ id, key, algorithm }) => ({
      use: 'sig',
      ...key.export({ format: 'jwk' }),
      kid: id,
      alg: algorithm.name,
    }));
    return Promise.resolve({ keys });
  }
}

/** The claims of a token without a look at its signature; undefined when it is no JWT. */
export function uncheckedClaims(token: string): Claims | undefined {
  const parts = token.split('.');
  return parts.length === 3 ? jsonObject(parts[1]!) : undefined;
}

function jsonObject(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}

function pemBlocks(text: string): string[] {
  const blocks = text.match(/-----BEGIN ([^\n]+?)-----[\s\S]+?-----END \1-----/g) ?? [];
  // The parameters of a curve stand before the key in some files.
  const keys = blocks.filter((block) => !block.includes('BEGIN EC PARAMETERS'));
  if (keys.length === 0) throw new Error('no service account key found: expected PEM');
  return keys;
}

function publicKey(key: KeyObject): PublicKey {
  const algorithm = algorithmOf(key);
  // The id that the real server gives: the digest of the key's own encoding.
  const der = key.export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(der).digest('base64url');
  return { id, key, algorithm };
}

const byCurve: Readonly<Record<string, Algorithm>> = {
  prime256v1: { name: 'ES256', hash: 'sha256' },
  secp384r1: { name: 'ES384', hash: 'sha384' },
  secp521r1: { name: 'ES512', hash: 'sha512' },
};

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Algorithm {
  if (asymmetricKeyType === 'rsa') return { name: 'RS256', hash: 'sha256' };
  const curve = asymmetricKeyDetails?.namedCurve ?? '';
  const found = asymmetricKeyType === 'ec' ? byCurve[curve] : undefined;
  if (found !== undefined) return found;
  throw new Error(`service account keys of type ${asymmetricKeyType} ${curve} are not supported`);
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
