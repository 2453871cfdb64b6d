/**
 * Node ports of services. What is in use is read from the services themselves; what this server has
 * just given, taken back or changed, and the cache may not show yet, is remembered beside.
 */
import type { Service } from '../../../../machinery/schema/wire.ts';
import type { ResourceAccess } from '../../resource.ts';
import { nodePortsOf } from './service-facts.ts';

/** Largest and smallest stretch at the low end for ports asked for by number (KEP 3668). */
const maxReserved = 128;
const minReserved = 16;
const reservedStep = 32;
/** What the cache does not show after so long it never will (written and deleted elsewhere). */
const rememberMs = 60_000;

/** Why a port could not be had; the message is part of the answer. */
export class NodePortError extends Error {
  override readonly name: string = 'NodePortError';
}

/** Another service has it. */
export class PortTakenError extends NodePortError {
  constructor() {
    super('provided port is already allocated');
  }
}

/** Ports of one service as this server left it. */
interface Remembered {
  readonly ports: readonly number[];
  readonly gone: boolean;
  readonly atMs: number;
}

export class NodePortAllocator {
  readonly text: string;
  readonly #low: number;
  readonly #high: number;
  readonly #random: () => number;
  /** Held by writes under way. */
  readonly #held = new Set<number>();
  /** By uid. */
  readonly #remembered = new Map<string, Remembered>();

  /** `range`: `30000-32767`. Throws RangeError. */
  constructor(range: string, random: () => number = Math.random) {
    const match = /^(\d+)-(\d+)$/.exec(range);
    this.#low = Number(match?.[1]);
    this.#high = Number(match?.[2]);
    if (match === null || this.#low < 1 || this.#high > 65535 || this.#low > this.#high) {
      throw new RangeError(`"${range}" is no range of ports (such as 30000-32767)`);
    }
    this.text = range;
    this.#random = random;
  }

  /** Ports in use by other writes and by services as last written. */
  async used(access: ResourceAccess, nowMs: number): Promise<ReadonlySet<number>> {
    // Held ports are read after the list: a write that ends in between is in one of the two.
    const services = await access.list<Service>('services', '');
    const used = new Set<number>();
    const seen = new Set<string>();
    for (const service of services) {
      const uid = service.metadata?.uid ?? '';
      seen.add(uid);
      const shown = nodePortsOf(service.spec ?? {});
      const own = this.#remembered.get(uid);
      if (own !== undefined && !own.gone && samePorts(own.ports, shown)) {
        this.#remembered.delete(uid);
      }
      for (const port of own?.ports ?? shown) used.add(port);
    }
    for (const [uid, own] of this.#remembered) {
      if (seen.has(uid)) continue;
      if (own.gone || nowMs - own.atMs > rememberMs) this.#remembered.delete(uid);
      else for (const port of own.ports) used.add(port);
    }
    for (const port of this.#held) used.add(port);
    return used;
  }

  /** Holds this port for a write. Throws NodePortError. */
  hold(port: number, used: ReadonlySet<number>): void {
    if (port < this.#low || port > this.#high) {
      throw new NodePortError(
        `provided port is not in the valid range. The range of valid ports is ${this.text}`,
      );
    }
    if (used.has(port) || this.#held.has(port)) throw new PortTakenError();
    this.#held.add(port);
  }

  /** Holds some free port for a write. Throws NodePortError. */
  holdAny(used: ReadonlySet<number>): number {
    const size = this.#high - this.#low + 1;
    const reserved =
      size <= minReserved
        ? 0
        : Math.min(Math.max(Math.floor(size / reservedStep), minReserved), maxReserved);
    const port =
      this.#free(this.#low + reserved, this.#high, used) ??
      this.#free(this.#low, this.#low + reserved - 1, used);
    if (port === undefined) throw new NodePortError('range is full');
    this.#held.add(port);
    return port;
  }

  #free(low: number, high: number, used: ReadonlySet<number>): number | undefined {
    const count = high - low + 1;
    const start = Math.floor(this.#random() * count);
    for (let i = 0; i < count; i++) {
      const port = low + ((start + i) % count);
      if (!used.has(port) && !this.#held.has(port)) return port;
    }
    return undefined;
  }

  /** Ends a write: the ports it held are the service's, if it was stored. */
  settle(held: readonly number[], service: Service, stored: boolean, nowMs: number): void {
    if (stored) this.#remember(service, nodePortsOf(service.spec ?? {}), false, nowMs);
    for (const port of held) this.#held.delete(port);
  }

  /** The service is gone, its ports are free. */
  forget(service: Service, nowMs: number): void {
    this.#remember(service, [], true, nowMs);
  }

  #remember(service: Service, ports: readonly number[], gone: boolean, atMs: number): void {
    const uid = service.metadata?.uid;
    const known = uid !== undefined && this.#remembered.has(uid);
    // Services without node ports, the most, need no memory.
    if (uid === undefined || (ports.length === 0 && !known && !gone)) return;
    this.#remembered.set(uid, { ports, gone, atMs });
  }
}

function samePorts(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((p) => b.includes(p));
}
