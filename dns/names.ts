/**
 * What a question asks for, by its name. Schema: "Kubernetes DNS-Based Service Discovery"
 * (kubernetes/dns, specification 1.1.0).
 */

/** A name of the cluster's zone, taken apart; all lower case. */
export type ZoneName =
  | { readonly kind: 'zone' | 'version' | 'nameserver' }
  /** `svc.<zone>`, `pod.<zone>` */
  | { readonly kind: 'branch' }
  /** `<namespace>.svc.<zone>`, `<namespace>.pod.<zone>` */
  | { readonly kind: 'namespace'; readonly namespace: string }
  | {
      readonly kind: 'service';
      readonly namespace: string;
      readonly service: string;
      /** From `_port._protocol.`; without the underscores. */
      readonly port?: { readonly name: string; readonly protocol: string };
      /** The first label of `<endpoint>.<service>…`. */
      readonly endpoint?: string;
    }
  | { readonly kind: 'pod'; readonly namespace: string; readonly ip: string }
  | { readonly kind: 'unknown' };

/** The label of the name server within the zone, as SOA and NS records give it. */
export const nameserverLabels = 'ns.dns';

/** Takes apart a name within the zone (lower case, no trailing dot); undefined when outside. */
export function parseZoneName(name: string, zone: string): ZoneName | undefined {
  if (name === zone) return { kind: 'zone' };
  if (!name.endsWith(`.${zone}`)) return undefined;
  const labels = name.slice(0, -zone.length - 1).split('.');
  const text = labels.join('.');
  if (text === 'dns-version') return { kind: 'version' };
  if (text === nameserverLabels) return { kind: 'nameserver' };
  const branch = labels.pop();
  if (branch !== 'svc' && branch !== 'pod') return { kind: 'unknown' };
  const namespace = labels.pop();
  if (namespace === undefined) return { kind: 'branch' };
  if (labels.length === 0) return { kind: 'namespace', namespace };
  return branch === 'svc' ? serviceName(namespace, labels) : podName(namespace, labels);
}

function serviceName(namespace: string, labels: string[]): ZoneName {
  const service = labels.pop()!;
  if (labels.length === 0) return { kind: 'service', namespace, service };
  if (labels.length === 1) return { kind: 'service', namespace, service, endpoint: labels[0]! };
  const [port, protocol] = labels;
  if (labels.length !== 2 || !port?.startsWith('_') || !protocol?.startsWith('_')) {
    return { kind: 'unknown' };
  }
  const asked = { name: port.slice(1), protocol: protocol.slice(1) };
  return { kind: 'service', namespace, service, port: asked };
}

function podName(namespace: string, labels: readonly string[]): ZoneName {
  if (labels.length !== 1) return { kind: 'unknown' };
  const ip = ipOfPodLabel(labels[0]!);
  return ip === undefined ? { kind: 'unknown' } : { kind: 'pod', namespace, ip };
}

/** `10-244-0-5` or `fd00--5` to the address. */
export function ipOfPodLabel(label: string): string | undefined {
  const v4 = label.split('-');
  if (v4.length === 4 && v4.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) {
    return v4.map(Number).join('.');
  }
  const v6 = label.replaceAll('-', ':');
  return label.includes('-') && canonicalIpv6(v6) !== undefined ? canonicalIpv6(v6) : undefined;
}

/** The one text of an IPv6 address (RFC 5952); undefined when it is none. */
export function canonicalIpv6(text: string): string | undefined {
  if (!/^[0-9a-fA-F:.]+$/.test(text)) return undefined;
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
}

/** An address in the form records are indexed by. */
export function canonicalIp(ip: string): string {
  return ip.includes(':') ? (canonicalIpv6(ip) ?? ip) : ip;
}

/** The address a reverse name asks for; undefined when it is no whole address. */
export function ipOfReverseName(name: string): string | undefined {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  if (v4 !== null) return [v4[4], v4[3], v4[2], v4[1]].join('.');
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name);
  if (v6 === null) return undefined;
  const digits = v6[1]!.replaceAll('.', '').split('').reverse().join('');
  return canonicalIpv6(digits.match(/.{4}/g)!.join(':'));
}

/** The label under which an endpoint is found: its hostname, or its address with dashes. */
export function endpointLabel(hostname: string | undefined, ip: string): string {
  return hostname || ip.replaceAll('.', '-').replaceAll(':', '-');
}
