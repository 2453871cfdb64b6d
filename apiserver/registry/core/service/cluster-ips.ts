/**
 * Cluster IPs of services. Each one in use has an IPAddress object, whose name is the address: that
 * objects of one name exist once is what keeps an address from being given twice, also between
 * several servers (KEP 1880).
 */
import { formatIp, parseIp } from '../../../../machinery/meta/ip.ts';
import { hasReason } from '../../../../machinery/meta/status-error.ts';
import type { IPAddress, Service, ServiceCIDR } from '../../../../machinery/schema/wire.ts';
import type { ResourceAccess, WriteContext } from '../../resource.ts';
import { AddressRange } from './address-range.ts';
import { familyOf, type IpFamily } from './service-facts.ts';

const ipAddresses = 'ipaddresses.networking.k8s.io';
const serviceCidrs = 'servicecidrs.networking.k8s.io';
/** The ServiceCIDR that is made from the server's flags. */
const defaultServiceCidr = 'kubernetes';

/** Why an address could not be had; the message is part of the answer. */
export class ClusterIpError extends Error {
  override readonly name = 'ClusterIpError';
  /** No address is left: the server's trouble, not the client's. */
  readonly full: boolean;

  constructor(message: string, full = false) {
    super(message);
    this.full = full;
  }
}

export class ClusterIpAllocator {
  readonly #configured: readonly AddressRange[];
  readonly #random: () => number;

  /** `ranges`: the server's own, primary first; ServiceCIDR objects add to them. */
  constructor(ranges: readonly AddressRange[], random: () => number = Math.random) {
    this.#configured = ranges;
    this.#random = random;
  }

  /** The family of the first configured range. */
  get defaultFamily(): IpFamily {
    return this.#configured[0]!.family;
  }

  /** Families that a service can have. */
  get families(): ReadonlySet<IpFamily> {
    return new Set(this.#configured.map((r) => r.family));
  }

  /** Takes this very address. Throws ClusterIpError, or the StatusError of a failed write. */
  async take(ip: string, service: Service, ctx: WriteContext): Promise<void> {
    const ranges = await this.#ranges(ctx.access);
    const range = ranges.find((r) => r.has(ip));
    if (range === undefined) {
      // A dry run asks one range only, which then tells its bounds.
      const asked = ctx.dryRun ? ranges.find((r) => r.family === familyOf(ip)) : undefined;
      throw new ClusterIpError(
        asked === undefined
          ? 'the provided network does not match the current range'
          : `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${asked.text}`,
      );
    }
    if (!ctx.dryRun && !(await this.#create(ip, range.family, service, ctx))) {
      throw new ClusterIpError('provided IP is already allocated');
    }
  }

  /** Takes some address of the family. Throws ClusterIpError, or the StatusError of a write. */
  async takeAny(family: IpFamily, service: Service, ctx: WriteContext): Promise<string> {
    for (const range of await this.#ranges(ctx.access)) {
      if (range.family !== family) continue;
      if (ctx.dryRun) return range.networkAddress;
      for (const ip of range.candidates(this.#random)) {
        if ((await ctx.access.get(ipAddresses, '', ip)) !== undefined) continue;
        if (await this.#create(ip, family, service, ctx)) return ip;
      }
    }
    throw new ClusterIpError('range is full', true);
  }

  /** Gives an address back; one that belongs to another service by now is left alone. */
  async release(ip: string, service: Service, ctx: WriteContext): Promise<void> {
    const parsed = parseIp(ip);
    if (ctx.dryRun || parsed === undefined) return;
    const name = formatIp(parsed);
    const found = await ctx.access.get<IPAddress>(ipAddresses, '', name);
    const owner = found?.spec?.parentRef;
    const { name: serviceName, namespace = ctx.namespace } = service.metadata ?? {};
    if (owner !== undefined && (owner.name !== serviceName || owner.namespace !== namespace)) {
      return;
    }
    try {
      await ctx.access.delete(ipAddresses, '', name, found?.metadata?.uid);
    } catch (e) {
      // Gone, or taken by somebody else meanwhile.
      if (!hasReason(e, 'NotFound', 'Conflict')) throw e;
    }
  }

  /** False when the address is taken. */
  async #create(
    ip: string,
    family: IpFamily,
    service: Service,
    ctx: WriteContext,
  ): Promise<boolean> {
    const { name = '', namespace = ctx.namespace } = service.metadata ?? {};
    const object: IPAddress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: {
        name: formatIp(parseIp(ip)!),
        labels: {
          'ipaddress.kubernetes.io/ip-family': family,
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        },
      },
      spec: { parentRef: { group: '', resource: 'services', namespace, name } },
    };
    try {
      await ctx.access.create(ipAddresses, object);
      return true;
    } catch (e) {
      if (hasReason(e, 'AlreadyExists')) return false;
      throw e;
    }
  }

  /** Those of ready ServiceCIDRs; before there is a default one, the server's own too. */
  async #ranges(access: ResourceAccess): Promise<readonly AddressRange[]> {
    const objects = await access.list<ServiceCIDR>(serviceCidrs, '');
    const found = objects
      .filter((o) => o.metadata?.deletionTimestamp === undefined && isReady(o))
      .flatMap((o) => o.spec?.cidrs ?? [])
      .map((text) => AddressRange.parse(text))
      .filter((r) => r !== undefined);
    const bootstrapped = objects.some((o) => o.metadata?.name === defaultServiceCidr);
    return bootstrapped ? found : [...this.#configured, ...found];
  }
}

function isReady(object: ServiceCIDR): boolean {
  return object.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
}
