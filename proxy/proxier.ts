/**
 * The proxy itself: remembers services, endpoints and the node as informers tell of them, and
 * brings the kernel's tables and the health checks up to date.
 */
import { errorFields, type Log } from '../client/log.ts';
import type { Clock } from '../machinery/meta/clock.ts';
import { deepEqual } from '../machinery/meta/equality.ts';
import type { EndpointSlice, Node, Service } from '../machinery/schema/wire.ts';
import { forgetStaleFlows } from './conntrack.ts';
import { endpointsOf, portKey, serviceKeyOf } from './endpoints.ts';
import type { ProxyMetrics } from './metrics.ts';
import type { RunTool } from './nft.ts';
import { type Backed, buildRuleset, type Shortages } from './rules/build.ts';
import type { RulesConfig } from './rules/rules-config.ts';
import { type Family, serviceKey, servicePorts } from './service-ports.ts';
import { LoadedTable } from './tables.ts';

/** What the tables are built with, apart from what the node says. */
export interface ProxierOptions {
  readonly nodeName: string;
  readonly table: string;
  readonly run: RunTool;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ProxyMetrics;
  /** The families to serve and their settings, by the node as known (undefined: not yet). */
  readonly configure: (node: Node | undefined, serviceCidrs: readonly string[]) => RulesConfig[];
  /** Whether the `conntrack` tool is there. */
  readonly conntrack: boolean;
}

/** Endpoints of services with a health check, for load balancers. */
export interface HealthTargets {
  /** `namespace/name` to port and the number of ready endpoints here. */
  readonly services: ReadonlyMap<string, { readonly port: number; readonly endpoints: number }>;
}

/** One service as it stands in one family. */
interface Entry {
  readonly backed: readonly Backed[];
}

export class Proxier {
  readonly #options: ProxierOptions;
  readonly #services = new Map<string, Service>();
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  readonly #tables = new Map<Family, LoadedTable>();
  readonly #entries = new Map<Family, Map<string, Entry>>();
  readonly #dirty = new Set<string>();
  #node: Node | undefined;
  #serviceCidrs: readonly string[] = [];
  #udpChanged = true;
  /** Called when something changed that concerns the rules. */
  onChange: () => void = () => {};

  constructor(options: ProxierOptions) {
    this.#options = options;
  }

  get node(): Node | undefined {
    return this.#node;
  }

  setService(service: Service): void {
    const key = serviceKey(service.metadata?.namespace ?? '', service.metadata?.name ?? '');
    const before = this.#services.get(key);
    this.#services.set(key, service);
    // The status holds more than the addresses, which is why the ports are compared.
    if (before !== undefined && samePorts(before, service)) return;
    this.#mark(key);
  }

  deleteService(service: Service): void {
    const key = serviceKey(service.metadata?.namespace ?? '', service.metadata?.name ?? '');
    if (this.#services.delete(key)) this.#mark(key);
  }

  setSlice(slice: EndpointSlice): void {
    const key = serviceKeyOf(slice);
    if (key === undefined) return;
    let slices = this.#slices.get(key);
    if (slices === undefined) {
      slices = new Map();
      this.#slices.set(key, slices);
    }
    const name = slice.metadata?.name ?? '';
    const before = slices.get(name);
    slices.set(name, slice);
    if (before !== undefined && sameSlice(before, slice)) return;
    this.#mark(key);
  }

  deleteSlice(slice: EndpointSlice): void {
    const key = serviceKeyOf(slice);
    const slices = key === undefined ? undefined : this.#slices.get(key);
    if (key === undefined || !slices?.delete(slice.metadata?.name ?? '')) return;
    if (slices.size === 0) this.#slices.delete(key);
    this.#mark(key);
  }

  /** The node this proxy runs on; undefined: gone, or not there yet. */
  setNode(node: Node | undefined): void {
    const before = this.#options.configure(this.#node, this.#serviceCidrs);
    this.#node = node;
    if (!deepEqual(before, this.#options.configure(node, this.#serviceCidrs))) this.onChange();
  }

  setServiceCidrs(cidrs: readonly string[]): void {
    if (deepEqual(cidrs, this.#serviceCidrs)) return;
    this.#serviceCidrs = cidrs;
    this.onChange();
  }

  /** Brings the kernel up to date. Throws when a table could not be loaded. */
  async sync(): Promise<HealthTargets> {
    const configs = this.#options.configure(this.#node, this.#serviceCidrs);
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    const udpChanged = this.#udpChanged;
    this.#udpChanged = false;
    const plans = configs.map((config) => {
      const backed = this.#backed(config.family, dirty);
      const shortages: Shortages = { internal: 0, external: 0 };
      const ruleset = buildRuleset(config, backed, shortages);
      return { family: config.family, backed, shortages, ruleset };
    });
    const targets = healthTargets(plans.flatMap((plan) => plan.backed));
    for (const { family, backed, shortages, ruleset } of plans) {
      const end = this.#options.metrics.syncStarted(family);
      try {
        const script = await this.#table(family).load(ruleset);
        end(true, shortages);
        this.#options.log.debug({ family, bytes: script.length }, 'rules loaded');
      } catch (e) {
        end(false, shortages);
        this.#udpChanged ||= udpChanged;
        throw e;
      }
      if (udpChanged && this.#options.conntrack) await this.#forgetFlows(family, backed);
    }
    return targets;
  }

  /** True when a further sync would delete what this one had to leave behind. */
  get hasLeftovers(): boolean {
    return [...this.#tables.values()].some((table) => table.hasLeftovers);
  }

  /** Takes all tables away. */
  async cleanUp(): Promise<void> {
    for (const table of this.#tables.values()) await table.remove();
  }

  #mark(key: string): void {
    this.#dirty.add(key);
    const isUdp = (service: Service | undefined) =>
      service?.spec?.ports?.some((port) => port.protocol === 'UDP') === true;
    if (isUdp(this.#services.get(key))) this.#udpChanged = true;
    this.onChange();
  }

  #table(family: Family): LoadedTable {
    let table = this.#tables.get(family);
    if (table === undefined) {
      const { table: name, run, clock } = this.#options;
      table = new LoadedTable(family, name, run, clock);
      this.#tables.set(family, table);
    }
    return table;
  }

  /** All service ports of a family; only what changed is worked out again. */
  #backed(family: Family, dirty: readonly string[]): Backed[] {
    let entries = this.#entries.get(family);
    if (entries === undefined) {
      entries = new Map();
      this.#entries.set(family, entries);
      dirty = [...this.#services.keys()];
    }
    for (const key of dirty) {
      const service = this.#services.get(key);
      if (service === undefined) entries.delete(key);
      else entries.set(key, { backed: this.#entry(key, service, family) });
    }
    return [...entries.values()].flatMap((entry) => entry.backed);
  }

  #entry(key: string, service: Service, family: Family): Backed[] {
    const ports = servicePorts(service, family);
    if (ports.length === 0) return [];
    const slices = this.#slices.get(key)?.values() ?? [];
    const endpoints = endpointsOf(slices, family, this.#options.nodeName);
    return ports.map((port) => ({
      port,
      endpoints: endpoints.get(portKey(port.name, port.protocol)) ?? [],
    }));
  }

  async #forgetFlows(family: Family, backed: readonly Backed[]): Promise<void> {
    try {
      const count = await forgetStaleFlows(this.#options.run, family, backed);
      if (count > 0) this.#options.log.info({ family, count }, 'stale UDP flows forgotten');
    } catch (e) {
      // The rules are right; old flows end by themselves when they fall silent.
      this.#options.log.warn(errorFields(e), 'could not look for stale UDP flows');
    }
  }
}

function samePorts(a: Service, b: Service): boolean {
  return (['IPv4', 'IPv6'] as const).every((family) =>
    deepEqual(servicePorts(a, family), servicePorts(b, family)),
  );
}

function sameSlice(a: EndpointSlice, b: EndpointSlice): boolean {
  return (
    a.addressType === b.addressType &&
    deepEqual(a.endpoints, b.endpoints) &&
    deepEqual(a.ports, b.ports)
  );
}

function healthTargets(backed: readonly Backed[]): HealthTargets {
  const services = new Map<string, { port: number; endpoints: number }>();
  for (const { port, endpoints } of backed) {
    if (port.healthCheckNodePort === 0) continue;
    const key = serviceKey(port.namespace, port.service);
    const ips = new Set(endpoints.filter((e) => e.ready && e.local).map((e) => e.ip));
    const known = services.get(key)?.endpoints ?? 0;
    services.set(key, { port: port.healthCheckNodePort, endpoints: Math.max(known, ips.size) });
  }
  return { services };
}
