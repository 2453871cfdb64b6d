/** An issuer for tests: discovery, keys and whatever else a test publishes, over HTTPS. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { createAuthority, issue } from '../../pki/pki.ts';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

export interface TestIssuer extends AsyncDisposable {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  /** Bodies by path; further ones may be added. */
  readonly documents: Map<string, () => string>;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** From now on signs with a new key; the one before stays published when it is `kept`. */
  rotate(kept?: boolean): Promise<void>;
  /**
   * A token with these claims, for `client`, that holds for an hour. It names its key unless it is
   * `nameless`.
   */
  token(claims: Readonly<Record<string, unknown>>, nameless?: boolean): Promise<string>;
}

/** Starts one on a port of its own. */
export async function startTestIssuer(algorithm = 'RS256'): Promise<TestIssuer> {
  const authority = await createAuthority('issuer-ca');
  const serving = await issue(authority, {
    commonName: 'issuer',
    names: ['127.0.0.1'],
    usages: ['server'],
  });
  const documents = new Map<string, () => string>();
  const asked: string[] = [];
  const server = createServer(
    { cert: serving.certificate, key: serving.key },
    (request, response) => {
      const path = request.url ?? '';
      asked.push(path);
      const body = documents.get(path)?.();
      response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
      response.end(body ?? 'not found');
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let keyNumber = 0;
  let keys: KeyPair;
  let published: JWK[] = [];
  const rotate = async (kept = false) => {
    keys = await generateKeyPair(algorithm);
    const key = { ...(await exportJWK(keys.publicKey)), kid: `key-${++keyNumber}`, use: 'sig' };
    published = kept ? [...published, key] : [key];
  };
  await rotate();
  documents.set('/.well-known/openid-configuration', () =>
    JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }),
  );
  documents.set('/keys', () => JSON.stringify({ keys: published }));
  return {
    url,
    ca: authority.certificate,
    documents,
    asked,
    rotate,
    token: (claims, nameless = false) =>
      new SignJWT({
        iss: url,
        aud: 'client',
        exp: Math.floor(Date.now() / 1000) + 3600,
        ...claims,
      })
        .setProtectedHeader({
          alg: algorithm,
          ...(nameless ? {} : { kid: published.at(-1)!.kid! }),
        })
        .sign(keys.privateKey),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
