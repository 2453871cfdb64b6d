/** `cidr("10.0.0.0/8").containsIP("10.1.2.3")`: blocks of IP addresses in expressions. */
import { maskedPrefix, type NetPrefix, sharePrefix } from '../../meta/net-address.ts';
import type { Library } from '../library.ts';
import { boolType, intType, stringType } from '../types.ts';
import { noSuchOverload, type Result, type Value } from '../values.ts';
import { CidrValue, cidrOf, cidrType, IpValue, ipOf, ipType } from './ip-value.ts';

/** The library of blocks. */
export const cidrLibrary: Library = {
  name: 'kubernetes.net.cidr',
  types: [cidrType],
  functions: [
    {
      name: 'cidr',
      overloads: [
        {
          id: 'string_to_cidr',
          params: [stringType],
          result: cidrType,
          call: (text) => cidrOf(text as string),
        },
      ],
    },
    {
      name: 'isCIDR',
      overloads: [
        {
          id: 'is_cidr',
          params: [stringType],
          result: boolType,
          call: (text) => cidrOf(text as string) instanceof CidrValue,
        },
      ],
    },
    {
      name: 'containsIP',
      overloads: [
        {
          id: 'cidr_contains_ip_string',
          member: true,
          params: [cidrType, stringType],
          result: boolType,
          call: (cidr, text) => {
            const ip = ipOf(text as string);
            // What is wrong with the address is lost on the real server too.
            return ip instanceof IpValue ? containsIp(cidr, ip) : noSuchOverload;
          },
        },
        {
          id: 'cidr_contains_ip_ip',
          member: true,
          params: [cidrType, ipType],
          result: boolType,
          call: containsIp,
        },
      ],
    },
    {
      name: 'containsCIDR',
      overloads: [
        {
          id: 'cidr_contains_cidr_string',
          member: true,
          params: [cidrType, stringType],
          result: boolType,
          call: (cidr, text) => {
            const other = cidrOf(text as string);
            return other instanceof CidrValue ? containsCidr(cidr, other) : other;
          },
        },
        {
          id: 'cidr_contains_cidr',
          member: true,
          params: [cidrType, cidrType],
          result: boolType,
          call: containsCidr,
        },
      ],
    },
    {
      name: 'ip',
      overloads: [
        {
          id: 'cidr_ip',
          member: true,
          params: [cidrType],
          result: ipType,
          call: (cidr) => new IpValue(prefixOf(cidr).address),
        },
      ],
    },
    {
      name: 'prefixLength',
      overloads: [
        {
          id: 'cidr_prefix_length',
          member: true,
          params: [cidrType],
          result: intType,
          call: (cidr) => BigInt(prefixOf(cidr).bits),
        },
      ],
    },
    {
      name: 'masked',
      overloads: [
        {
          id: 'cidr_masked',
          member: true,
          params: [cidrType],
          result: cidrType,
          call: (cidr) => new CidrValue(maskedPrefix(prefixOf(cidr))),
        },
      ],
    },
    {
      name: 'string',
      overloads: [
        { id: 'cidr_to_string', params: [cidrType], result: stringType, call: (c) => String(c) },
      ],
    },
  ],
};

function prefixOf(cidr: Value): NetPrefix {
  return (cidr as CidrValue).prefix;
}

function containsIp(cidr: Value, ip: Value): Result {
  const { address, bits } = prefixOf(cidr);
  return sharePrefix(address, (ip as IpValue).address, bits);
}

function containsCidr(cidr: Value, other: Value): Result {
  const [outer, inner] = [prefixOf(cidr), prefixOf(other)];
  return outer.bits <= inner.bits && sharePrefix(outer.address, inner.address, outer.bits);
}
