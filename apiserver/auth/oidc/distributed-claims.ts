/** Claims that stand elsewhere (OpenID Connect Core 1.0, 5.6.2): too many groups for a token. */
import { uncheckedClaims } from '../token-keys.ts';
import { ClaimError, type Claims } from './claims.ts';
import type { IssuerClient } from './issuer-client.ts';
import { discoverKeys } from './issuer-keys.ts';
import { canonicalIssuer, type VerifierOptions, verifyToken } from './token-verifier.ts';

/** Issuers of such claims whose keys are remembered. */
const maxIssuers = 16;

export class ClaimResolver {
  readonly #claim: string;
  readonly #client: IssuerClient;
  readonly #options: Omit<VerifierOptions, 'issuer' | 'keys'>;
  readonly #keys = new Map<string, ReturnType<typeof discoverKeys>>();

  /** `claim`: the one that is looked up. */
  constructor(
    claim: string,
    client: IssuerClient,
    options: Omit<VerifierOptions, 'issuer' | 'keys'>,
  ) {
    this.#claim = claim;
    this.#client = client;
    this.#options = options;
  }

  /** The claims with the one that stands elsewhere. Throws ClaimError. */
  async resolve(claims: Claims): Promise<Claims> {
    const source = this.#source(claims);
    if (source === undefined) return claims;
    try {
      const token = await this.#client.get(source.endpoint, source.token);
      const issuer = canonicalIssuer(uncheckedClaims(token)?.['iss']);
      const keys = await this.#keysOf(issuer);
      const found = await verifyToken(token, { ...this.#options, issuer, keys });
      if (!Object.hasOwn(found, this.#claim)) {
        throw new Error(`the answer of ${source.endpoint} does not contain it`);
      }
      return { ...claims, [this.#claim]: found[this.#claim] };
    } catch (e) {
      const text = `oidc: could not expand distributed claims: while getting distributed claim ${JSON.stringify(this.#claim)}: ${(e as Error).message}`;
      throw new ClaimError(text, { cause: e });
    }
  }

  #source(claims: Claims): { endpoint: string; token: string } | undefined {
    const names = claims['_claim_names'] as Readonly<Record<string, string>> | undefined;
    if (Object.hasOwn(claims, this.#claim) || typeof names !== 'object') return undefined;
    const name = names[this.#claim];
    if (typeof name !== 'string') return undefined;
    const sources = claims['_claim_sources'] as Readonly<Record<string, unknown>> | undefined;
    const source = sources?.[name] as Readonly<Record<string, unknown>> | undefined;
    if (typeof source !== 'object') throw new ClaimError('oidc: no claim sources');
    const { endpoint, access_token: token } = source;
    // An aggregated claim, which nobody reads.
    if (typeof endpoint !== 'string' || endpoint === '') return undefined;
    return { endpoint, token: typeof token === 'string' ? token : '' };
  }

  #keysOf(issuer: string): ReturnType<typeof discoverKeys> {
    let keys = this.#keys.get(issuer);
    if (keys === undefined) {
      if (this.#keys.size >= maxIssuers) this.#keys.clear();
      keys = discoverKeys(this.#client, issuer, undefined);
      this.#keys.set(issuer, keys);
      keys.catch(() => this.#keys.delete(issuer));
    }
    return keys;
  }
}
