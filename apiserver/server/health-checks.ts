/** The checks behind /healthz, /livez and /readyz of this server, under upstream's names. */
import { type HealthCheck, storageCheck } from './health.ts';

export interface HealthCheckOptions {
  readonly etcdHealthcheckTimeoutMs: number;
  readonly etcdReadycheckTimeoutMs: number;
}

/** What is made sure of at the start, all of it before the server calls itself ready. */
const hooks = [
  'start-system-namespaces-controller',
  'start-cluster-authentication-info-controller',
  'start-kube-apiserver-identity-lease-controller',
  'start-legacy-token-tracking-controller',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
  'start-kubernetes-service-cidr-controller',
];

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
  const first = [always('ping'), always('log'), etcd];
  const done = hooks.map((hook) => ({
    name: `poststarthook/${hook}`,
    check: () => (ready() ? undefined : 'not finished'),
  }));
  return {
    healthz: [...first, ...more, ...done],
    livez: [...first, ...done],
    readyz: [
      ...first,
      storageCheck('etcd-readiness', storage, options.etcdReadycheckTimeoutMs),
      ...more,
      // Nothing is answered before the caches are full.
      always('informer-sync'),
      ...done,
      {
        name: 'shutdown',
        check: () => (signal.aborted ? 'process is shutting down' : undefined),
      },
    ],
  };
}
