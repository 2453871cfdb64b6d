/**
 * IP addresses and CIDR blocks: parsing, canonical text (RFC 5952), and the checks with the real
 * server's texts. The legacy checks accept what fields of old APIs have always accepted.
 */
import { type FieldError, type FieldPath, invalidValue, quote } from './field-error.ts';

/** An address as bytes: 4 for IPv4, 16 for IPv6. */
export interface IpAddress {
  readonly bytes: readonly number[];
  /** Some octet or the prefix was written with leading zeros, which strict parsers refuse. */
  readonly leadingZeros: boolean;
}

/** A block: the address as written and the length of its prefix. */
export interface Cidr {
  readonly address: IpAddress;
  readonly prefix: number;
  readonly leadingZeros: boolean;
}

/** Parses an address; leading zeros are tolerated and told. Undefined when it is none. */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes: number[] = [];
  let leadingZeros = false;
  for (const p of parts) {
    if (!/^[0-9]{1,16}$/.test(p) || Number(p) > 255) return undefined;
    if (p.length > 1 && p.startsWith('0')) leadingZeros = true;
    bytes.push(Number(p));
  }
  return { bytes, leadingZeros };
}

function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const left = groupsOf(halves[0]!, halves.length === 1);
  const right = halves.length === 2 ? groupsOf(halves[1]!, true) : { bytes: [], zeros: false };
  if (left === undefined || right === undefined) return undefined;
  const given = left.bytes.length + right.bytes.length;
  if (halves.length === 1 ? given !== 16 : given > 14) return undefined;
  const gap = new Array<number>(16 - given).fill(0);
  return {
    bytes: [...left.bytes, ...gap, ...right.bytes],
    leadingZeros: left.zeros || right.zeros,
  };
}

/** Groups between colons; the last one may be a dotted IPv4 address. */
function groupsOf(text: string, last: boolean): { bytes: number[]; zeros: boolean } | undefined {
  if (text === '') return { bytes: [], zeros: false };
  const bytes: number[] = [];
  let zeros = false;
  const groups = text.split(':');
  for (const [i, g] of groups.entries()) {
    if (last && i === groups.length - 1 && g.includes('.')) {
      const v4 = parseIpv4(g);
      if (v4 === undefined) return undefined;
      bytes.push(...v4.bytes);
      zeros = v4.leadingZeros;
    } else if (/^[0-9A-Fa-f]{1,4}$/.test(g)) {
      const n = Number.parseInt(g, 16);
      bytes.push(n >> 8, n & 255);
    } else return undefined;
  }
  return { bytes, zeros };
}

/** Parses `address/length`; leading zeros are tolerated and told. Undefined when it is none. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^[0-9]{1,16}$/.test(length)) return undefined;
  const prefix = Number(length);
  if (prefix > address.bytes.length * 8) return undefined;
  const leadingZeros = address.leadingZeros || (length.length > 1 && length.startsWith('0'));
  return { address, prefix, leadingZeros };
}

/** True for an IPv4 address, also one written as IPv4-mapped IPv6. */
export function isIpv4(ip: IpAddress): boolean {
  return ip.bytes.length === 4 || isMapped(ip);
}

/** `::ffff:a.b.c.d`. */
export function isMapped(ip: IpAddress): boolean {
  const b = ip.bytes;
  return b.length === 16 && b[10] === 255 && b[11] === 255 && b.slice(0, 10).every((x) => x === 0);
}

/** The canonical text; IPv4-mapped addresses print as IPv4. */
export function formatIp(ip: IpAddress): string {
  if (isIpv4(ip)) return ip.bytes.slice(-4).join('.');
  return ipv6Text(ip.bytes);
}

/** The canonical text of 16 bytes (RFC 5952): the longest run of zeros is left out. */
export function ipv6Text(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > length) {
      start = i;
      length = n;
    }
  }
  const hex = groups.map((g) => g.toString(16));
  if (start < 0) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** The first address of a block. */
export function networkOf(cidr: Cidr): IpAddress {
  const bytes = cidr.address.bytes.map((b, i) => {
    const kept = Math.min(8, Math.max(0, cidr.prefix - 8 * i));
    return b & (0xff << (8 - kept)) & 0xff;
  });
  return { bytes, leadingZeros: false };
}

/** The block's canonical text, its host bits cleared. */
export function formatCidr(cidr: Cidr): string {
  return `${formatIp(networkOf(cidr))}/${shownPrefix(cidr)}`;
}

function shownPrefix(cidr: Cidr): number {
  return isMapped(cidr.address) && cidr.prefix >= 96 ? cidr.prefix - 96 : cidr.prefix;
}

/** True when the block holds the address; families never mix. */
export function cidrContains(cidr: Cidr, ip: IpAddress): boolean {
  const a = isIpv4(ip) ? ip.bytes.slice(-4) : ip.bytes;
  if (a.length !== cidr.address.bytes.length) return false;
  const network = networkOf(cidr).bytes;
  const other = networkOf({ ...cidr, address: { bytes: a, leadingZeros: false } }).bytes;
  return network.every((b, i) => b === other[i]);
}

function sameBytes(a: IpAddress, b: IpAddress): boolean {
  return a.bytes.length === b.bytes.length && a.bytes.every((x, i) => x === b.bytes[i]);
}

/** An address in canonical form: the check for new fields. */
export function validateIp(value: string, at: FieldPath): FieldError[] {
  const errors = validateLegacyIp(value, at, true);
  if (errors.length > 0) return errors;
  const canonical = formatIp(parseIp(value)!);
  if (value === canonical) return [];
  return [invalidValue(at, value, `must be in canonical form (${quote(canonical)})`)];
}

/**
 * The check for fields of old APIs: any form is fine; without `strict` leading zeros and
 * IPv4-mapped addresses too. Values in `accepted` (those of the old object) pass as they are.
 */
export function validateLegacyIp(
  value: string,
  at: FieldPath,
  strict = false,
  accepted: readonly string[] = [],
): FieldError[] {
  if (accepted.includes(value)) return [];
  const ip = parseIp(value);
  if (ip === undefined) {
    const text = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
    return [invalidValue(at, value, text)];
  }
  if (!strict) return [];
  if (ip.leadingZeros) return [invalidValue(at, value, 'must not have leading 0s')];
  return isMapped(ip) ? [invalidValue(at, value, 'must not be an IPv4-mapped IPv6 address')] : [];
}

/** A block in canonical form without host bits: the check for new fields. */
export function validateCidr(value: string, at: FieldPath): FieldError[] {
  const errors = validateLegacyCidr(value, at, true);
  if (errors.length > 0) return errors;
  const canonical = formatCidr(parseCidr(value)!);
  if (value === canonical) return [];
  return [invalidValue(at, value, `must be in canonical form (${quote(canonical)})`)];
}

/** The check of blocks for fields of old APIs; see validateLegacyIp. */
export function validateLegacyCidr(
  value: string,
  at: FieldPath,
  strict = false,
  accepted: readonly string[] = [],
): FieldError[] {
  if (accepted.includes(value)) return [];
  const cidr = parseCidr(value);
  if (cidr === undefined) {
    const text = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    return [invalidValue(at, value, text)];
  }
  if (!strict) return [];
  const invalid = (text: string): FieldError[] => [invalidValue(at, value, text)];
  if (cidr.leadingZeros) return invalid('must not have leading 0s in IP or prefix length');
  if (isMapped(cidr.address)) return invalid('must not have an IPv4-mapped IPv6 address');
  return sameBytes(networkOf(cidr), cidr.address)
    ? []
    : invalid('must not have bits set beyond the prefix length');
}

/** An address with its prefix length, as interfaces have it: host bits are fine. */
export function validateInterfaceAddress(value: string, at: FieldPath): FieldError[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) {
    const text = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';
    return [invalidValue(at, value, text)];
  }
  const canonical = `${formatIp(cidr.address)}/${shownPrefix(cidr)}`;
  if (value === canonical) return [];
  return [invalidValue(at, value, `must be in canonical form (${quote(canonical)})`)];
}

/** Warnings for an address that a legacy field accepts. */
export function ipWarnings(value: string, at: FieldPath): string[] {
  const ip = parseIp(value);
  if (ip === undefined) return [];
  const best = quote(formatIp(ip));
  if (ip.leadingZeros || isMapped(ip)) {
    return [`${at}: non-standard IP address ${quote(value)} is invalid: use ${best}`];
  }
  if (ip.bytes.length === 4 || formatIp(ip) === value) return [];
  return [`${at}: IPv6 address ${quote(value)} should be in RFC 5952 canonical format (${best})`];
}

/** Warnings for a block that a legacy field accepts. */
export function cidrWarnings(value: string, at: FieldPath): string[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) return [];
  const shown = quote(value);
  const best = quote(formatCidr(cidr));
  const warnings: string[] = [];
  if (!sameBytes(networkOf(cidr), cidr.address)) {
    const single = quote(`${formatIp(cidr.address)}/${cidr.address.bytes.length * 8}`);
    warnings.push(
      `${at}: CIDR value ${shown} is ambiguous in this context (should be ${best} or ${single}?)`,
    );
  }
  if (cidr.leadingZeros || isMapped(cidr.address)) {
    warnings.push(`${at}: non-standard CIDR value ${shown} is invalid: use ${best}`);
  }
  if (warnings.length === 0 && cidr.address.bytes.length === 16 && formatCidr(cidr) !== value) {
    warnings.push(
      `${at}: IPv6 CIDR value ${shown} should be in RFC 5952 canonical format (${best})`,
    );
  }
  return warnings;
}
