/** The rules of NetworkPolicies. */
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import {
  cidrContains,
  cidrWarnings,
  networkOf,
  parseCidr,
  validateLegacyCidr,
} from '../../../machinery/meta/ip.ts';
import { isPortName, isPortNumber } from '../../../machinery/meta/names.ts';
import { validateLabelSelector } from '../../../machinery/meta/object-meta-validation.ts';
import type { NetworkPolicy } from '../../../machinery/schema/wire.ts';
import { invalidFor, validateOneOf } from '../core/field-checks.ts';

type Spec = NonNullable<NetworkPolicy['spec']>;
type Rule = NonNullable<Spec['ingress']>[number];
type Peer = NonNullable<Rule['from']>[number];
type Port = NonNullable<Rule['ports']>[number];
type Block = NonNullable<Peer['ipBlock']>;

/** What the stored policy had may stay. */
interface Leniency {
  readonly allowInvalidValues: boolean;
  readonly blocks: readonly string[];
}

const specPath = FieldPath.of('spec');
const directions = ['Ingress', 'Egress'] as const;

export function validateNetworkPolicy(
  next: NetworkPolicy,
  prev: NetworkPolicy | undefined,
): FieldError[] {
  const lenient: Leniency = {
    allowInvalidValues:
      prev !== undefined && validateLabelSelector(prev.spec?.podSelector, specPath).length > 0,
    blocks: [...blocksOf(prev)].flatMap(([, b]) => [b.cidr, ...(b.except ?? [])]),
  };
  const spec: Partial<Spec> = next.spec ?? {};
  const errors = validateLabelSelector(spec.podSelector, specPath.child('podSelector'), lenient);
  for (const { at, ports, peersAt, peers } of rulesOf(spec)) {
    for (const [i, port] of ports.entries()) {
      errors.push(...validatePort(port, at.child('ports').index(i)));
    }
    for (const [i, peer] of peers.entries()) {
      errors.push(...validatePeer(peer, peersAt.index(i), lenient));
    }
  }
  const types = spec.policyTypes ?? [];
  const typesAt = specPath.child('policyTypes');
  if (types.length > directions.length) {
    const text = 'may not specify more than two policyTypes';
    return [...errors, invalidValue(typesAt, types, text)];
  }
  for (const [i, type] of types.entries()) {
    errors.push(...validateOneOf(type, directions, typesAt.index(i)));
  }
  return errors;
}

/** Blocks that are accepted but not in their canonical form. */
export function networkPolicyWarnings(policy: NetworkPolicy): string[] {
  return [...blocksOf(policy)].flatMap(([at, block]) => [
    ...cidrWarnings(block.cidr, at.child('cidr')),
    ...(block.except ?? []).flatMap((e, i) => cidrWarnings(e, at.child('except').index(i))),
  ]);
}

/** The rules of both directions alike. */
function* rulesOf(spec: Partial<Spec>) {
  for (const [i, rule] of (spec.ingress ?? []).entries()) {
    const at = specPath.child('ingress').index(i);
    yield { at, ports: rule.ports ?? [], peersAt: at.child('from'), peers: rule.from ?? [] };
  }
  for (const [i, rule] of (spec.egress ?? []).entries()) {
    const at = specPath.child('egress').index(i);
    yield { at, ports: rule.ports ?? [], peersAt: at.child('to'), peers: rule.to ?? [] };
  }
}

function* blocksOf(policy: NetworkPolicy | undefined): Generator<[FieldPath, Block]> {
  for (const { peersAt, peers } of rulesOf(policy?.spec ?? {})) {
    for (const [i, peer] of peers.entries()) {
      if (peer.ipBlock !== undefined) yield [peersAt.index(i).child('ipBlock'), peer.ipBlock];
    }
  }
}

function validatePort(p: Port, at: FieldPath): FieldError[] {
  const { protocol, port, endPort } = p;
  const errors: FieldError[] = [];
  const portAt = at.child('port');
  const endAt = at.child('endPort');
  if (protocol !== undefined) {
    errors.push(...validateOneOf(protocol, ['TCP', 'UDP', 'SCTP'], at.child('protocol')));
  }
  if (port === undefined) {
    if (endPort !== undefined) {
      const text = 'may not be specified when `port` is not specified';
      errors.push(invalidValue(endAt, endPort, text));
    }
  } else if (typeof port === 'number') {
    errors.push(...invalidFor(portAt, port, isPortNumber(port)));
    if (endPort === undefined) return errors;
    if (endPort < port) {
      errors.push(invalidValue(endAt, port, 'must be greater than or equal to `port`'));
    }
    errors.push(...invalidFor(endAt, endPort, isPortNumber(endPort)));
  } else {
    if (endPort !== undefined) {
      const text = 'may not be specified when `port` is non-numeric';
      errors.push(invalidValue(endAt, endPort, text));
    }
    errors.push(...invalidFor(portAt, port, isPortName(port)));
  }
  return errors;
}

function validatePeer(peer: Peer, at: FieldPath, lenient: Leniency): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const errors = [
    ...validateLabelSelector(podSelector, at.child('podSelector'), lenient),
    ...validateLabelSelector(namespaceSelector, at.child('namespaceSelector'), lenient),
  ];
  if (ipBlock !== undefined) {
    errors.push(...validateBlock(ipBlock, at.child('ipBlock'), lenient.blocks));
  }
  const peers = [podSelector, namespaceSelector, ipBlock].filter((p) => p !== undefined).length;
  if (peers === 0) errors.push(required(at, 'must specify a peer'));
  else if (peers > 1 && ipBlock !== undefined) {
    errors.push(forbiddenField(at, 'may not specify both ipBlock and another peer'));
  }
  return errors;
}

function validateBlock(block: Block, at: FieldPath, known: readonly string[]): FieldError[] {
  if (!block.cidr) return [required(at.child('cidr'))];
  const errors = validateLegacyCidr(block.cidr, at.child('cidr'), true, known);
  const cidr = parseCidr(block.cidr);
  if (cidr === undefined) return errors;
  for (const [i, text] of (block.except ?? []).entries()) {
    const exceptAt = at.child('except').index(i);
    errors.push(...validateLegacyCidr(text, exceptAt, true, known));
    const except = parseCidr(text);
    if (except === undefined) continue;
    if (!cidrContains(cidr, networkOf(except)) || cidr.prefix >= except.prefix) {
      errors.push(invalidValue(exceptAt, text, 'must be a strict subset of `cidr`'));
    }
  }
  return errors;
}
