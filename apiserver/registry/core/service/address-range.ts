/** A range that cluster IPs are taken from: its addresses without network and broadcast. */
import {
  type Cidr,
  formatIp,
  networkOf,
  parseCidr,
  parseIp,
} from '../../../../machinery/meta/ip.ts';
import type { IpFamily } from './service-facts.ts';

/** Longest stretch at the low end that is kept for addresses asked for by name (KEP 3070). */
const maxReserved = 256n;
const minReserved = 16n;
const reservedStep = 16n;

export class AddressRange {
  /** As written: `10.0.0.0/16`. */
  readonly text: string;
  readonly family: IpFamily;
  readonly #cidr: Cidr;
  readonly #first: bigint;
  readonly #size: bigint;
  /** Addresses at the low end that are handed out last. */
  readonly #reserved: bigint;

  private constructor(text: string, cidr: Cidr) {
    this.text = text;
    this.#cidr = cidr;
    const bits = cidr.address.bytes.length * 8;
    this.family = bits === 32 ? 'IPv4' : 'IPv6';
    const all = 1n << BigInt(bits - cidr.prefix);
    const unusable = this.family === 'IPv4' ? 2n : 1n;
    this.#first = toNumber(networkOf(cidr).bytes) + 1n;
    this.#size = all > unusable ? all - unusable : 0n;
    this.#reserved = all <= minReserved ? 0n : clamp(all / reservedStep, minReserved, maxReserved);
  }

  /** Undefined for what is no CIDR block. */
  static parse(text: string): AddressRange | undefined {
    const cidr = parseCidr(text);
    return cidr === undefined ? undefined : new AddressRange(text, cidr);
  }

  /** The block's own address, which no service gets. */
  get networkAddress(): string {
    return formatIp(networkOf(this.#cidr));
  }

  /** True for an address that a service can have. */
  has(ip: string): boolean {
    const parsed = parseIp(ip);
    if (parsed === undefined || parsed.bytes.length !== this.#cidr.address.bytes.length) {
      return false;
    }
    const offset = toNumber(parsed.bytes) - this.#first;
    return offset >= 0n && offset < this.#size;
  }

  /**
   * Addresses in the order to try them: the upper part first, from a random place around, then the
   * reserved part likewise. `random` returns a number in [0, 1).
   */
  *candidates(random: () => number): Generator<string> {
    yield* this.#around(this.#reserved, this.#size, random);
    yield* this.#around(0n, clamp(this.#size, 0n, this.#reserved), random);
  }

  *#around(from: bigint, to: bigint, random: () => number): Generator<string> {
    const count = to - from;
    if (count <= 0n) return;
    const start = BigInt(Math.floor(random() * Number(clamp(count, 0n, maxSafe))));
    for (let i = 0n; i < count; i++) yield this.#at(from + ((start + i) % count));
  }

  #at(offset: bigint): string {
    const length = this.#cidr.address.bytes.length;
    let n = this.#first + offset;
    const bytes = new Array<number>(length);
    for (let i = length - 1; i >= 0; i--, n >>= 8n) bytes[i] = Number(n & 0xffn);
    return formatIp({ bytes, leadingZeros: false });
  }
}

const maxSafe = BigInt(Number.MAX_SAFE_INTEGER);

function toNumber(bytes: readonly number[]): bigint {
  return bytes.reduce((n, b) => (n << 8n) | BigInt(b), 0n);
}

function clamp(n: bigint, low: bigint, high: bigint): bigint {
  if (n < low) return low;
  return n > high ? high : n;
}
