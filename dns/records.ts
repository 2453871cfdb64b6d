/** Services, endpoints and namespaces as the answers need them, indexed; fed by informers. */
import type { EndpointSlice, Service } from '../machinery/schema/wire.ts';
import { canonicalIp, endpointLabel } from './names.ts';

/** A port of a service or of its endpoints. */
export interface Port {
  readonly name: string;
  /** `tcp`, `udp`, `sctp` */
  readonly protocol: string;
  readonly port: number;
}

/** One address behind a service. */
export interface EndpointRecord {
  readonly label: string;
  readonly ip: string;
  readonly ports: readonly Port[];
}

/** A service as names see it. */
export interface ServiceRecord {
  readonly namespace: string;
  readonly name: string;
  /** Empty for headless and external ones. */
  readonly clusterIps: readonly string[];
  readonly headless: boolean;
  readonly externalName: string | undefined;
  readonly ports: readonly Port[];
}

/** What `answer` asks. */
export interface View {
  hasNamespace(namespace: string): boolean;
  service(namespace: string, name: string): ServiceRecord | undefined;
  /** Those that take traffic (all, for services that publish unready ones). */
  endpoints(namespace: string, name: string): readonly EndpointRecord[];
  /** Names, relative to the zone, of services and endpoints with this address. */
  namesOf(ip: string): readonly string[];
  /** Grows with every change. */
  readonly serial: number;
}

const serviceNameLabel = 'kubernetes.io/service-name';

/** Keys are `namespace/name`. */
export class Records implements View {
  readonly #namespaces = new Set<string>();
  readonly #services = new Map<string, ServiceRecord>();
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  readonly #endpoints = new Map<string, readonly EndpointRecord[]>();
  /** Address to names; a name may stem from several sources. */
  readonly #names = new Map<string, Map<string, number>>();
  #serial: number;

  /** `startSerial`: unix time in seconds, so that serials grow over restarts. */
  constructor(startSerial: number) {
    this.#serial = startSerial;
  }

  get serial(): number {
    return this.#serial;
  }

  hasNamespace(namespace: string): boolean {
    return this.#namespaces.has(namespace);
  }

  service(namespace: string, name: string): ServiceRecord | undefined {
    return this.#services.get(`${namespace}/${name}`);
  }

  endpoints(namespace: string, name: string): readonly EndpointRecord[] {
    return this.#endpoints.get(`${namespace}/${name}`) ?? [];
  }

  namesOf(ip: string): readonly string[] {
    return [...(this.#names.get(canonicalIp(ip))?.keys() ?? [])];
  }

  setNamespace(name: string): void {
    this.#namespaces.add(name);
    this.#serial++;
  }

  deleteNamespace(name: string): void {
    this.#namespaces.delete(name);
    this.#serial++;
  }

  setService(service: Service): void {
    const record = recordOf(service);
    const key = `${record.namespace}/${record.name}`;
    this.#indexService(this.#services.get(key), -1);
    this.#services.set(key, record);
    this.#indexService(record, 1);
    this.#serial++;
  }

  deleteService(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    this.#indexService(this.#services.get(key), -1);
    this.#services.delete(key);
    this.#serial++;
  }

  setSlice(slice: EndpointSlice): void {
    const key = serviceKeyOf(slice);
    if (key === undefined) return;
    let slices = this.#slices.get(key);
    if (slices === undefined) {
      slices = new Map();
      this.#slices.set(key, slices);
    }
    slices.set(slice.metadata?.name ?? '', slice);
    this.#joinSlices(key, slices);
  }

  deleteSlice(slice: EndpointSlice): void {
    const key = serviceKeyOf(slice);
    const slices = key === undefined ? undefined : this.#slices.get(key);
    if (key === undefined || !slices?.delete(slice.metadata?.name ?? '')) return;
    if (slices.size === 0) this.#slices.delete(key);
    this.#joinSlices(key, slices);
  }

  #joinSlices(key: string, slices: ReadonlyMap<string, EndpointSlice>): void {
    const endpoints = endpointsOf(slices.values());
    this.#indexEndpoints(key, this.#endpoints.get(key) ?? [], -1);
    if (endpoints.length === 0) this.#endpoints.delete(key);
    else this.#endpoints.set(key, endpoints);
    this.#indexEndpoints(key, endpoints, 1);
    this.#serial++;
  }

  #indexService(record: ServiceRecord | undefined, by: 1 | -1): void {
    for (const ip of record?.clusterIps ?? []) {
      this.#count(ip, `${record!.name}.${record!.namespace}.svc`, by);
    }
  }

  #indexEndpoints(key: string, endpoints: readonly EndpointRecord[], by: 1 | -1): void {
    const [namespace, name] = key.split('/');
    for (const { label, ip } of endpoints) this.#count(ip, `${label}.${name}.${namespace}.svc`, by);
  }

  #count(ip: string, name: string, by: 1 | -1): void {
    const key = canonicalIp(ip);
    let names = this.#names.get(key);
    if (names === undefined) {
      names = new Map();
      this.#names.set(key, names);
    }
    const count = (names.get(name) ?? 0) + by;
    if (count > 0) names.set(name, count);
    else names.delete(name);
    if (names.size === 0) this.#names.delete(key);
  }
}

function recordOf(service: Service): ServiceRecord {
  const spec = service.spec ?? {};
  const external = spec.type === 'ExternalName';
  const listed = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ''];
  const clusterIps = external ? [] : listed.filter((ip) => ip !== '' && ip !== 'None');
  return {
    namespace: service.metadata?.namespace ?? '',
    name: service.metadata?.name ?? '',
    clusterIps,
    headless: !external && listed.includes('None'),
    externalName: external ? spec.externalName : undefined,
    ports: (spec.ports ?? []).map((port) => ({
      name: port.name ?? '',
      protocol: (port.protocol ?? 'TCP').toLowerCase(),
      port: port.port,
    })),
  };
}

function serviceKeyOf(slice: EndpointSlice): string | undefined {
  const name = slice.metadata?.labels?.[serviceNameLabel];
  return name ? `${slice.metadata?.namespace ?? ''}/${name}` : undefined;
}

/** The ready endpoints of all slices; an address in several slices has the ports of all. */
function endpointsOf(slices: Iterable<EndpointSlice>): EndpointRecord[] {
  const found = new Map<string, { label: string; ip: string; ports: Port[] }>();
  for (const slice of slices) {
    if (slice.addressType === 'FQDN') continue;
    const ports = (slice.ports ?? []).flatMap(({ name, protocol, port }) =>
      port ? [{ name: name ?? '', protocol: (protocol ?? 'TCP').toLowerCase(), port }] : [],
    );
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.ready === false) continue;
      for (const ip of endpoint.addresses ?? []) {
        const label = endpointLabel(endpoint.hostname, ip);
        const known = found.get(`${label}/${ip}`);
        if (known === undefined) found.set(`${label}/${ip}`, { label, ip, ports: [...ports] });
        else known.ports.push(...ports.filter((p) => !known.ports.some((q) => samePort(p, q))));
      }
    }
  }
  return [...found.values()];
}

function samePort(a: Port, b: Port): boolean {
  return a.name === b.name && a.protocol === b.protocol && a.port === b.port;
}
