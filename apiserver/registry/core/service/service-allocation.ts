/**
 * What a write of a Service takes and gives back: cluster IPs, node ports, a health check port.
 * Taken before the write, settled after it (pkg/registry/core/service/storage of the real server).
 */
import {
  type FieldError,
  FieldPath,
  invalidValue,
} from '../../../../machinery/meta/field-error.ts';
import {
  hasReason,
  internalError,
  invalid,
  StatusError,
} from '../../../../machinery/meta/status-error.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../../machinery/schema/wire.ts';
import type { Finish, WriteContext } from '../../resource.ts';
import { type ClusterIpAllocator, ClusterIpError } from './cluster-ips.ts';
import { completeIpFamilies, keepsPreferredDualStack } from './ip-families.ts';
import { type NodePortAllocator, NodePortError, PortTakenError } from './node-ports.ts';
import {
  headlessIp,
  type IpFamily,
  isHeadless,
  mayHaveNodePorts,
  needsHealthCheck,
  needsNodePort,
} from './service-facts.ts';
import { adoptAllocated, normalizeClusterIps, withReadDefaults } from './service-update.ts';

const portsAt = FieldPath.of('spec', 'ports');

export interface ServiceAllocators {
  readonly clusterIps: ClusterIpAllocator;
  readonly nodePorts: NodePortAllocator;
}

/** Addresses with what they are for. */
type Taken = Map<IpFamily, string>;

/** Completes a new service with what it is given; changes `next` in place. */
export async function allocateForCreate(
  next: Service,
  allocators: ServiceAllocators,
  ctx: WriteContext,
): Promise<Finish> {
  next.spec ??= {};
  const { spec } = next;
  if (spec.clusterIP && (spec.clusterIPs ?? []).length === 0) spec.clusterIPs = [spec.clusterIP];
  refuse(next, completeIpFamilies(next, undefined, allocators.clusterIps));
  const taken = await takeClusterIps(next, allocators.clusterIps, ctx);
  return await withPorts(next, taken, [], allocators, ctx, (ports) => {
    if (mayHaveNodePorts(spec)) assignNodePorts(next, ports);
    if (needsHealthCheck(spec)) assignHealthCheckPort(next, ports);
  });
}

/** Completes an update; what is no longer needed is given back once it is stored. */
export async function allocateForUpdate(
  next: Service,
  stored: Service,
  allocators: ServiceAllocators,
  ctx: WriteContext,
): Promise<Finish> {
  const prev = withReadDefaults(stored, allocators.clusterIps.defaultFamily);
  next.spec ??= {};
  const old = prev.spec!;
  adoptAllocated(next.spec, old);
  normalizeClusterIps(next.spec, old);
  refuse(next, completeIpFamilies(next, prev, allocators.clusterIps));
  const { taken, released } = await changeClusterIps(next, old, allocators.clusterIps, ctx);
  return await withPorts(next, taken, released, allocators, ctx, (ports) => {
    if (mayHaveNodePorts(next.spec!)) changeNodePorts(next, old, ports);
    if (needsHealthCheck(next.spec!) && !needsHealthCheck(old)) {
      assignHealthCheckPort(next, ports);
    }
  });
}

/** Gives everything back that a deleted service had. */
export async function releaseAll(
  service: Service,
  allocators: ServiceAllocators,
  ctx: WriteContext,
): Promise<void> {
  if (ctx.dryRun) return;
  allocators.nodePorts.forget(service, Date.parse(ctx.now));
  const { namespace = '', name = '' } = service.metadata ?? {};
  try {
    await ctx.access.delete('endpoints', namespace, name);
  } catch (e) {
    if (!hasReason(e, 'NotFound')) throw e;
  }
  const spec = service.spec ?? {};
  if (spec.type === 'ExternalName' || isHeadless(spec)) return;
  for (const ip of spec.clusterIPs ?? []) await allocators.clusterIps.release(ip, service, ctx);
}

function refuse(service: Service, errors: FieldError[]): void {
  if (errors.length === 0) return;
  throw invalid({ group: '', resource: 'Service' }, service.metadata?.name ?? '', errors);
}

/** Ports of one write: what others use, and what it holds. */
interface PortHold {
  /** To settle when the write has ended. */
  readonly held: readonly number[];
  /** Throws NodePortError. */
  take(port: number): void;
  takeAny(): number;
}

class RealPortHold implements PortHold {
  readonly held: number[] = [];
  readonly #allocator: NodePortAllocator;
  readonly #used: ReadonlySet<number>;

  constructor(allocator: NodePortAllocator, used: ReadonlySet<number>) {
    this.#allocator = allocator;
    this.#used = used;
  }

  take(port: number): void {
    this.#allocator.hold(port, this.#used);
    this.held.push(port);
  }

  takeAny(): number {
    const port = this.#allocator.holdAny(this.#used);
    this.held.push(port);
    return port;
  }
}

/** The port below those that a dry run gives: beyond the usual range, so that none of them is real. */
const lastBeforeDummy = 32768;

/** A dry run holds nothing, knows no range, and answers with ports that stand for any. */
class DryPortHold implements PortHold {
  readonly held = [];
  readonly #taken: number[] = [];
  readonly #used: ReadonlySet<number>;

  constructor(used: ReadonlySet<number>) {
    this.#used = used;
  }

  take(port: number): void {
    if (this.#used.has(port) || this.#taken.includes(port)) throw new PortTakenError();
    this.#taken.push(port);
  }

  takeAny(): number {
    const port = Math.max(...(this.#taken.length > 0 ? this.#taken : [lastBeforeDummy])) + 1;
    this.#taken.push(port);
    return port;
  }
}

async function withPorts(
  next: Service,
  taken: Taken,
  released: readonly string[],
  { clusterIps, nodePorts }: ServiceAllocators,
  ctx: WriteContext,
  assign: (ports: PortHold) => void,
): Promise<Finish> {
  const nowMs = Date.parse(ctx.now);
  const give = async (ips: Iterable<string>): Promise<void> => {
    for (const ip of ips) await clusterIps.release(ip, next, ctx);
  };
  let ports: PortHold | undefined;
  try {
    const used = mayHaveNodePorts(next.spec!)
      ? await nodePorts.used(ctx.access, nowMs)
      : new Set<number>();
    ports = ctx.dryRun ? new DryPortHold(used) : new RealPortHold(nodePorts, used);
    assign(ports);
  } catch (e) {
    nodePorts.settle(ports?.held ?? [], next, false, nowMs);
    await give(taken.values());
    throw e;
  }
  const { held } = ports;
  return async (stored) => {
    nodePorts.settle(held, next, stored, nowMs);
    await give(stored ? released : taken.values());
  };
}

/** Takes an address for every family; those named are taken as they are. */
async function takeClusterIps(
  next: Service,
  clusterIps: ClusterIpAllocator,
  ctx: WriteContext,
): Promise<Taken> {
  const spec = next.spec!;
  if (spec.type === 'ExternalName' || spec.clusterIPs?.[0] === headlessIp) return new Map();
  const families = (spec.ipFamilies ?? []) as IpFamily[];
  const ips = [...(spec.clusterIPs ?? [])];
  while (ips.length < families.length) ips.push('');
  spec.clusterIPs = ips;
  const wanted = new Map(families.map((f, i) => [f, ips[i]!]));
  const taken = await takeAll(wanted, next, clusterIps, ctx);
  spec.clusterIPs = ips.map((ip, i) => taken.get(families[i]!) ?? ip);
  spec.clusterIP = spec.clusterIPs[0]!;
  return taken;
}

async function takeAll(
  wanted: ReadonlyMap<IpFamily, string>,
  next: Service,
  clusterIps: ClusterIpAllocator,
  ctx: WriteContext,
): Promise<Taken> {
  const taken: Taken = new Map();
  for (const [family, ip] of wanted) {
    try {
      if (ip === '') taken.set(family, await clusterIps.takeAny(family, next, ctx));
      else {
        await clusterIps.take(ip, next, ctx);
        taken.set(family, ip);
      }
    } catch (e) {
      for (const other of taken.values()) await clusterIps.release(other, next, ctx);
      throw clusterIpFailure(e, ip, next);
    }
  }
  return taken;
}

function clusterIpFailure(e: unknown, ip: string, service: Service): unknown {
  if (!(e instanceof ClusterIpError) && !(e instanceof StatusError)) return e;
  const name = service.metadata?.name ?? '';
  if (e instanceof ClusterIpError && e.full) {
    return internalError(`failed to allocate a serviceIP for Service "${name}": ${e.message}`, e);
  }
  const what = ip === '' ? 'failed to allocate IP' : `failed to allocate IP ${ip}`;
  const at = FieldPath.of('spec', 'clusterIPs');
  const error = invalidValue(at, service.spec?.clusterIPs, `${what}: ${e.message}`);
  return invalid({ group: '', resource: 'Service' }, name, [error]);
}

/** Addresses come with the first type that has them or with a second family, and go likewise. */
async function changeClusterIps(
  next: Service,
  old: ServiceSpec,
  clusterIps: ClusterIpAllocator,
  ctx: WriteContext,
): Promise<{ taken: Taken; released: string[] }> {
  const spec = next.spec!;
  const nothing = { taken: new Map<IpFamily, string>(), released: [] };
  if (keepsPreferredDualStack(spec, old)) return nothing;
  if (old.type === 'ExternalName') {
    return { taken: await takeClusterIps(next, clusterIps, ctx), released: [] };
  }
  const oldIps = old.clusterIPs ?? [];
  if (oldIps[0] === headlessIp) return nothing;
  if (spec.type === 'ExternalName') return { ...nothing, released: [...oldIps] };
  const before = (old.ipFamilies ?? []).length;
  const now = (spec.ipFamilies ?? []).length;
  if (before === 2 && now === 1) return { ...nothing, released: oldIps.slice(1, 2) };
  if (before !== 1 || now !== 2) return nothing;
  const ips = [...(spec.clusterIPs ?? [])];
  if (ips.length < 2) ips.push('');
  spec.clusterIPs = ips;
  const second = spec.ipFamilies![1] as IpFamily;
  const taken = await takeAll(new Map([[second, ips[1]!]]), next, clusterIps, ctx);
  spec.clusterIPs = [ips[0]!, taken.get(second)!];
  return { taken, released: [] };
}

/** Ports of the same number (another protocol) share a node port. */
function assignNodePorts(next: Service, ports: PortHold): void {
  const spec = next.spec!;
  const assigned = new Map<number, number>();
  for (const [i, port] of (spec.ports ?? []).entries()) {
    if (!port.nodePort && !needsNodePort(spec)) continue;
    const shared = assigned.get(port.port);
    if (shared === undefined) {
      const wanted = spec.ports!.find((p) => p.port === port.port && p.nodePort)?.nodePort;
      if (wanted !== undefined) takePort(next, ports, i, wanted);
      port.nodePort = wanted ?? takeAnyPort(ports);
      assigned.set(port.port, port.nodePort);
    } else if (!port.nodePort) port.nodePort = shared;
    else if (port.nodePort !== shared) takePort(next, ports, i, port.nodePort);
  }
}

function changeNodePorts(next: Service, old: ServiceSpec, ports: PortHold): void {
  const spec = next.spec!;
  const before = new Set((old.ports ?? []).map((p) => p.nodePort ?? 0));
  const taken = new Set<number>();
  const seen = new Set<string>();
  for (const [i, port] of (spec.ports ?? []).entries()) {
    if (!port.nodePort && !needsNodePort(spec)) continue;
    if (!port.nodePort) port.nodePort = takeAnyPort(ports);
    else if (!before.has(port.nodePort) && !taken.has(port.nodePort)) {
      takePort(next, ports, i, port.nodePort);
      taken.add(port.nodePort);
    }
    const key = `${port.protocol} ${port.nodePort}`;
    if (seen.has(key)) throw duplicatePort(port);
    seen.add(key);
  }
}

function duplicatePort(port: ServicePort): StatusError {
  // An error without a reason in the real server, too.
  return new StatusError('', `duplicate nodePort: {${port.protocol} ${port.nodePort}}`);
}

function takePort(next: Service, ports: PortHold, i: number, port: number): void {
  try {
    ports.take(port);
  } catch (e) {
    if (!(e instanceof NodePortError)) throw e;
    refuse(next, [invalidValue(portsAt.index(i).child('nodePort'), port, e.message)]);
  }
}

function takeAnyPort(ports: PortHold): number {
  try {
    return ports.takeAny();
  } catch (e) {
    if (!(e instanceof NodePortError)) throw e;
    throw internalError(`failed to allocate a nodePort: ${e.message}`, e);
  }
}

function assignHealthCheckPort(next: Service, ports: PortHold): void {
  const spec = next.spec!;
  const wanted = spec.healthCheckNodePort ?? 0;
  try {
    if (wanted === 0) spec.healthCheckNodePort = ports.takeAny();
    else ports.take(wanted);
  } catch (e) {
    if (!(e instanceof NodePortError)) throw e;
    const what =
      wanted === 0
        ? 'failed to allocate a HealthCheck NodePort 0'
        : `failed to allocate requested HealthCheck NodePort ${wanted}`;
    throw internalError(`${what}: ${e.message}`, e);
  }
}
