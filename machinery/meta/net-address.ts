/**
 * Addresses and prefixes as Go's net/netip reads them: strictly (no leading zeros), with zones, and
 * with its words for what is wrong. Fields of the API are read by ip.ts.
 */
import { quote } from './field-error.ts';
import { ipv6Text, isMapped } from './ip.ts';

/** An address: 4 bytes or 16, and the zone of an IPv6 address (`fe80::1%eth0`). */
export interface NetAddress {
  readonly bytes: readonly number[];
  readonly zone: string;
}

/** An address with the length of its prefix; host bits are kept. */
export interface NetPrefix {
  readonly address: NetAddress;
  readonly bits: number;
}

/** Why a text is none. */
export interface NetProblem {
  readonly problem: string;
}

class AddressProblem extends Error {}

/** Reads an address. */
export function parseAddress(text: string): NetAddress | NetProblem {
  try {
    const first = /[.:%]/.exec(text)?.[0];
    if (first === '.') return { bytes: dotted(text), zone: '' };
    if (first === ':') return parseV6(text);
    throw new AddressProblem(first === '%' ? 'missing IPv6 address' : 'unable to parse IP');
  } catch (e) {
    if (!(e instanceof AddressProblem)) throw e;
    return { problem: `ParseAddr(${quote(text)}): ${e.message}` };
  }
}

/** Reads `address/bits`. */
export function parsePrefix(text: string): NetPrefix | NetProblem {
  const wrong = (what: string) => ({ problem: `netip.ParsePrefix(${quote(text)}): ${what}` });
  const slash = text.lastIndexOf('/');
  if (slash < 0) return wrong("no '/'");
  const address = parseAddress(text.slice(0, slash));
  if ('problem' in address) return wrong(address.problem);
  if (address.zone !== '') return wrong('IPv6 zones cannot be present in a prefix');
  const length = text.slice(slash + 1);
  if (!/^(?:[0-9]|[1-9][0-9]+)$/.test(length) || BigInt(length) >= 2n ** 63n) {
    return wrong(`bad bits after slash: ${quote(length)}`);
  }
  const bits = Number(length);
  if (bits > address.bytes.length * 8) return wrong('prefix length out of range');
  return { address, bits };
}

/** The first address of a prefix, with its length. */
export function maskedPrefix(prefix: NetPrefix): NetPrefix {
  const bytes = prefix.address.bytes.map((b, i) => {
    const kept = Math.min(8, Math.max(0, prefix.bits - 8 * i));
    return b & (0xff << (8 - kept)) & 0xff;
  });
  return { address: { bytes, zone: '' }, bits: prefix.bits };
}

/** True when the first `bits` of both are the same and the families are. */
export function sharePrefix(a: NetAddress, b: NetAddress, bits: number): boolean {
  if (a.bytes.length !== b.bytes.length) return false;
  const of = (address: NetAddress) => maskedPrefix({ address, bits }).address.bytes;
  const other = of(b);
  return of(a).every((byte, i) => byte === other[i]);
}

/** The canonical text (RFC 5952); an IPv4-mapped address keeps its prefix, a zone is kept. */
export function addressText(address: NetAddress): string {
  const { bytes, zone } = address;
  if (bytes.length === 4) return bytes.join('.');
  const end = zone === '' ? '' : `%${zone}`;
  if (isMapped({ bytes, leadingZeros: false })) return `::ffff:${bytes.slice(12).join('.')}${end}`;
  return `${ipv6Text(bytes)}${end}`;
}

/** `address/bits`. */
export function prefixText(prefix: NetPrefix): string {
  return `${addressText(prefix.address)}/${prefix.bits}`;
}

function at(what: string, rest: string): AddressProblem {
  return new AddressProblem(`${what} (at ${quote(rest)})`);
}

function dotted(s: string): number[] {
  const bytes: number[] = [];
  let value = 0;
  let digits = 0;
  for (let i = 0; i < s.length; i++) {
    const c = s[i]!;
    if (c >= '0' && c <= '9') {
      if (digits === 1 && value === 0) {
        throw new AddressProblem('IPv4 field has octet with leading zero');
      }
      value = value * 10 + Number(c);
      digits++;
      if (value > 255) throw new AddressProblem('IPv4 field has value >255');
    } else if (c !== '.') throw at('unexpected character', s.slice(i));
    else {
      if (i === 0 || i === s.length - 1 || s[i - 1] === '.') {
        throw at('IPv4 field must have at least one digit', s.slice(i));
      }
      if (bytes.length === 3) throw new AddressProblem('IPv4 address too long');
      bytes.push(value);
      value = 0;
      digits = 0;
    }
  }
  if (bytes.length < 3) throw new AddressProblem('IPv4 address too short');
  return [...bytes, value];
}

function parseV6(text: string): NetAddress {
  const percent = text.indexOf('%');
  const zone = percent < 0 ? '' : text.slice(percent + 1);
  if (percent >= 0 && zone === '') throw new AddressProblem('zone must be a non-empty string');
  let s = percent < 0 ? text : text.slice(0, percent);
  const bytes: number[] = [];
  let ellipsis = -1;
  if (s.startsWith('::')) {
    ellipsis = 0;
    s = s.slice(2);
    if (s === '') return { bytes: new Array<number>(16).fill(0), zone };
  }
  while (bytes.length < 16) {
    const group = hexGroup(s);
    if (s[group.length] === '.') {
      bytes.push(...embedded(s, bytes.length, ellipsis));
      s = '';
      break;
    }
    const n = Number.parseInt(group, 16);
    bytes.push(n >> 8, n & 255);
    s = s.slice(group.length);
    if (s === '') break;
    if (s[0] !== ':') throw at('unexpected character, want colon', s);
    if (s.length === 1) throw at('colon must be followed by more characters', s);
    s = s.slice(1);
    if (s[0] !== ':') continue;
    if (ellipsis >= 0) throw at('multiple :: in address', s);
    ellipsis = bytes.length;
    s = s.slice(1);
    if (s === '') break;
  }
  if (s !== '') throw at('trailing garbage after address', s);
  if (bytes.length < 16) {
    if (ellipsis < 0) throw new AddressProblem('address string too short');
    bytes.splice(ellipsis, 0, ...new Array<number>(16 - bytes.length).fill(0));
  } else if (ellipsis >= 0) {
    throw new AddressProblem('the :: must expand to at least one field of zeros');
  }
  return { bytes, zone };
}

function hexGroup(s: string): string {
  const group = /^[0-9A-Fa-f]*/.exec(s)![0];
  if (group.length > 4) throw at('each group must have 4 or less digits', s);
  if (group === '') throw at('each colon-separated field must have at least one digit', s);
  return group;
}

/** The dotted end of an IPv6 address. */
function embedded(s: string, before: number, ellipsis: number): number[] {
  if (ellipsis < 0 && before !== 12) {
    throw at('embedded IPv4 address must replace the final 2 fields of the address', s);
  }
  if (before + 4 > 16) {
    const what = 'too many hex fields to fit an embedded IPv4 at the end of the address';
    throw at(what, s);
  }
  return dotted(s);
}
