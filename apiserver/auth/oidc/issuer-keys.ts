/** The keys of one issuer, found by OpenID Connect Discovery 1.0, fetched when they are needed. */
import type { CompactVerifyGetKey } from 'jose';
import type { IssuerClient } from './issuer-client.ts';

const wellKnown = '/.well-known/openid-configuration';
/** How soon keys are fetched again for a token with a key that is not known. */
const defaultCooldownMs = 5_000;

/** Throws an Error when the issuer cannot be reached or is another one. */
export async function discoverKeys(
  client: IssuerClient,
  issuer: string,
  discoveryUrl: string | undefined,
  cooldownMs = defaultCooldownMs,
): Promise<CompactVerifyGetKey> {
  const url = discoveryUrl ?? `${issuer.replace(/\/$/, '')}${wellKnown}`;
  const document = parse(await client.get(url), url);
  if (document['issuer'] !== issuer) {
    throw new Error(
      `oidc: issuer URL provided to client (${JSON.stringify(issuer)}) did not match the issuer URL returned by provider (${JSON.stringify(document['issuer'])})`,
    );
  }
  const keysUrl = document['jwks_uri'];
  if (typeof keysUrl !== 'string' || !URL.canParse(keysUrl)) {
    throw new Error('provider did not return JWKS URL');
  }
  const { createRemoteJWKSet, customFetch } = await import('jose');
  return createRemoteJWKSet(new URL(keysUrl), {
    // A key holds until the issuer signs with another one.
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: cooldownMs,
    [customFetch]: async (address: string) => new Response(await client.get(address)),
  });
}

function parse(text: string, url: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (e) {
    throw new Error(`Get ${JSON.stringify(url)}: ${(e as Error).message}`);
  }
  throw new Error(`Get ${JSON.stringify(url)}: not an object`);
}
