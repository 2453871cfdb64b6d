/**
 * All issuers whose tokens are accepted, from flags or from `--authentication-config`, whose
 * changes are followed.
 */
import { readFileSync } from 'node:fs';
import { deepEqual } from '../../../machinery/meta/equality.ts';
import * as fe from '../../../machinery/meta/field-error.ts';
import { followFile, RetryError } from '../../configuration/file-follower.ts';
import type { Reloads } from '../../metrics/reloads.ts';
import { pause } from '../../pause.ts';
import type { AuthOptions } from '../auth-options.ts';
import type { Authentication, TokenAuthenticator } from '../authenticator.ts';
import {
  type AuthenticationConfiguration,
  parseAuthenticationConfiguration,
} from './authentication-configuration.ts';
import { configurationOfFlags, hasOidcFlags, signingAlgorithms } from './flags.ts';
import { JwtAuthenticator } from './jwt-authenticator.ts';
import { validateAuthenticationConfiguration } from './validate-configuration.ts';

export interface IssuersOptions {
  readonly options: AuthOptions;
  /** Whose tokens the server itself makes. */
  readonly ownIssuers: readonly string[];
  now(): number;
  onProblem(what: string, error: unknown): void;
  /** Counts the times that the file is read again. */
  readonly reloads?: Reloads | undefined;
  /** How often the file is looked at. */
  readonly everyMs?: number;
  /** How long new issuers may take to be found. */
  readonly patienceMs?: number;
}

interface IssuerSet {
  readonly authenticators: readonly JwtAuthenticator[];
  readonly stop: AbortController;
  /** Resolves when all of them have ended. */
  readonly ended: Promise<unknown>;
}

const defaultEveryMs = 10_000;
const defaultPatienceMs = 60_000;

export class Issuers implements TokenAuthenticator {
  readonly name = 'oidc';
  readonly anonymous: AuthenticationConfiguration['anonymous'];
  readonly #o: IssuersOptions;
  readonly #file: { readonly path: string; readonly text: string } | undefined;
  readonly #configuration: AuthenticationConfiguration;
  #current: IssuerSet | undefined;

  /** Throws an Error of one line for flags or a file that cannot be. */
  constructor(options: IssuersOptions) {
    this.#o = options;
    const path = options.options.authenticationConfig;
    if (path === undefined) this.#configuration = configurationOfFlags(options.options);
    else {
      if (hasOidcFlags(options.options)) {
        throw new Error('authentication-config file and oidc-* flags are mutually exclusive');
      }
      try {
        const text = readFileSync(path, 'utf8');
        this.#file = { path, text };
        this.#configuration = parseAuthenticationConfiguration(Buffer.from(text));
      } catch (e) {
        throw new Error(
          `failed to load authentication configuration from file ${JSON.stringify(path)}: ${(e as Error).message}`,
        );
      }
    }
    this.#check(this.#configuration);
    this.anonymous = this.#configuration.anonymous;
  }

  /** Whether there may ever be one. */
  get any(): boolean {
    return this.#file !== undefined || (this.#configuration.jwt ?? []).length > 0;
  }

  /** Finds the issuers and follows the file until `signal`. */
  async run(signal: AbortSignal): Promise<void> {
    this.#current = this.#start(this.#configuration);
    if (this.#file !== undefined) {
      await followFile(
        {
          ...this.#file,
          everyMs: this.#o.everyMs ?? defaultEveryMs,
          changed: (text) => this.#reload(text, signal),
          onProblem: (e) =>
            this.#o.onProblem('the authentication configuration stays as it was', e),
          reloads: this.#o.reloads,
        },
        signal,
      );
    } else if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    this.#current.stop.abort();
    await this.#current.ended;
  }

  async authenticateToken(token: string): Promise<Authentication> {
    for (const a of this.#current?.authenticators ?? []) {
      const answer = await a.authenticateToken(token);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  #start(configuration: AuthenticationConfiguration): IssuerSet {
    const algorithms =
      this.#file === undefined ? (this.#o.options.oidcSigningAlgs ?? ['RS256']) : signingAlgorithms;
    const { now, onProblem } = this.#o;
    const authenticators = (configuration.jwt ?? []).map(
      (jwt) => new JwtAuthenticator({ configuration: jwt, algorithms, now, onProblem }),
    );
    const stop = new AbortController();
    const ended = Promise.all(authenticators.map((a) => a.run(stop.signal)));
    return { authenticators, stop, ended };
  }

  async #reload(text: string, signal: AbortSignal): Promise<void> {
    const configuration = parseAuthenticationConfiguration(Buffer.from(text));
    this.#check(configuration);
    if (!deepEqual(configuration.anonymous, this.anonymous)) {
      throw new Error('anonymous: Forbidden: changed from initial configuration file');
    }
    const next = this.#start(configuration);
    const found = Promise.all(next.authenticators.map((a) => a.ready)).then(() => true);
    const late = pause(this.#o.patienceMs ?? defaultPatienceMs, signal).then(() => false);
    if (!(await Promise.race([found, late]))) {
      next.stop.abort();
      await next.ended;
      throw new RetryError('its issuers cannot be reached');
    }
    const before = this.#current;
    this.#current = next;
    before?.stop.abort();
    await before?.ended;
  }

  #check(configuration: AuthenticationConfiguration): void {
    const errors = validateAuthenticationConfiguration(configuration, this.#o.ownIssuers);
    if (errors.length === 0) return;
    throw new Error(`invalid authentication configuration: ${fe.summarize(errors)}`);
  }
}
