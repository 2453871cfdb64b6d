/** IP addresses and blocks as values of expressions. */

import { quote } from '../../meta/field-error.ts';
import { isMapped } from '../../meta/ip.ts';
import {
  addressText,
  type NetAddress,
  type NetPrefix,
  parseAddress,
  parsePrefix,
  prefixText,
} from '../../meta/net-address.ts';
import { type CelType, opaqueType } from '../types.ts';
import { CelError, noSuchOverload, ObjectValue, type Value } from '../values.ts';

export const ipType = opaqueType('net.IP');
export const cidrType = opaqueType('net.CIDR');

/** An address without a zone; never an IPv4 address in IPv6 clothes. */
export class IpValue extends ObjectValue {
  readonly address: NetAddress;

  constructor(address: NetAddress) {
    super();
    this.address = address;
  }

  override get type(): CelType {
    return ipType;
  }

  override equals(other: Value): boolean | CelError {
    if (!(other instanceof IpValue)) return noSuchOverload;
    return addressText(this.address) === addressText(other.address);
  }

  override size(): number {
    return this.address.bytes.length;
  }

  override toString(): string {
    return addressText(this.address);
  }
}

/** An address with the length of its prefix; host bits are kept. */
export class CidrValue extends ObjectValue {
  readonly prefix: NetPrefix;

  constructor(prefix: NetPrefix) {
    super();
    this.prefix = prefix;
  }

  override get type(): CelType {
    return cidrType;
  }

  override equals(other: Value): boolean | CelError {
    if (!(other instanceof CidrValue)) return noSuchOverload;
    return prefixText(this.prefix) === prefixText(other.prefix);
  }

  /** Of the prefix, in bytes. */
  override size(): number {
    return Math.ceil(this.prefix.bits / 8);
  }

  override toString(): string {
    return prefixText(this.prefix);
  }
}

/** Reads an address. */
export function ipOf(text: string): IpValue | CelError {
  const address = parseAddress(text);
  const shown = quote(text);
  if ('problem' in address) {
    const why = `parse error during conversion from string: ${address.problem}`;
    return new CelError(`IP Address ${shown} ${why}`);
  }
  if (address.zone !== '') {
    return new CelError(`IP address ${shown} with zone value is not allowed`);
  }
  if (isMapped({ bytes: address.bytes, leadingZeros: false })) {
    return new CelError(`IPv4-mapped IPv6 address ${shown} is not allowed`);
  }
  return new IpValue(address);
}

/** Reads a block. */
export function cidrOf(text: string): CidrValue | CelError {
  const why = 'network address parse error during conversion from string: ';
  const prefix = parsePrefix(text);
  // The real server says it twice.
  if ('problem' in prefix) return new CelError(`${why}${why}${prefix.problem}`);
  if (isMapped({ bytes: prefix.address.bytes, leadingZeros: false })) {
    return new CelError(`${why}IPv4-mapped IPv6 address ${quote(text)} is not allowed`);
  }
  return new CidrValue(prefix);
}
