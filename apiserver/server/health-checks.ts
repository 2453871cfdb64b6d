/** The checks behind /healthz, /livez and /readyz of this server. */
import { type HealthCheck, storageCheck } from './health.ts';

export interface HealthCheckOptions {
  readonly etcdHealthcheckTimeoutMs: number;
  readonly etcdReadycheckTimeoutMs: number;
}

/**
 * `ready`: what is done at the start has been done; `signal`: the server is to end; `more`: checks
 * of what a start again would not make better.
 */
export function healthChecks(
  ready: () => boolean,
  storage: { currentRevision(): Promise<number> },
  signal: AbortSignal,
  options: HealthCheckOptions,
  more: readonly HealthCheck[],
): Record<'healthz' | 'livez' | 'readyz', readonly HealthCheck[]> {
  const etcd = storageCheck('etcd', storage, options.etcdHealthcheckTimeoutMs);
  const always = (name: string): HealthCheck => ({ name, check: () => undefined });
  const started: HealthCheck = {
    name: 'poststarthook/rbac/bootstrap-roles',
    check: () => (ready() ? undefined : 'not finished'),
  };
  const first = [always('ping'), always('log'), etcd];
  return {
    healthz: [...first, ...more, started],
    livez: [...first, started],
    readyz: [
      ...first,
      ...more,
      started,
      // Nobody is listened to before the caches are full.
      always('informer-sync'),
      storageCheck('etcd-readiness', storage, options.etcdReadycheckTimeoutMs),
      {
        name: 'shutdown',
        check: () => (signal.aborted ? 'process is shutting down' : undefined),
      },
    ],
  };
}
