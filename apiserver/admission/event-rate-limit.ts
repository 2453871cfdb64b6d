/**
 * EventRateLimit: so many events a second from all, from a namespace, a user or a source. Off by
 * default; limits come from a configuration file (eventratelimit.admission.k8s.io/v1alpha1).
 */
import { StatusError } from '../../machinery/meta/status-error.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from './admission.ts';

type Limited = 'Server' | 'Namespace' | 'User' | 'SourceAndObject';

interface Limit {
  readonly type: Limited;
  readonly qps: number;
  readonly burst: number;
  readonly cacheSize?: number;
}

const defaultCacheSize = 4096;

const keys: Readonly<Record<Limited, (a: AdmissionAttributes) => string>> = {
  Server: () => '',
  Namespace: (a) => a.namespace,
  User: (a) => a.user.name,
  SourceAndObject: (a) => sourceAndObject(a.object!),
};

/** `document` is what a configuration file says of it. Throws an Error when that is malformed. */
export function eventRateLimit(env: AdmissionEnvironment, document?: unknown): AdmissionPlugin {
  const limiters = limitsOf(document).map((limit) => new Limiter(limit));
  return {
    name: 'EventRateLimit',
    handles: (a) =>
      (a.operation === 'CREATE' || a.operation === 'UPDATE') &&
      // Those of events.k8s.io are another kind, and pass.
      a.group === '' &&
      a.kind === 'Event' &&
      !a.dryRun,
    validate(a) {
      const problems = limiters
        .map((limiter) => limiter.take(a, env.now()))
        .filter((problem) => problem !== undefined);
      if (problems.length === 0) return;
      const texts = [...new Set(problems)];
      const text = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
      throw new StatusError('TooManyRequests', `Too many requests: ${text}`);
    },
  };
}

function limitsOf(document: unknown): readonly Limit[] {
  if (document === undefined) return [];
  const { limits } = document as { limits?: unknown };
  if (!Array.isArray(limits) || limits.length === 0) throw new Error('limits: must not be empty');
  limits.forEach((limit: Partial<Limit>, i) => {
    if (!Object.hasOwn(keys, limit.type ?? '')) {
      const known = Object.keys(keys).map((k) => JSON.stringify(k));
      throw new Error(`limits[${i}].type: supported values: ${known.join(', ')}`);
    }
    for (const field of ['burst', 'qps'] as const) {
      if (!((limit[field] ?? 0) > 0)) throw new Error(`limits[${i}].${field}: must be positive`);
    }
    if ((limit.cacheSize ?? 0) < 0) throw new Error(`limits[${i}].cacheSize: must not be negative`);
  });
  return limits as Limit[];
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A bucket for each key that was seen lately. */
class Limiter {
  readonly #limit: Limit;
  /** The one used longest ago comes first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  /** What is wrong with one event more, now. */
  take(a: AdmissionAttributes, nowMs: number): string | undefined {
    const { type, qps, burst, cacheSize = 0 } = this.#limit;
    const key = keys[type](a);
    const bucket = this.#buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    const gained = (Math.max(0, nowMs - bucket.atMs) / 1000) * qps;
    bucket.tokens = Math.min(burst, bucket.tokens + gained);
    bucket.atMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > (cacheSize || defaultCacheSize)) {
      this.#buckets.delete(this.#buckets.keys().next().value!);
    }
    if (bucket.tokens < 1) return `limit reached on type ${type} for key ${key}`;
    bucket.tokens -= 1;
    return undefined;
  }
}

function sourceAndObject(event: KubeObject): string {
  const { source, involvedObject } = event as {
    source?: Record<string, string>;
    involvedObject?: Record<string, string>;
  };
  return [
    ...[source?.['component'], source?.['host']],
    ...['kind', 'namespace', 'name', 'uid', 'apiVersion'].map((f) => involvedObject?.[f]),
  ].join('');
}
