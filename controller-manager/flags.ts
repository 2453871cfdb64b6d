/**
 * The flags of kube-controller-manager that are acted on, with upstream's names and defaults. A
 * flag that is not in this table is unknown, never ignored.
 */
import { readFileSync } from 'node:fs';
import { parseDuration } from '../machinery/meta/times.ts';
import { type ControllerManagerOptions, defaultOptions } from './options.ts';

export type FlagKind = 'string' | 'int' | 'float' | 'bool' | 'duration' | 'list';

export interface Flag {
  readonly kind: FlagKind;
  readonly help: string;
}

const workers = (what: string): Flag => ({ kind: 'int', help: `${what} synced at the same time` });

/** By name, without the dashes. */
export const flags = {
  kubeconfig: { kind: 'string', help: 'kubeconfig file; without it the pod’s own account is used' },
  controllers: { kind: 'list', help: 'controllers to run: *, name, -name' },
  'bind-address': { kind: 'string', help: 'address of the health port' },
  'secure-port': { kind: 'int', help: 'health port; 0 for none' },
  'tls-cert-file': { kind: 'string', help: 'certificate of the health port' },
  'tls-private-key-file': { kind: 'string', help: 'key of the health port' },
  'leader-elect': { kind: 'bool', help: 'run only while holding the lease' },
  'leader-elect-lease-duration': { kind: 'duration', help: 'how long a lease holds' },
  'leader-elect-renew-deadline': { kind: 'duration', help: 'give up leading after' },
  'leader-elect-retry-period': { kind: 'duration', help: 'between tries' },
  'leader-elect-resource-name': { kind: 'string', help: 'name of the lease' },
  'leader-elect-resource-namespace': { kind: 'string', help: 'namespace of the lease' },
  'allocate-node-cidrs': { kind: 'bool', help: 'give nodes ranges of pod addresses' },
  'cluster-cidr': { kind: 'list', help: 'ranges of pod addresses' },
  'service-cluster-ip-range': { kind: 'list', help: 'ranges that nodes must not get' },
  'node-cidr-mask-size': { kind: 'int', help: 'prefix length of a node’s range' },
  'node-cidr-mask-size-ipv4': { kind: 'int', help: 'the same, for IPv4 of two families' },
  'node-cidr-mask-size-ipv6': { kind: 'int', help: 'the same, for IPv6 of two families' },
  'service-account-private-key-file': { kind: 'string', help: 'signs tokens in secrets' },
  'use-service-account-credentials': {
    kind: 'bool',
    help: 'each controller acts as a service account of its own',
  },
  'root-ca-file': { kind: 'string', help: 'CA that is published in every namespace' },
  'cluster-signing-cert-file': { kind: 'string', help: 'CA that signs certificate requests' },
  'cluster-signing-key-file': { kind: 'string', help: 'its key' },
  'cluster-signing-duration': { kind: 'duration', help: 'longest life of what is signed' },
  'node-monitor-period': { kind: 'duration', help: 'between looks at the nodes' },
  'node-monitor-grace-period': { kind: 'duration', help: 'silence until a node is unknown' },
  'node-startup-grace-period': { kind: 'duration', help: 'the same for a new node' },
  'node-eviction-rate': { kind: 'float', help: 'nodes emptied per second' },
  'secondary-node-eviction-rate': { kind: 'float', help: 'the same in a zone that is in trouble' },
  'unhealthy-zone-threshold': { kind: 'float', help: 'share of nodes that puts a zone in trouble' },
  'large-cluster-size-threshold': { kind: 'int', help: 'nodes that make a zone large' },
  'terminated-pod-gc-threshold': { kind: 'int', help: 'ended pods kept; 0 or less for all' },
  'resource-quota-sync-period': { kind: 'duration', help: 'between full counts' },
  'enable-garbage-collector': { kind: 'bool', help: 'collect what lost its owners' },
  'max-endpoints-per-slice': { kind: 'int', help: 'endpoints in a slice' },
  'mirroring-max-endpoints-per-subset': { kind: 'int', help: 'endpoints mirrored of a subset' },
  'concurrent-deployment-syncs': workers('deployments'),
  'concurrent-replicaset-syncs': workers('replica sets'),
  'concurrent-rc-syncs': workers('replication controllers'),
  'concurrent-statefulset-syncs': workers('stateful sets'),
  'concurrent-daemonset-syncs': workers('daemon sets'),
  'concurrent-job-syncs': workers('jobs'),
  'concurrent-cron-job-syncs': workers('cron jobs'),
  'concurrent-endpoint-syncs': workers('services for endpoints'),
  'concurrent-service-endpoint-syncs': workers('services for slices'),
  'mirroring-concurrent-service-endpoint-syncs': workers('endpoints for mirroring'),
  'concurrent-namespace-syncs': workers('namespaces'),
  'concurrent-gc-syncs': workers('objects for garbage collection'),
  'concurrent-resource-quota-syncs': workers('quotas'),
  'concurrent-serviceaccount-token-syncs': workers('token secrets'),
  'concurrent-ttl-after-finished-syncs': workers('ended jobs'),
} as const satisfies Record<string, Flag>;

export type FlagName = keyof typeof flags;

/** Flags as given, by name. */
export type FlagValues = Readonly<Record<string, string>>;

export interface ParsedFlags {
  readonly options: ControllerManagerOptions;
  readonly kubeconfig: string | undefined;
  readonly bindAddress: string;
  readonly securePort: number;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

/** Reads values and the files they name. Throws an Error with one line for people. */
export function parseFlags(values: FlagValues): ParsedFlags {
  for (const name of Object.keys(values)) {
    if (!(name in flags)) throw new Error(`unknown flag: --${name}`);
  }
  const read = new Reader(values);
  const d = defaultOptions;
  const le = d.leaderElection;
  const mask4 = read.int('node-cidr-mask-size', d.nodeCidrMaskSizeIpv4);
  const mask6 = read.int('node-cidr-mask-size', d.nodeCidrMaskSizeIpv6);
  const options: ControllerManagerOptions = {
    controllers: read.list('controllers', d.controllers),
    leaderElection: {
      leaderElect: read.bool('leader-elect', le.leaderElect),
      leaseDurationMs: read.duration('leader-elect-lease-duration', le.leaseDurationMs),
      renewDeadlineMs: read.duration('leader-elect-renew-deadline', le.renewDeadlineMs),
      retryPeriodMs: read.duration('leader-elect-retry-period', le.retryPeriodMs),
      resourceName: read.string('leader-elect-resource-name') ?? le.resourceName,
      resourceNamespace: read.string('leader-elect-resource-namespace') ?? le.resourceNamespace,
    },
    allocateNodeCidrs: read.bool('allocate-node-cidrs', d.allocateNodeCidrs),
    clusterCidrs: read.list('cluster-cidr', d.clusterCidrs),
    serviceClusterIpRanges: read.list('service-cluster-ip-range', d.serviceClusterIpRanges),
    nodeCidrMaskSizeIpv4: read.int('node-cidr-mask-size-ipv4', mask4),
    nodeCidrMaskSizeIpv6: read.int('node-cidr-mask-size-ipv6', mask6),
    serviceAccountPrivateKey: read.file('service-account-private-key-file'),
    useServiceAccountCredentials: read.bool(
      'use-service-account-credentials',
      d.useServiceAccountCredentials,
    ),
    rootCa: read.file('root-ca-file'),
    clusterSigningCert: read.file('cluster-signing-cert-file'),
    clusterSigningKey: read.file('cluster-signing-key-file'),
    clusterSigningDurationMs: read.duration('cluster-signing-duration', d.clusterSigningDurationMs),
    nodeMonitorPeriodMs: read.duration('node-monitor-period', d.nodeMonitorPeriodMs),
    nodeMonitorGracePeriodMs: read.duration(
      'node-monitor-grace-period',
      d.nodeMonitorGracePeriodMs,
    ),
    nodeStartupGracePeriodMs: read.duration(
      'node-startup-grace-period',
      d.nodeStartupGracePeriodMs,
    ),
    nodeEvictionRate: read.float('node-eviction-rate', d.nodeEvictionRate),
    secondaryNodeEvictionRate: read.float(
      'secondary-node-eviction-rate',
      d.secondaryNodeEvictionRate,
    ),
    unhealthyZoneThreshold: read.float('unhealthy-zone-threshold', d.unhealthyZoneThreshold),
    largeClusterSizeThreshold: read.int(
      'large-cluster-size-threshold',
      d.largeClusterSizeThreshold,
    ),
    terminatedPodGcThreshold: read.int('terminated-pod-gc-threshold', d.terminatedPodGcThreshold),
    resourceQuotaSyncPeriodMs: read.duration(
      'resource-quota-sync-period',
      d.resourceQuotaSyncPeriodMs,
    ),
    enableGarbageCollector: read.bool('enable-garbage-collector', d.enableGarbageCollector),
    maxEndpointsPerSlice: read.int('max-endpoints-per-slice', d.maxEndpointsPerSlice),
    mirroringMaxEndpointsPerSubset: read.int(
      'mirroring-max-endpoints-per-subset',
      d.mirroringMaxEndpointsPerSubset,
    ),
    concurrentDeploymentSyncs: read.workers('deployment', d.concurrentDeploymentSyncs),
    concurrentReplicaSetSyncs: read.workers('replicaset', d.concurrentReplicaSetSyncs),
    concurrentRcSyncs: read.workers('rc', d.concurrentRcSyncs),
    concurrentStatefulSetSyncs: read.workers('statefulset', d.concurrentStatefulSetSyncs),
    concurrentDaemonSetSyncs: read.workers('daemonset', d.concurrentDaemonSetSyncs),
    concurrentJobSyncs: read.workers('job', d.concurrentJobSyncs),
    concurrentCronJobSyncs: read.workers('cron-job', d.concurrentCronJobSyncs),
    concurrentEndpointSyncs: read.workers('endpoint', d.concurrentEndpointSyncs),
    concurrentServiceEndpointSyncs: read.workers(
      'service-endpoint',
      d.concurrentServiceEndpointSyncs,
    ),
    mirroringConcurrentServiceEndpointSyncs: read.int(
      'mirroring-concurrent-service-endpoint-syncs',
      d.mirroringConcurrentServiceEndpointSyncs,
    ),
    concurrentNamespaceSyncs: read.workers('namespace', d.concurrentNamespaceSyncs),
    concurrentGcSyncs: read.workers('gc', d.concurrentGcSyncs),
    concurrentResourceQuotaSyncs: read.workers('resource-quota', d.concurrentResourceQuotaSyncs),
    concurrentServiceAccountTokenSyncs: read.workers(
      'serviceaccount-token',
      d.concurrentServiceAccountTokenSyncs,
    ),
    concurrentTtlAfterFinishedSyncs: read.workers(
      'ttl-after-finished',
      d.concurrentTtlAfterFinishedSyncs,
    ),
  };
  const cert = read.file('tls-cert-file');
  const key = read.file('tls-private-key-file');
  if ((cert === undefined) !== (key === undefined)) {
    throw new Error('--tls-cert-file and --tls-private-key-file go together');
  }
  return {
    options,
    kubeconfig: read.string('kubeconfig'),
    bindAddress: read.string('bind-address') ?? '0.0.0.0',
    securePort: read.int('secure-port', 10257),
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
  };
}

type WorkersFlag<N extends FlagName> = N extends `concurrent-${infer Kind}-syncs` ? Kind : never;

class Reader {
  private readonly values: FlagValues;

  constructor(values: FlagValues) {
    this.values = values;
  }

  string(name: FlagName): string | undefined {
    const value = this.values[name];
    return value === '' ? undefined : value;
  }

  file(name: FlagName): string | undefined {
    const path = this.string(name);
    try {
      return path === undefined ? undefined : readFileSync(path, 'utf8');
    } catch (cause) {
      throw new Error(`--${name}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }

  list(name: FlagName, otherwise: readonly string[]): readonly string[] {
    return this.string(name)?.split(',') ?? otherwise;
  }

  bool(name: FlagName, otherwise: boolean): boolean {
    const value = this.string(name);
    if (value === undefined) return otherwise;
    if (value !== 'true' && value !== 'false') throw this.invalid(name, value);
    return value === 'true';
  }

  int(name: FlagName, otherwise: number): number {
    const value = this.string(name);
    if (value === undefined) return otherwise;
    if (!/^-?[0-9]+$/.test(value)) throw this.invalid(name, value);
    return Number(value);
  }

  float(name: FlagName, otherwise: number): number {
    const value = this.string(name);
    if (value === undefined) return otherwise;
    if (!/^[0-9]*\.?[0-9]+$/.test(value)) throw this.invalid(name, value);
    return Number(value);
  }

  duration(name: FlagName, otherwise: number): number {
    const value = this.string(name);
    if (value === undefined) return otherwise;
    try {
      return parseDuration(value);
    } catch {
      throw this.invalid(name, value);
    }
  }

  workers(kind: WorkersFlag<FlagName>, otherwise: number): number {
    const name: FlagName = `concurrent-${kind}-syncs`;
    const count = this.int(name, otherwise);
    if (count < 1) throw this.invalid(name, String(count));
    return count;
  }

  private invalid(name: FlagName, value: string): Error {
    return new Error(`invalid argument "${value}" for "--${name}" flag`);
  }
}
