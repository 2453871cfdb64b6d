import assert from 'node:assert/strict';
import type { Answer, RecordType } from 'dns-packet';
import { answer, type Zone } from './answer.ts';
import { Records } from './records.ts';

const zone: Zone = { name: 'cluster.local', ttlSeconds: 5, serverIps: ['10.96.0.10'] };

function slice(
  service: string,
  name: string,
  endpoints: { ip: string; hostname?: string; ready?: boolean }[],
  addressType = 'IPv4',
) {
  return {
    metadata: { namespace: 'ns', name, labels: { 'kubernetes.io/service-name': service } },
    addressType,
    ports: [{ name: 'web', port: 8080, protocol: 'TCP' }],
    endpoints: endpoints.map(({ ip, hostname, ready = true }) => ({
      addresses: [ip],
      conditions: { ready },
      ...(hostname === undefined ? {} : { hostname }),
    })),
  };
}

function view(): Records {
  const records = new Records(7);
  for (const name of ['ns', 'kube-system', 'empty']) records.setNamespace(name);
  const ports = [
    { name: 'web', port: 80, protocol: 'TCP' },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ];
  const clusterIPs = ['10.96.0.20', 'fd00::20'];
  const metadata = (name: string) => ({ metadata: { name, namespace: 'ns' } });
  records.setService({ ...metadata('web'), spec: { clusterIP: '10.96.0.20', clusterIPs, ports } });
  records.setService({
    ...metadata('db'),
    spec: { clusterIP: 'None', clusterIPs: ['None'], ports },
  });
  records.setService({ ...metadata('lone'), spec: { clusterIP: 'None', ports } });
  const external = { type: 'ExternalName', externalName: 'example.com' };
  records.setService({ ...metadata('out'), spec: external });
  records.setSlice(
    slice('db', 'db-1', [
      { ip: '10.244.0.5', hostname: 'db-0' },
      { ip: '10.244.0.6' },
      { ip: '10.244.0.7', ready: false },
    ]),
  );
  records.setSlice(slice('db', 'db-2', [{ ip: 'fd01::5', hostname: 'db-0' }], 'IPv6'));
  return records;
}

function textOf(a: Answer): string {
  const data = 'data' in a ? a.data : '';
  if (a.type === 'SRV') {
    const { priority, weight, port, target } = a.data;
    return `${a.name} SRV ${priority} ${weight} ${port} ${target}`;
  }
  if (a.type === 'SOA') return `${a.name} SOA ${a.data.mname} ${a.data.serial} ${a.data.minimum}`;
  return `${a.name} ${a.type} ${String(data)}`;
}

const soa = 'cluster.local SOA ns.dns.cluster.local 21 5';
const svc = 'ns.svc.cluster.local';
const reverse6 = (digits: string) => `${digits.split('').reverse().join('.')}.ip6.arpa`;

/** Type, name, what is answered: a code (with SOA), `elsewhere`, or records; `+` additional. */
const cases: [RecordType, string, string | string[]][] = [
  ['A', `web.${svc}`, [`web.${svc} A 10.96.0.20`]],
  ['A', `WEB.ns.svc.Cluster.Local`, ['WEB.ns.svc.Cluster.Local A 10.96.0.20']],
  ['AAAA', `web.${svc}`, [`web.${svc} AAAA fd00::20`]],
  ['MX', `web.${svc}`, 'NOERROR'],
  ['A', `nothere.${svc}`, 'NXDOMAIN'],
  ['A', 'web.other.svc.cluster.local', 'NXDOMAIN'],
  ['A', 'web.cluster.local', 'NXDOMAIN'],
  ['A', 'svc.cluster.local', 'NOERROR'],
  ['A', svc, 'NOERROR'],
  ['A', 'nothere.svc.cluster.local', 'NXDOMAIN'],
  [
    'SRV',
    `_web._tcp.web.${svc}`,
    [
      `_web._tcp.web.${svc} SRV 0 100 80 web.${svc}`,
      `+web.${svc} A 10.96.0.20`,
      `+web.${svc} AAAA fd00::20`,
    ],
  ],
  ['SRV', `_web._udp.web.${svc}`, 'NXDOMAIN'],
  ['A', `_web._tcp.web.${svc}`, [`_web._tcp.web.${svc} A 10.96.0.20`]],
  [
    'SRV',
    `web.${svc}`,
    [
      `web.${svc} SRV 0 50 80 web.${svc}`,
      `web.${svc} SRV 0 50 53 web.${svc}`,
      `+web.${svc} A 10.96.0.20`,
      `+web.${svc} AAAA fd00::20`,
    ],
  ],
  ['A', `db.${svc}`, [`db.${svc} A 10.244.0.5`, `db.${svc} A 10.244.0.6`]],
  ['AAAA', `db.${svc}`, [`db.${svc} AAAA fd01::5`]],
  ['A', `db-0.db.${svc}`, [`db-0.db.${svc} A 10.244.0.5`]],
  ['A', `10-244-0-6.db.${svc}`, [`10-244-0-6.db.${svc} A 10.244.0.6`]],
  ['A', `db-9.db.${svc}`, 'NXDOMAIN'],
  ['A', `lone.${svc}`, 'NOERROR'],
  [
    'SRV',
    `_web._tcp.db.${svc}`,
    [
      `_web._tcp.db.${svc} SRV 0 33 8080 db-0.db.${svc}`,
      `_web._tcp.db.${svc} SRV 0 33 8080 10-244-0-6.db.${svc}`,
      `+db-0.db.${svc} A 10.244.0.5`,
      `+10-244-0-6.db.${svc} A 10.244.0.6`,
      `+db-0.db.${svc} AAAA fd01::5`,
    ],
  ],
  ['CNAME', `out.${svc}`, [`out.${svc} CNAME example.com`]],
  ['A', `out.${svc}`, [`out.${svc} CNAME example.com`]],
  ['TXT', `out.${svc}`, 'NOERROR'],
  ['A', '10-244-0-5.ns.pod.cluster.local', ['10-244-0-5.ns.pod.cluster.local A 10.244.0.5']],
  ['AAAA', 'fd01--5.ns.pod.cluster.local', ['fd01--5.ns.pod.cluster.local AAAA fd01::5']],
  ['A', '10-244-0-5.nothere.pod.cluster.local', 'NXDOMAIN'],
  ['A', 'name.ns.pod.cluster.local', 'NXDOMAIN'],
  ['PTR', '20.0.96.10.in-addr.arpa', [`20.0.96.10.in-addr.arpa PTR web.${svc}`]],
  ['PTR', '5.0.244.10.in-addr.arpa', [`5.0.244.10.in-addr.arpa PTR db-0.db.${svc}`]],
  ['PTR', '7.0.244.10.in-addr.arpa', 'elsewhere'],
  ['A', '20.0.96.10.in-addr.arpa', 'NOERROR'],
  [
    'PTR',
    reverse6('fd010000000000000000000000000005'),
    [`${reverse6('fd010000000000000000000000000005')} PTR db-0.db.${svc}`],
  ],
  ['TXT', 'dns-version.cluster.local', ['dns-version.cluster.local TXT 1.1.0']],
  ['SOA', 'cluster.local', [soa]],
  [
    'NS',
    'cluster.local',
    ['cluster.local NS ns.dns.cluster.local', '+ns.dns.cluster.local A 10.96.0.10'],
  ],
  ['A', 'ns.dns.cluster.local', ['ns.dns.cluster.local A 10.96.0.10']],
  ['A', 'example.com', 'elsewhere'],
  ['A', 'notcluster.local', 'elsewhere'],
];

describe('dns answers', () => {
  const records = view();
  for (const [type, name, expected] of cases) {
    it(`${type} ${name}`, () => {
      const outcome = answer({ type, name, class: 'IN' }, records, zone);
      if (outcome === 'elsewhere') {
        assert.equal(expected, 'elsewhere');
        return;
      }
      if (typeof expected === 'string') {
        assert.equal(outcome.code, expected);
        assert.deepEqual(outcome.answers, []);
        const [authority] = outcome.authorities.map(textOf);
        assert.match(authority ?? '', /^cluster\.local SOA ns\.dns\.cluster\.local \d+ 5$/);
        return;
      }
      const additionals = outcome.additionals.map((a) => `+${textOf(a)}`);
      const texts = [...outcome.answers.map(textOf), ...additionals];
      const stable = texts.map((text) => text.replace(/(local) \d+ 5$/, '$1 21 5'));
      assert.deepEqual(stable.sort(), [...expected].sort());
      assert.equal(outcome.code, 'NOERROR');
    });
  }

  it('forgets what is gone', () => {
    const changing = view();
    changing.deleteSlice(slice('db', 'db-1', []));
    changing.deleteService('ns', 'web');
    changing.deleteNamespace('empty');
    assert.deepEqual(changing.namesOf('10.244.0.5'), []);
    assert.deepEqual(changing.namesOf('10.96.0.20'), []);
    assert.deepEqual(
      changing.endpoints('ns', 'db').map((e) => e.ip),
      ['fd01::5'],
    );
    assert.equal(changing.hasNamespace('empty'), false);
  });
});
