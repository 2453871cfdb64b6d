/** The tokens of one issuer. */
import { pause } from '../../pause.ts';
import type { Authentication, TokenAuthenticator } from '../authenticator.ts';
import { uncheckedClaims } from '../token-keys.ts';
import type { JwtConfiguration } from './authentication-configuration.ts';
import { ClaimMapper } from './claim-mapper.ts';
import { ClaimError } from './claims.ts';
import { ClaimResolver } from './distributed-claims.ts';
import { IssuerClient } from './issuer-client.ts';
import { discoverKeys } from './issuer-keys.ts';
import { canonicalIssuer, verifyToken } from './token-verifier.ts';

export interface JwtAuthenticatorOptions {
  readonly configuration: JwtConfiguration;
  /** Of signatures that are accepted. */
  readonly algorithms: readonly string[];
  now(): number;
  onProblem(what: string, error: unknown): void;
  /** How soon keys are fetched again; for tests. */
  readonly cooldownMs?: number;
}

const retryMs = 10_000;

export class JwtAuthenticator implements TokenAuthenticator {
  readonly name = 'oidc';
  readonly issuer: string;
  readonly #o: JwtAuthenticatorOptions;
  readonly #client: IssuerClient;
  readonly #mapper: ClaimMapper;
  readonly #audiences: readonly string[];
  readonly #resolver: ClaimResolver | undefined;
  readonly #ready = Promise.withResolvers<void>();
  #keys: Awaited<ReturnType<typeof discoverKeys>> | undefined;

  constructor(options: JwtAuthenticatorOptions) {
    this.#o = options;
    const { issuer, claimMappings } = options.configuration;
    this.issuer = issuer?.url ?? '';
    this.#mapper = new ClaimMapper(options.configuration);
    this.#audiences = issuer?.audiences ?? [];
    const ca = issuer?.certificateAuthority ?? '';
    this.#client = new IssuerClient(ca === '' ? {} : { ca });
    const groups = claimMappings?.groups?.claim ?? '';
    const { algorithms, now } = options;
    this.#resolver =
      groups === ''
        ? undefined
        : new ClaimResolver(groups, this.#client, { audiences: this.#audiences, algorithms, now });
  }

  /** Resolves when the issuer's keys are known. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /**
   * Finds the issuer, however long it takes: it may run on this very cluster. Resolves when
   * `signal` aborts; then nothing is open any more.
   */
  async run(signal: AbortSignal): Promise<void> {
    const discoveryUrl = this.#o.configuration.issuer?.discoveryURL || undefined;
    while (!signal.aborted && this.#keys === undefined) {
      try {
        const { cooldownMs } = this.#o;
        this.#keys = await discoverKeys(this.#client, this.issuer, discoveryUrl, cooldownMs);
        this.#ready.resolve();
      } catch (e) {
        if (signal.aborted) break;
        this.#o.onProblem(`the issuer ${this.issuer} is not known yet`, e);
        await pause(retryMs, signal);
      }
    }
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    this.#client.close();
  }

  async authenticateToken(token: string): Promise<Authentication> {
    if (canonicalIssuer(uncheckedClaims(token)?.['iss']) !== this.issuer) return undefined;
    if (this.#keys === undefined) return { invalid: 'oidc: authenticator not initialized' };
    const { algorithms, now } = this.#o;
    try {
      const claims = await verifyToken(token, {
        issuer: this.issuer,
        keys: this.#keys,
        audiences: this.#audiences,
        algorithms,
        now,
      }).catch((e: Error) => {
        throw new ClaimError(`oidc: verify token: ${e.message}`, { cause: e });
      });
      const whole = this.#resolver === undefined ? claims : await this.#resolver.resolve(claims);
      return { user: this.#mapper.userOf(whole) };
    } catch (e) {
      if (e instanceof ClaimError) return { invalid: e.message };
      throw e;
    }
  }
}
