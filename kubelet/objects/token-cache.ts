/** Service account tokens of pods, asked of the API and renewed before they run out. */
import type { Client } from '../../client/client.ts';
import { errorFields, type Log } from '../../client/log.ts';
import { serviceAccounts } from '../../client/resources.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { TokenRequest } from '../../machinery/schema/wire.ts';
import type { NodePod } from '../pods/pod.ts';
import type { TokenSource, TokenSpec } from '../volumes/volume-kind.ts';

interface Token {
  readonly token: string;
  readonly expiresAtMs: number;
  readonly refreshAtMs: number;
}

const dayMs = 24 * 3600_000;
const retryMs = 60_000;
/** The share of a token's life after which it is renewed, and the spread over tokens. */
const usedShare = 0.8;
const maxJitterMs = 10_000;

export class TokenCache implements TokenSource {
  private readonly client: Client;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly random: () => number;
  private readonly tokens = new Map<string, Token>();

  constructor(client: Client, clock: Clock, log: Log, random: () => number = Math.random) {
    this.client = client;
    this.clock = clock;
    this.log = log;
    this.random = random;
  }

  async token(pod: NodePod, spec: TokenSpec): Promise<{ token: string; refreshAtMs: number }> {
    const key = keyOf(pod, spec);
    const known = this.tokens.get(key);
    const now = this.clock.now();
    if (known !== undefined && now < known.refreshAtMs) return known;
    try {
      const fresh = await this.request(pod, spec);
      this.tokens.set(key, fresh);
      return fresh;
    } catch (error) {
      // The old one serves until it has run out.
      if (known === undefined || now >= known.expiresAtMs) throw error;
      this.log.warn({ ...errorFields(error), pod: pod.metadata.name }, 'token not renewed');
      return { token: known.token, refreshAtMs: now + retryMs };
    }
  }

  /** Drops the tokens of a pod that is gone. */
  forget(podUid: string): void {
    for (const key of this.tokens.keys()) if (key.startsWith(`${podUid} `)) this.tokens.delete(key);
  }

  private async request(pod: NodePod, spec: TokenSpec): Promise<Token> {
    const { name, namespace, uid } = pod.metadata;
    const account = pod.spec.serviceAccountName || 'default';
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: spec.audience === '' ? [] : [spec.audience],
        expirationSeconds: spec.expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    };
    const answer = await this.client.post<TokenRequest>(
      serviceAccounts,
      { namespace, name: account },
      'token',
      request,
    );
    const { token = '', expirationTimestamp = '' } = answer.status ?? {};
    if (token === '') throw new Error('received empty token from TokenRequest');
    const now = this.clock.now();
    const expiresAtMs = Date.parse(expirationTimestamp) || now + spec.expirationSeconds * 1000;
    const life = Math.min((expiresAtMs - now) * usedShare, dayMs);
    const jitter = this.random() * Math.min(maxJitterMs, life * 0.1);
    return { token, expiresAtMs, refreshAtMs: now + life - jitter };
  }
}

function keyOf(pod: NodePod, spec: TokenSpec): string {
  const account = pod.spec.serviceAccountName ?? '';
  return `${pod.metadata.uid} ${account} ${spec.expirationSeconds} ${spec.audience}`;
}
