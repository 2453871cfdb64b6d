/** The checks behind /healthz, /livez and /readyz of this server. */
import { type HealthCheck, storageCheck } from './health.ts';

export interface HealthCheckOptions {
  readonly etcdHealthcheckTimeoutMs: number;
  readonly etcdReadycheckTimeoutMs: number;
}

/** `ready`: what is done at the start has been done; `signal`: the server is to end. */
export function healthChecks(
  ready: () => boolean,
  storage: { currentRevision(): Promise<number> },
  signal: AbortSignal,
  options: HealthCheckOptions,
): Record<'healthz' | 'livez' | 'readyz', readonly HealthCheck[]> {
  const etcd = storageCheck('etcd', storage, options.etcdHealthcheckTimeoutMs);
  const always = (name: string): HealthCheck => ({ name, check: () => undefined });
  const started: HealthCheck = {
    name: 'poststarthook/rbac/bootstrap-roles',
    check: () => (ready() ? undefined : 'not finished'),
  };
  const live = [always('ping'), always('log'), etcd, started];
  return {
    healthz: live,
    livez: live,
    readyz: [
      ...live,
      storageCheck('etcd-readiness', storage, options.etcdReadycheckTimeoutMs),
      {
        name: 'shutdown',
        check: () => (signal.aborted ? 'process is shutting down' : undefined),
      },
    ],
  };
}
