/** A pod's host name, DNS settings and host aliases. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
  tooLong,
} from '../../../../machinery/meta/field-error.ts';
import { validateLegacyIp } from '../../../../machinery/meta/ip.ts';
import { byteLength, isDns1123SubdomainWithUnderscore } from '../../../../machinery/meta/names.ts';
import type { PodSpec } from '../../../../machinery/schema/wire.ts';
import { invalidFor, validateDnsSubdomain } from '../field-checks.ts';
import type { PodValidationOptions } from './pod-options.ts';

const maxNameservers = 3;
const maxSearches = 32;
const maxSearchListLength = 2048;
const maxHostnameLength = 64;

/** `spec.dnsConfig`. */
export function validateDnsConfig(spec: PodSpec, at: FieldPath): FieldError[] {
  const config = spec.dnsConfig;
  const nameservers = config?.nameservers ?? [];
  if (spec.dnsPolicy === 'None') {
    if (config === undefined) {
      return [required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    }
    if (nameservers.length === 0) {
      const text = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      return [required(at.child('nameservers'), text)];
    }
  }
  if (config === undefined) return [];
  const errors: FieldError[] = [];
  const serversAt = at.child('nameservers');
  if (nameservers.length > maxNameservers) {
    const text = `must not have more than ${maxNameservers} nameservers`;
    errors.push(invalidValue(serversAt, nameservers, text));
  }
  for (const [i, ip] of nameservers.entries()) {
    errors.push(...validateLegacyIp(ip, serversAt.index(i), true));
  }
  errors.push(...validateSearches(config.searches ?? [], at.child('searches')));
  for (const [i, option] of (config.options ?? []).entries()) {
    if (!option.name) errors.push(required(at.child('options').index(i), 'must not be empty'));
  }
  return errors;
}

function validateSearches(searches: readonly string[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (searches.length > maxSearches) {
    const text = `must not have more than ${maxSearches} search paths`;
    errors.push(invalidValue(at, searches, text));
  }
  if (byteLength(searches.join(' ')) > maxSearchListLength) {
    const text = `must not have more than ${maxSearchListLength} characters (including spaces) in the search list`;
    errors.push(invalidValue(at, searches, text));
  }
  for (const [i, search] of searches.entries()) {
    if (search === '.') continue;
    const name = search.endsWith('.') ? search.slice(0, -1) : search;
    errors.push(...invalidFor(at.index(i), name, isDns1123SubdomainWithUnderscore(name)));
  }
  return errors;
}

/** `spec.hostAliases`. */
export function validateHostAliases(
  aliases: NonNullable<PodSpec['hostAliases']>,
  at: FieldPath,
): FieldError[] {
  return aliases.flatMap((alias, i) => [
    ...validateLegacyIp(alias.ip ?? '', at.index(i).child('ip'), true),
    ...(alias.hostnames ?? []).flatMap((name, j) =>
      validateDnsSubdomain(name, at.index(i).child('hostnames').index(j)),
    ),
  ]);
}

/** Ports of a pod in the node's network are the node's; `at` is the spec. */
export function validateHostNetwork(
  spec: PodSpec,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  if (!spec.hostNetwork) return [];
  const text = 'must match `containerPort` when `hostNetwork` is true';
  return (spec.containers ?? []).flatMap((c, i) =>
    (c.ports ?? []).flatMap((port, j) => {
      const host = port.hostPort ?? 0;
      if (host === port.containerPort || (!options.resourceIsPod && host === 0)) return [];
      const path = at.child('containers').index(i).child('ports').index(j).child('hostPort');
      return [invalidValue(path, host, text)];
    }),
  );
}

/** `spec.hostnameOverride`; `at` is the spec. */
export function validateHostnameOverride(spec: PodSpec, at: FieldPath): FieldError[] {
  const name = spec.hostnameOverride;
  if (name === undefined) return [];
  const here = at.child('hostnameOverride');
  const errors: FieldError[] = [];
  if (spec.setHostnameAsFQDN) {
    errors.push(forbiddenField(here, 'may not be specified when setHostnameAsFQDN is true'));
  }
  if (spec.hostNetwork) {
    errors.push(forbiddenField(here, 'may not be specified when hostNetwork is true'));
  }
  if (byteLength(name) > maxHostnameLength) errors.push(tooLong(here, maxHostnameLength));
  return [...errors, ...validateDnsSubdomain(name, here)];
}
