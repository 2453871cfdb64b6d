/** Checks of endpoints. */
import { semanticEqual } from '../../../machinery/meta/equality.ts';
import { type FieldError, FieldPath, required } from '../../../machinery/meta/field-error.ts';
import { ipWarnings, validateLegacyIp } from '../../../machinery/meta/ip.ts';
import { isPortNumber, nameIsDnsSubdomain } from '../../../machinery/meta/names.ts';
import { typeRef } from '../../../machinery/schema/schema.ts';
import type { EndpointAddress, EndpointPort, Endpoints } from '../../../machinery/schema/wire.ts';
import {
  invalidFor,
  portProtocols,
  validateDnsLabel,
  validateEndpointIp,
  validateOneOf,
  validateQualifiedName,
} from './field-checks.ts';

const at = FieldPath.of('subsets');
const subsetsType = typeRef('[]core/v1.EndpointSubset');
const lists = ['addresses', 'notReadyAddresses'] as const;

/** Problems of the subsets; what is stored as it is passes. */
export function validateSubsets(next: Endpoints, prev?: Endpoints): FieldError[] {
  const errors = (next.subsets ?? []).flatMap((subset, i) => {
    const here = at.index(i);
    const addresses = lists.flatMap((l) =>
      (subset[l] ?? []).map((a, j) => [a, here.child(l).index(j)] as const),
    );
    const text = 'must specify `addresses` or `notReadyAddresses`';
    const ports = subset.ports ?? [];
    return [
      ...(addresses.length === 0 ? [required(here, text)] : []),
      ...addresses.flatMap(([a, path]) => validateAddress(a, path)),
      ...ports.flatMap((p, j) => validatePort(p, ports.length > 1, here.child('ports').index(j))),
    ];
  });
  if (errors.length === 0 || prev === undefined) return errors;
  return semanticEqual(subsetsType, next.subsets, prev.subsets) ? [] : errors;
}

function validateAddress(address: EndpointAddress, path: FieldPath): FieldError[] {
  const ip = address.ip ?? '';
  const errors = validateLegacyIp(ip, path.child('ip'), true);
  if (address.hostname) errors.push(...validateDnsLabel(address.hostname, path.child('hostname')));
  const node = address.nodeName;
  if (node !== undefined) {
    errors.push(...invalidFor(path.child('nodeName'), node, nameIsDnsSubdomain(node, false)));
  }
  return [...errors, ...validateEndpointIp(ip, path.child('ip'))];
}

function validatePort(port: EndpointPort, named: boolean, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (port.name) errors.push(...validateDnsLabel(port.name, path.child('name')));
  else if (named) errors.push(required(path.child('name')));
  const number = port.port ?? 0;
  errors.push(...invalidFor(path.child('port'), number, isPortNumber(number)));
  const protocol = path.child('protocol');
  if (!port.protocol) errors.push(required(protocol));
  else errors.push(...validateOneOf(port.protocol, portProtocols, protocol));
  if (port.appProtocol !== undefined) {
    errors.push(...validateQualifiedName(port.appProtocol, path.child('appProtocol')));
  }
  return errors;
}

const managedBy = 'endpoints.kubernetes.io/managed-by';

/** Addresses in odd spellings, unless the controller wrote them. */
export function endpointsWarnings(endpoints: Endpoints): string[] {
  if (endpoints.metadata?.labels?.[managedBy] === 'endpoint-controller') return [];
  return (endpoints.subsets ?? []).flatMap((subset, i) =>
    lists.flatMap((l) =>
      (subset[l] ?? []).flatMap((a, j) =>
        ipWarnings(a.ip ?? '', at.index(i).child(l).index(j).child('ip')),
      ),
    ),
  );
}
