/** `ip("10.0.0.1").isLoopback()`: IP addresses in expressions. */
import type { NetAddress } from '../../meta/net-address.ts';
import { addressText } from '../../meta/net-address.ts';
import type { FunctionDeclaration, Library } from '../library.ts';
import { boolType, intType, stringType } from '../types.ts';
import type { Value } from '../values.ts';
import { type IpValue, ipOf, ipType } from './ip-value.ts';

/** The library of addresses. */
export const ipLibrary: Library = {
  name: 'kubernetes.net.ip',
  types: [ipType],
  functions: [
    {
      name: 'ip',
      overloads: [
        {
          id: 'string_to_ip',
          params: [stringType],
          result: ipType,
          call: (text) => ipOf(text as string),
        },
      ],
    },
    {
      name: 'isIP',
      overloads: [
        {
          id: 'is_ip',
          params: [stringType],
          result: boolType,
          call: (text) => 'address' in ipOf(text as string),
        },
      ],
    },
    {
      name: 'ip.isCanonical',
      overloads: [
        {
          id: 'ip_is_canonical',
          params: [stringType],
          result: boolType,
          call: (text) => {
            const ip = ipOf(text as string);
            return 'address' in ip ? addressText(ip.address) === text : ip;
          },
        },
      ],
    },
    {
      name: 'string',
      overloads: [
        { id: 'ip_to_string', params: [ipType], result: stringType, call: (ip) => String(ip) },
      ],
    },
    {
      name: 'family',
      overloads: [
        {
          id: 'ip_family',
          member: true,
          params: [ipType],
          result: intType,
          call: (ip) => (addressOf(ip).bytes.length === 4 ? 4n : 6n),
        },
      ],
    },
    property('isUnspecified', 'ip_is_unspecified', ({ bytes }) => bytes.every((b) => b === 0)),
    property('isLoopback', 'ip_is_loopback', isLoopback),
    property('isLinkLocalMulticast', 'ip_is_link_local_multicast', isLinkLocalMulticast),
    property('isLinkLocalUnicast', 'ip_is_link_local_unicast', isLinkLocalUnicast),
    property('isGlobalUnicast', 'ip_is_global_unicast', isGlobalUnicast),
  ],
};

function property(
  name: string,
  id: string,
  holds: (address: NetAddress) => boolean,
): FunctionDeclaration {
  const call = (ip: Value): boolean => holds(addressOf(ip));
  return { name, overloads: [{ id, member: true, params: [ipType], result: boolType, call }] };
}

function addressOf(ip: Value): NetAddress {
  return (ip as IpValue).address;
}

function isV4({ bytes }: NetAddress): boolean {
  return bytes.length === 4;
}

function isLoopback(address: NetAddress): boolean {
  const { bytes } = address;
  if (isV4(address)) return bytes[0] === 127;
  return bytes.every((b, i) => b === (i === 15 ? 1 : 0));
}

function isLinkLocalMulticast(address: NetAddress): boolean {
  const [a, b, c] = address.bytes as [number, number, number];
  return isV4(address) ? a === 224 && b === 0 && c === 0 : a === 0xff && (b & 0x0f) === 0x02;
}

function isLinkLocalUnicast(address: NetAddress): boolean {
  const [a, b] = address.bytes as [number, number];
  return isV4(address) ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80;
}

function isMulticast(address: NetAddress): boolean {
  const first = address.bytes[0]!;
  return isV4(address) ? (first & 0xf0) === 0xe0 : first === 0xff;
}

/** Private addresses are global in this sense too. */
function isGlobalUnicast(address: NetAddress): boolean {
  const { bytes } = address;
  if (isV4(address) && bytes.every((b) => b === 255)) return false;
  if (bytes.every((b) => b === 0)) return false;
  return !isLoopback(address) && !isMulticast(address) && !isLinkLocalUnicast(address);
}
