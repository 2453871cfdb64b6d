/** The answer to a question, from what the cluster knows: pure. */
import type { Answer, Question, RecordType } from 'dns-packet';
import { ipOfReverseName, nameserverLabels, parseZoneName, type ZoneName } from './names.ts';
import type { EndpointRecord, Port, ServiceRecord, View } from './records.ts';

/** Settings of the zone. */
export interface Zone {
  /** `cluster.local` */
  readonly name: string;
  readonly ttlSeconds: number;
  /** Addresses of this server, for the name of the zone's name server. */
  readonly serverIps: readonly string[];
}

/** What the cluster has to say. */
export interface Reply {
  readonly code: 'NOERROR' | 'NXDOMAIN';
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
  readonly additionals: readonly Answer[];
  /** A name outside whose addresses belong to the answer as well (after a CNAME). */
  readonly alias?: string;
}

/** `refused` for classes other than IN; `elsewhere` for names the cluster does not own. */
export type Outcome = Reply | 'elsewhere';

const dnsVersion = '1.1.0';

/** Answers, or says that the question is for others. */
export function answer(question: Question, view: View, zone: Zone): Outcome {
  const name = question.name.toLowerCase().replace(/\.$/, '');
  const parsed = parseZoneName(name, zone.name);
  if (parsed === undefined) return reverse(question, name, view, zone);
  return inZone({ question, view, zone }, parsed);
}

interface Asked {
  readonly question: Question;
  readonly view: View;
  readonly zone: Zone;
}

function inZone(asked: Asked, name: ZoneName): Reply {
  const { question, view, zone } = asked;
  switch (name.kind) {
    case 'zone':
      return apex(asked);
    case 'version':
      if (question.type !== 'TXT') return noData(asked);
      return reply([{ ...headOf(asked), type: 'TXT', data: dnsVersion }]);
    case 'nameserver':
      return records(asked, addresses(asked, question.name, zone.serverIps));
    case 'branch':
      return noData(asked);
    case 'namespace':
      return view.hasNamespace(name.namespace) ? noData(asked) : noSuchName(asked);
    case 'service':
      return service(asked, name);
    case 'pod':
      if (!view.hasNamespace(name.namespace)) return noSuchName(asked);
      return records(asked, addresses(asked, question.name, [name.ip]));
    case 'unknown':
      return noSuchName(asked);
  }
}

function apex(asked: Asked): Reply {
  const { question, zone } = asked;
  if (question.type === 'SOA') return reply([soa(asked)]);
  if (question.type !== 'NS') return noData(asked);
  const target = `${nameserverLabels}.${zone.name}`;
  const both = [...zone.serverIps];
  return {
    ...reply([{ ...headOf(asked), type: 'NS', data: target }]),
    additionals: [
      ...addressRecords('A', target, both, zone),
      ...addressRecords('AAAA', target, both, zone),
    ],
  };
}

function service(asked: Asked, name: Extract<ZoneName, { kind: 'service' }>): Reply {
  const { view, question } = asked;
  const found = view.service(name.namespace, name.service);
  if (found === undefined) return noSuchName(asked);
  if (found.externalName !== undefined) return external(asked, name, found.externalName);
  const all = view.endpoints(name.namespace, name.service);
  if (name.endpoint !== undefined) {
    const named = all.filter((e) => e.label.toLowerCase() === name.endpoint);
    if (named.length === 0) return noSuchName(asked);
    if (question.type === 'SRV') return endpointServices(asked, found, named, undefined);
    return records(asked, addresses(asked, question.name, ipsOf(named)));
  }
  return found.headless
    ? headless(asked, found, all, name.port)
    : clusterIp(asked, found, name.port);
}

type AskedPort = { readonly name: string; readonly protocol: string } | undefined;

function isAsked(port: Port, asked: AskedPort): boolean {
  if (asked === undefined) return true;
  return port.name.toLowerCase() === asked.name && port.protocol === asked.protocol;
}

function clusterIp(asked: Asked, found: ServiceRecord, port: AskedPort): Reply {
  const { question, zone } = asked;
  const ports = found.ports.filter((one) => isAsked(one, port));
  if (ports.length === 0 && port !== undefined) return noSuchName(asked);
  if (question.type !== 'SRV') {
    return records(asked, addresses(asked, question.name, found.clusterIps));
  }
  const target = `${found.name}.${found.namespace}.svc.${zone.name}`;
  return serviceRecords(
    asked,
    ports.map(({ port }) => ({ port, target, ips: found.clusterIps })),
  );
}

function headless(
  asked: Asked,
  found: ServiceRecord,
  endpoints: readonly EndpointRecord[],
  port: AskedPort,
): Reply {
  const matching = endpoints.filter(
    (e) => port === undefined || e.ports.some((p) => isAsked(p, port)),
  );
  if (matching.length === 0) {
    // The name exists as long as the service does, though nothing may be behind it.
    return port === undefined ? noData(asked) : noSuchName(asked);
  }
  if (asked.question.type === 'SRV') return endpointServices(asked, found, matching, port);
  return records(asked, addresses(asked, asked.question.name, ipsOf(matching)));
}

function endpointServices(
  asked: Asked,
  found: ServiceRecord,
  endpoints: readonly EndpointRecord[],
  port: AskedPort,
): Reply {
  const suffix = `${found.name}.${found.namespace}.svc.${asked.zone.name}`;
  return serviceRecords(
    asked,
    endpoints.flatMap(({ label, ip, ports }) =>
      ports
        .filter((one) => isAsked(one, port))
        .map((one) => ({ port: one.port, target: `${label}.${suffix}`, ips: [ip] })),
    ),
  );
}

interface Target {
  readonly port: number;
  readonly target: string;
  readonly ips: readonly string[];
}

/** SRV records of equal weight, and the addresses of their targets beside them. */
function serviceRecords(asked: Asked, targets: readonly Target[]): Reply {
  if (targets.length === 0) return noData(asked);
  const weight = Math.max(1, Math.floor(100 / targets.length));
  const seen = new Set<string>();
  const answers: Answer[] = [];
  const additionals: Answer[] = [];
  for (const { port, target, ips } of targets) {
    if (!seen.has(`${target}:${port}`)) {
      const data = { priority: 0, weight, port, target };
      answers.push({ ...headOf(asked), type: 'SRV', data });
      seen.add(`${target}:${port}`);
    }
    for (const type of ['A', 'AAAA'] as const) {
      for (const record of addressRecords(type, target, ips, asked.zone)) {
        const key = `${target} ${String(record.data)}`;
        if (seen.has(key)) continue;
        seen.add(key);
        additionals.push(record);
      }
    }
  }
  return { ...reply(answers), additionals };
}

/** A CNAME for any type of question but those about this very name. */
function external(
  asked: Asked,
  name: Extract<ZoneName, { kind: 'service' }>,
  target: string,
): Reply {
  if (name.endpoint !== undefined || name.port !== undefined) return noSuchName(asked);
  const { type } = asked.question;
  if (!['A', 'AAAA', 'CNAME', 'SRV'].includes(type)) return noData(asked);
  const data = target.replace(/\.$/, '');
  const answers: Answer[] = [{ ...headOf(asked), type: 'CNAME', data }];
  return type === 'CNAME' ? reply(answers) : { ...reply(answers), alias: data };
}

function reverse(question: Question, name: string, view: View, zone: Zone): Outcome {
  const ip = ipOfReverseName(name);
  if (ip === undefined) return 'elsewhere';
  const names = view.namesOf(ip);
  if (names.length === 0) return 'elsewhere';
  const asked = { question, view, zone };
  if (question.type !== 'PTR') return noData(asked);
  return reply(
    names.map((one) => ({ ...headOf(asked), type: 'PTR', data: `${one}.${zone.name}` })),
  );
}

function headOf({ question, zone }: Asked): { name: string; ttl: number; class: 'IN' } {
  return { name: question.name, ttl: zone.ttlSeconds, class: 'IN' };
}

function ipsOf(endpoints: readonly EndpointRecord[]): string[] {
  return [...new Set(endpoints.map((e) => e.ip))];
}

/** The addresses of the family that is asked for; none for other types. */
function addresses(asked: Asked, name: string, ips: readonly string[]): Answer[] {
  const { type } = asked.question;
  return type === 'A' || type === 'AAAA' ? addressRecords(type, name, ips, asked.zone) : [];
}

function addressRecords(
  type: 'A' | 'AAAA',
  name: string,
  ips: readonly string[],
  zone: Zone,
): (Answer & { data: string })[] {
  const ours = ips.filter((ip) => ip.includes(':') === (type === 'AAAA'));
  return ours.map((data) => ({ name, ttl: zone.ttlSeconds, class: 'IN', type, data }));
}

function soa({ view, zone }: Asked): Answer {
  return {
    type: 'SOA',
    name: zone.name,
    ttl: zone.ttlSeconds,
    class: 'IN',
    data: {
      mname: `${nameserverLabels}.${zone.name}`,
      rname: `hostmaster.${zone.name}`,
      serial: view.serial,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: zone.ttlSeconds,
    },
  };
}

function reply(answers: readonly Answer[]): Reply {
  return { code: 'NOERROR', answers, authorities: [], additionals: [] };
}

function records(asked: Asked, answers: readonly Answer[]): Reply {
  return answers.length === 0 ? noData(asked) : reply(answers);
}

/** The name exists, but has no records of this type. */
function noData(asked: Asked): Reply {
  return { code: 'NOERROR', answers: [], authorities: [soa(asked)], additionals: [] };
}

function noSuchName(asked: Asked): Reply {
  return { code: 'NXDOMAIN', answers: [], authorities: [soa(asked)], additionals: [] };
}

/** Types that are looked up behind an alias. */
export function followsAlias(type: RecordType): boolean {
  return type === 'A' || type === 'AAAA';
}
