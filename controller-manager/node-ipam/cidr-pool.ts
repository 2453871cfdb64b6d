/** A cluster range cut into equal blocks, one per node. */
import {
  type Cidr,
  cidrContains,
  formatCidr,
  type IpAddress,
  isIpv4,
  networkOf,
} from '../../machinery/meta/ip.ts';

/** The map of blocks has an entry each; as many as the real allocator's largest IPv6 range. */
const maxDifference = 24;
const maxDifferenceIpv6 = 16;

export class CidrPool {
  private readonly range: Cidr;
  private readonly blockPrefix: number;
  private readonly count: number;
  private readonly used: Uint8Array;
  private next = 0;

  /** Throws when the range cannot be cut into blocks of this size. */
  constructor(range: Cidr, blockPrefix: number) {
    if (range.prefix > blockPrefix) {
      throw new Error(
        'Controller: Invalid --cluster-cidr, mask size of cluster CIDR must be less than or equal ' +
          'to --node-cidr-mask-size configured for CIDR family',
      );
    }
    const limit = isIpv4(range.address) ? maxDifference : maxDifferenceIpv6;
    if (blockPrefix - range.prefix > limit) {
      throw new Error('New CIDR set failed; the node CIDR size is too big');
    }
    this.range = { ...range, address: networkOf(range) };
    this.blockPrefix = blockPrefix;
    this.count = 2 ** (blockPrefix - range.prefix);
    this.used = new Uint8Array(this.count);
  }

  /** The next free block, now taken; undefined when there is none. Blocks are handed out in turn. */
  allocate(): string | undefined {
    for (let tried = 0; tried < this.count; tried++) {
      const index = (this.next + tried) % this.count;
      if (this.used[index] === 1) continue;
      this.used[index] = 1;
      this.next = (index + 1) % this.count;
      return formatCidr({
        ...this.range,
        address: this.addressOf(index),
        prefix: this.blockPrefix,
      });
    }
    return undefined;
  }

  /** Takes all blocks that a range touches. False when the range lies outside. */
  occupy(cidr: Cidr): boolean {
    return this.mark(cidr, 1);
  }

  release(cidr: Cidr): boolean {
    return this.mark(cidr, 0);
  }

  private mark(cidr: Cidr, value: 0 | 1): boolean {
    if (cidr.prefix <= this.range.prefix && cidrContains(cidr, this.range.address)) {
      this.used.fill(value);
      return true;
    }
    const first = networkOf(cidr);
    if (!cidrContains(this.range, first)) return false;
    const start = this.indexOf(first);
    const blocks = 2 ** Math.max(0, this.blockPrefix - cidr.prefix);
    this.used.fill(value, start, start + blocks);
    return true;
  }

  private indexOf(address: IpAddress): number {
    const bits = BigInt(address.bytes.length * 8 - this.blockPrefix);
    return Number((numberOf(address) - numberOf(this.range.address)) >> bits);
  }

  private addressOf(index: number): IpAddress {
    const length = this.range.address.bytes.length;
    const bits = BigInt(length * 8 - this.blockPrefix);
    let rest = numberOf(this.range.address) + (BigInt(index) << bits);
    const bytes = new Array<number>(length).fill(0);
    for (let i = length - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
    return { bytes, leadingZeros: false };
  }
}

function numberOf(address: IpAddress): bigint {
  return address.bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
