/**
 * The objects that a server makes sure of: namespaces, default roles, priorities, its own groups,
 * the service `kubernetes`. At start all of them, concurrently; some are kept right afterwards.
 */
import { hasReason } from '../machinery/meta/status-error.ts';
import { formatTime } from '../machinery/meta/times.ts';
import type { KubeObject, Lease, ServiceCIDR } from '../machinery/schema/wire.ts';
import {
  authenticationConfig,
  reviseAuthenticationConfig,
} from './bootstrap/authentication-config.ts';
import { complete, ensure } from './bootstrap/ensure.ts';
import { isLeftOver, reviseFlowControl } from './bootstrap/flow-control.ts';
import {
  identityLease,
  isLeftIdentityLease,
  renewIdentityLease,
  type ServerIdentity,
} from './bootstrap/identity-lease.ts';
import {
  defaultServiceCidr,
  kubernetesEndpoints,
  kubernetesService,
  kubernetesSlice,
  reviseEndpoints,
  reviseService,
  reviseServiceCidr,
  reviseSlice,
} from './bootstrap/kubernetes-service.ts';
import { reviseBinding, reviseRole } from './bootstrap/rbac.ts';
import type { ServerAddresses } from './bootstrap/server-addresses.ts';
import type { ApiServerOptions } from './options.ts';
import { pause } from './pause.ts';
import { firstAddress, type ServerCertificates } from './pki/server-certificates.ts';
import { builtinApiServices } from './registry/apiregistration/builtin-api-services.ts';
import {
  flowcontrolBootstrap,
  priorityClassBootstrap,
  rbacBootstrap,
} from './registry/bootstrap/bootstrap.ts';
import type { ResourceAccess } from './registry/resource.ts';

export interface BootstrapEnvironment {
  readonly access: ResourceAccess;
  readonly options: ApiServerOptions;
  readonly certificates: ServerCertificates;
  readonly identity: ServerIdentity;
  /** Where servers that share a store tell of each other; undefined: there is only this one. */
  readonly servers: ServerAddresses | undefined;
  /** Resolves when reads of `access` are as fresh as a quorum read. */
  fresh(): Promise<void>;
  now(): number;
  onProblem(what: string, error: unknown): void;
}

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const leases = 'leases.coordination.k8s.io';
const rbacGroup = 'rbac.authorization.k8s.io';
const flowGroup = 'flowcontrol.apiserver.k8s.io';
const flowManager = 'api-priority-and-fairness-config-producer-v1';
const endpointsEveryMs = 10_000;
/** Every how many rounds the rest is looked after too. */
const restEvery = 6;
/** Every how many rounds servers that are gone are looked for: each hour. */
const leftEvery = 360;

/** Creates what is missing and completes what falls short; readable everywhere when it resolves. */
export async function ensureBootstrapObjects(env: BootstrapEnvironment): Promise<void> {
  const { access, options } = env;
  await Promise.all([
    ensureKept(env),
    ensureRoles(access),
    ...priorityClassBootstrap().map((o) => ensure(access, 'priorityclasses.scheduling.k8s.io', o)),
    ...builtinApiServices().map((o) =>
      ensure(access, 'apiservices.apiregistration.k8s.io', o, (existing) => {
        const { groupPriorityMinimum, versionPriority } = o.spec!;
        const same =
          existing.spec?.groupPriorityMinimum === groupPriorityMinimum &&
          existing.spec.versionPriority === versionPriority &&
          existing.spec.service === undefined;
        return same ? undefined : { ...existing, spec: complete(o).spec! };
      }),
    ),
    ensureConfigMaps(env),
    ensureServiceCidr(env).then(() => {
      const ip = firstAddress(options.serviceClusterIpRange);
      const service = kubernetesService(ip, options.securePort);
      return ensure(access, 'services', service, (existing) => reviseService(service, existing));
    }),
    ensureEndpoints(env),
    ensureIdentity(env),
  ]);
  await env.fresh();
}

/** Keeps endpoints, this server's lease and what users may break right until `signal`. */
export async function keepBootstrapObjects(
  env: BootstrapEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const { clientCa, requestHeader } = env.certificates;
  let believesOthers = false;
  for (const trusted of [clientCa, requestHeader?.clientCa]) {
    trusted?.onChange(() => {
      believesOthers = true;
    });
  }
  for (let round = 1; !signal.aborted; round++) {
    await pause(endpointsEveryMs, signal);
    if (signal.aborted) break;
    try {
      await Promise.all([ensureEndpoints(env), ensureIdentity(env)]);
      if (round % leftEvery === 0) await removeLeft(env);
      const rest = round % restEvery === 0;
      if (rest) await ensureKept(env);
      if (rest || believesOthers) {
        believesOthers = false;
        await ensureConfigMaps(env);
      }
    } catch (e) {
      env.onProblem('the objects that every cluster has could not be kept right', e);
    }
  }
  try {
    await env.servers?.leave();
  } catch (e) {
    env.onProblem('this server could not be taken out of the list of servers', e);
  }
}

/** What users may delete or change by mistake, and the cluster cannot do without. */
async function ensureKept({ access }: BootstrapEnvironment): Promise<void> {
  const flow = flowcontrolBootstrap();
  const each = (resource: string, objects: readonly KubeObject[]) =>
    objects.map((o) => {
      const expected = complete(o);
      const revise = (x: typeof expected) => reviseFlowControl(expected, x);
      return ensure(access, `${resource}.${flowGroup}`, o, revise, flowManager);
    });
  await Promise.all([
    ...namespaces.map((name) => ensure(access, 'namespaces', { metadata: { name } })),
    ...each('prioritylevelconfigurations', flow.prioritylevelconfigurations),
    ...each('flowschemas', flow.flowschemas),
  ]);
  await dropLeftOvers(access, 'flowschemas', flow.flowschemas);
  await dropLeftOvers(access, 'prioritylevelconfigurations', flow.prioritylevelconfigurations);
}

/** Defaults of another version of the server, which nobody has taken over. */
async function dropLeftOvers(
  access: ResourceAccess,
  plural: string,
  wanted: readonly KubeObject[],
): Promise<void> {
  const names = new Set(wanted.map((o) => o.metadata?.name ?? ''));
  const resource = `${plural}.${flowGroup}`;
  for (const o of await access.list(resource, '')) {
    if (!isLeftOver(o, names)) continue;
    try {
      await access.delete(resource, '', o.metadata?.name ?? '', o.metadata?.uid);
    } catch (e) {
      if (!hasReason(e, 'NotFound', 'Conflict')) throw e;
    }
  }
}

async function ensureRoles(access: ResourceAccess): Promise<void> {
  const rbac = rbacBootstrap();
  await Promise.all([
    ...rbac.clusterroles.map((o) =>
      ensure(access, `clusterroles.${rbacGroup}`, o, (x) => reviseRole(o, x)),
    ),
    ...rbac.roles.map((o) => ensure(access, `roles.${rbacGroup}`, o, (x) => reviseRole(o, x))),
    ...rbac.clusterrolebindings.map((o) =>
      ensure(access, `clusterrolebindings.${rbacGroup}`, o, (x) => reviseBinding(o, x)),
    ),
    ...rbac.rolebindings.map((o) =>
      ensure(access, `rolebindings.${rbacGroup}`, o, (x) => reviseBinding(o, x)),
    ),
  ]);
}

async function ensureConfigMaps(env: BootstrapEnvironment): Promise<void> {
  const { access, certificates } = env;
  const config = authenticationConfig(certificates.clientCa, certificates.requestHeader);
  await Promise.all([
    ensure(access, 'configmaps', config, (existing) =>
      reviseAuthenticationConfig(config, existing, env.now()),
    ),
    // Since when the use of tokens from secrets is told by their labels.
    ensure(access, 'configmaps', {
      metadata: {
        name: 'kube-apiserver-legacy-service-account-token-tracking',
        namespace: 'kube-system',
      },
      data: { since: formatTime(env.now()).slice(0, 10) },
    } as KubeObject),
  ]);
}

async function ensureIdentity({ access, identity, now }: BootstrapEnvironment): Promise<void> {
  const lease = identityLease(identity, now());
  await ensure(access, leases, lease, (existing) => renewIdentityLease(lease, existing));
}

/** Takes away the leases of servers that have long been gone. */
async function removeLeft({ access, now }: BootstrapEnvironment): Promise<void> {
  for (const lease of await access.list<Lease>(leases, 'kube-system')) {
    if (!isLeftIdentityLease(lease, now())) continue;
    const { name = '', uid } = lease.metadata ?? {};
    try {
      await access.delete(leases, 'kube-system', name, uid);
    } catch (e) {
      // Another server was quicker.
      if (!hasReason(e, 'NotFound', 'Conflict')) throw e;
    }
  }
}

async function ensureServiceCidr({ access, options, now }: BootstrapEnvironment): Promise<void> {
  const resource = 'servicecidrs.networking.k8s.io';
  const expected = defaultServiceCidr(options.serviceClusterIpRange.split(','));
  const revise = (existing: ServiceCIDR) => reviseServiceCidr(existing, formatTime(now()));
  if ((await access.get(resource, '', 'kubernetes')) === undefined) {
    await ensure(access, resource, expected);
    // A new object starts without status.
    await access.update<ServiceCIDR>(resource, '', 'kubernetes', (o) => revise(o) ?? o);
    return;
  }
  await ensure(access, resource, expected, revise);
}

/** Pods cannot reach a loopback address: a server that has no other is not announced. */
async function ensureEndpoints(env: BootstrapEnvironment): Promise<void> {
  const { access, options } = env;
  if (options.endpointReconcilerType === 'none') return;
  const own = options.advertiseAddress;
  if (own.startsWith('127.') || own === '::1') return;
  const addresses = (await env.servers?.renew()) ?? [own];
  if (addresses.length === 0) return;
  const endpoints = kubernetesEndpoints(addresses, options.securePort);
  const slice = complete(kubernetesSlice(addresses, options.securePort));
  await Promise.all([
    ensure(access, 'endpoints', endpoints, (x) => reviseEndpoints(endpoints, x)),
    ensure(access, 'endpointslices.discovery.k8s.io', slice, (x) => reviseSlice(slice, x)),
  ]);
}
