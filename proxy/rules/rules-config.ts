/** What the rules depend on besides services and endpoints. */
import type { Family } from '../service-ports.ts';
import type { Place } from '../topology.ts';

/** How to tell traffic of this node's pods, as conditions of nftables. */
export interface LocalTraffic {
  readonly isLocal: string;
  readonly isNotLocal: string;
}

export interface RulesConfig {
  readonly family: Family;
  readonly table: string;
  readonly place: Place;
  /** Addresses node ports are served on; `all`: every address of the node. */
  readonly nodePortIps: readonly string[] | 'all';
  /** `0x4000` */
  readonly masqueradeMark: string;
  readonly masqueradeAll: boolean;
  /** Undefined: traffic of pods cannot be told apart. */
  readonly local: LocalTraffic | undefined;
  /** Addresses that only services may have. */
  readonly serviceCidrs: readonly string[];
  /** Node addresses of the family. */
  readonly nodeIps: readonly string[];
}
