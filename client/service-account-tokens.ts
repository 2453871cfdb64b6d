/**
 * Tokens of service accounts for a component that acts as several of them: asked for when first
 * needed, asked for again before they end. The accounts are made when they are not there.
 * Source of the rule: --use-service-account-credentials of kube-controller-manager.
 */
import type { Clock } from '../machinery/meta/clock.ts';
import { hasReason } from '../machinery/meta/status-error.ts';
import type { TokenRequest } from '../machinery/schema/wire.ts';
import type { Client } from './client.ts';
import type { Bearer } from './http-transport.ts';
import { serviceAccounts } from './resources.ts';

export interface TokenOptions {
  /** May create accounts and their tokens. */
  readonly client: Client;
  readonly clock: Clock;
  /** Of the accounts: `kube-system`. */
  readonly namespace: string;
}

const lifeSeconds = 3600;
/** A token is replaced when this part of its life has passed. */
const replacedAfter = 0.8;

interface Held {
  readonly text: Promise<string>;
  readonly untilMs: number;
}

/** Asks for tokens with one client and keeps them. */
export class ServiceAccountTokens {
  readonly #options: TokenOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /** What a client shows for the account. */
  bearer(account: string): Bearer {
    return { token: () => this.of(account), refused: () => void this.#held.delete(account) };
  }

  /** A token that is good for a while. Rejects as the API server answers; asks again next time. */
  async of(account: string): Promise<string> {
    const now = this.#options.clock.now();
    const known = this.#held.get(account);
    if (known !== undefined && now < known.untilMs) return known.text;
    const text = this.#ask(account);
    const held = { text, untilMs: now + lifeSeconds * 1000 * replacedAfter };
    this.#held.set(account, held);
    text.catch(() => this.#drop(account, held));
    return text;
  }

  #drop(account: string, held: Held): void {
    if (this.#held.get(account) === held) this.#held.delete(account);
  }

  async #ask(account: string): Promise<string> {
    try {
      return await this.#request(account);
    } catch (e) {
      if (!hasReason(e, 'NotFound')) throw e;
    }
    const { client, namespace } = this.#options;
    try {
      await client.create(serviceAccounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { namespace, name: account },
      });
    } catch (e) {
      if (!hasReason(e, 'AlreadyExists')) throw e;
    }
    return this.#request(account);
  }

  async #request(account: string): Promise<string> {
    const { client, namespace } = this.#options;
    const key = { namespace, name: account };
    const answer = await client.post<TokenRequest>(serviceAccounts, key, 'token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: lifeSeconds },
    });
    const token = answer.status?.token ?? '';
    if (token === '') throw new Error(`no token came for service account ${namespace}/${account}`);
    return token;
  }
}
