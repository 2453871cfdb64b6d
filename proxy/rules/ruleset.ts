/**
 * A table of nftables as data: what is to be loaded, and what was. Differences between two of them
 * become commands (`script.ts`).
 */
import type { Family } from '../service-ports.ts';

/** A set or map whose elements are ours alone, or (affinity sets) the kernel's. */
export interface NftSet {
  readonly kind: 'set' | 'map';
  /** `ipv4_addr . inet_proto . inet_service : verdict` */
  readonly type: string;
  /** Further lines of the declaration, such as flags and timeout. */
  readonly extra?: string;
  /** Key to value; '' in sets. Absent: filled by rules, not by us. */
  readonly elements?: ReadonlyMap<string, string>;
}

/** A chain; `hook` is the line that ties it to the kernel. */
export interface NftChain {
  readonly hook?: string;
  readonly rules: readonly string[];
}

/** Everything in one table. Read-only once built. */
export interface Ruleset {
  readonly family: Family;
  readonly table: string;
  readonly sets: ReadonlyMap<string, NftSet>;
  readonly chains: ReadonlyMap<string, NftChain>;
}

/** The words of nftables that differ by family. */
export interface FamilyWords {
  /** The family's keyword: of tables, and before `saddr`. */
  readonly ip: 'ip' | 'ip6';
  readonly addressType: 'ipv4_addr' | 'ipv6_addr';
  readonly notLoopback: string;
}

const words: Readonly<Record<Family, FamilyWords>> = {
  IPv4: { ip: 'ip', addressType: 'ipv4_addr', notLoopback: 'ip daddr != 127.0.0.0/8' },
  IPv6: { ip: 'ip6', addressType: 'ipv6_addr', notLoopback: 'ip6 daddr != ::1' },
};

export function wordsOf(family: Family): FamilyWords {
  return words[family];
}
