/** The rules of EndpointSlices. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  duplicate,
  type FieldError,
  FieldPath,
  internalFieldError,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from '../../../machinery/meta/field-error.ts';
import { isIpv4, parseIp, validateIp, validateLegacyIp } from '../../../machinery/meta/ip.ts';
import { isDns1123Label, isDns1123Subdomain, isLabelValue } from '../../../machinery/meta/names.ts';
import {
  validateImmutableField,
  validateLabels,
} from '../../../machinery/meta/object-meta-validation.ts';
import type { Endpoint, EndpointSlice } from '../../../machinery/schema/wire.ts';
import {
  invalidFor,
  portProtocols,
  validateDnsLabel,
  validateEndpointIp,
  validateQualifiedName,
} from '../core/field-checks.ts';

const limits = { topologyLabels: 16, addresses: 100, ports: 20000, endpoints: 1000, hints: 8 };
const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const zoneLabel = 'topology.kubernetes.io/zone';

/** `prev` undefined: the slice is new. Endpoints that do not change are not looked at again. */
export function validateEndpointSlice(
  next: EndpointSlice,
  prev: EndpointSlice | undefined,
): FieldError[] {
  const typeAt = FieldPath.of('addressType');
  const type = next.addressType ?? '';
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(typeAt));
  else if (!addressTypes.includes(type)) errors.push(notSupported(typeAt, type, addressTypes));
  errors.push(...validatePorts(next.ports ?? [], FieldPath.of('ports')));
  if (prev === undefined || !deepEqual(next.endpoints, prev.endpoints)) {
    errors.push(...validateEndpoints(next.endpoints ?? [], type, FieldPath.of('endpoints')));
  }
  if (prev !== undefined) {
    errors.push(...validateImmutableField(type, prev.addressType ?? '', typeAt));
  }
  return errors;
}

function validatePorts(ports: NonNullable<EndpointSlice['ports']>, at: FieldPath): FieldError[] {
  if (ports.length > limits.ports) return [tooMany(at, ports.length, limits.ports)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, { name = '', protocol, appProtocol }] of ports.entries()) {
    const portAt = at.index(i);
    if (name !== '') errors.push(...validateDnsLabel(name, portAt.child('name')));
    if (names.has(name)) errors.push(duplicate(portAt.child('name'), name));
    names.add(name);
    const protocolAt = portAt.child('protocol');
    if (protocol === undefined) errors.push(required(protocolAt));
    else if (!(portProtocols as readonly string[]).includes(protocol)) {
      errors.push(notSupported(protocolAt, protocol, portProtocols));
    }
    if (appProtocol !== undefined) {
      errors.push(...validateQualifiedName(appProtocol, portAt.child('appProtocol')));
    }
  }
  return errors;
}

function validateEndpoints(
  endpoints: readonly Endpoint[],
  addressType: string,
  at: FieldPath,
): FieldError[] {
  if (endpoints.length > limits.endpoints) {
    return [tooMany(at, endpoints.length, limits.endpoints)];
  }
  return endpoints.flatMap((e, i) => validateEndpoint(e, addressType, at.index(i)));
}

function validateEndpoint(e: Endpoint, addressType: string, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const addresses = e.addresses ?? [];
  const addressesAt = at.child('addresses');
  if (addresses.length === 0) errors.push(required(addressesAt, 'must contain at least 1 address'));
  else if (addresses.length > limits.addresses) {
    errors.push(tooMany(addressesAt, addresses.length, limits.addresses));
  }
  for (const [i, address] of addresses.entries()) {
    errors.push(...validateAddress(address, addressType, addressesAt, i));
  }
  if (e.nodeName !== undefined) {
    errors.push(...invalidFor(at.child('nodeName'), e.nodeName, isDns1123Subdomain(e.nodeName)));
  }
  errors.push(...validateTopology(e.deprecatedTopology ?? {}, at.child('deprecatedTopology')));
  if (e.hostname !== undefined) errors.push(...validateDnsLabel(e.hostname, at.child('hostname')));
  if (e.hints !== undefined) errors.push(...validateHints(e.hints, at.child('hints')));
  return errors;
}

function validateAddress(
  address: string,
  addressType: string,
  listAt: FieldPath,
  i: number,
): FieldError[] {
  const at = listAt.index(i);
  if (addressType === 'FQDN') return validateDomainName(address, at);
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return [];
  const isV4 = addressType === 'IPv4';
  const errors = isV4 ? validateLegacyIp(address, at, true) : validateIp(address, at);
  if (errors.length > 0) return errors;
  if (isIpv4(parseIp(address)!) !== isV4) {
    // The real server names the list here, not the element.
    errors.push(invalidValue(listAt, address, `must be an ${addressType} address`));
  }
  return [...errors, ...validateEndpointIp(address, at)];
}

function validateDomainName(given: string, at: FieldPath): FieldError[] {
  if (given === '') return [required(at)];
  const name = given.endsWith('.') ? given.slice(0, -1) : given;
  const problems = isDns1123Subdomain(name);
  if (problems.length > 0) return [invalidValue(at, name, problems.join(','))];
  const segments = name.split('.');
  if (segments.length < 2) {
    const text = 'should be a domain with at least two segments separated by dots';
    return [invalidValue(at, name, text)];
  }
  const bad = segments.find((s) => isDns1123Label(s).length > 0);
  return bad === undefined ? [] : [invalidValue(at, bad, isDns1123Label(bad).join(','))];
}

function validateTopology(topology: Readonly<Record<string, string>>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const count = Object.keys(topology).length;
  if (count > limits.topologyLabels) errors.push(tooMany(at, count, limits.topologyLabels));
  errors.push(...validateLabels(topology, at));
  if (zoneLabel in topology) {
    errors.push(
      internalFieldError(at.key(zoneLabel), 'reserved key was not removed in conversion'),
    );
  }
  return errors;
}

function validateHints(hints: NonNullable<Endpoint['hints']>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const kinds = [
    [hints.forZones ?? [], at.child('forZones'), isLabelValue],
    [hints.forNodes ?? [], at.child('forNodes'), isDns1123Subdomain],
  ] as const;
  for (const [list, listAt, problems] of kinds) {
    if (list.length > limits.hints) return [...errors, tooMany(listAt, list.length, limits.hints)];
    const names = new Set<string>();
    for (const [i, { name }] of list.entries()) {
      const nameAt = listAt.index(i).child('name');
      if (names.has(name)) errors.push(duplicate(nameAt, name));
      names.add(name);
      errors.push(...invalidFor(nameAt, name, problems(name)));
    }
  }
  return errors;
}
