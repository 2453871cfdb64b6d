import assert from 'node:assert/strict';
import { notFound } from '../../machinery/meta/status-error.ts';
import type { Container, Service } from '../../machinery/schema/wire.ts';
import type { NodePod } from '../pods/pod.ts';
import { fieldValue, resourceValue } from './downward.ts';
import { readEnvFile } from './env-file.ts';
import { environmentOf } from './environment.ts';
import { expand } from './expansion.ts';
import { serviceVariables } from './service-env.ts';

const pod: NodePod = {
  metadata: {
    name: 'p',
    namespace: 'ns',
    uid: 'u',
    labels: { b: '2', a: 'x"y' },
    annotations: { 'k/A': 'v' },
  },
  spec: { containers: [], nodeName: 'n1', serviceAccountName: 'sa' },
};
const facts = {
  podIps: ['10.0.0.5', 'fd00::5'],
  hostIps: ['192.168.1.1'],
  allocatable: { cpu: '4', memory: '8Gi' },
};

describe('expand', () => {
  const vars: Record<string, string> = { A: '1', EMPTY: '' };
  const cases: [string, string][] = [
    ['$(A)', '1'],
    ['x$(A)y$(A)', 'x1y1'],
    ['$(EMPTY)', ''],
    ['$(MISSING)', '$(MISSING)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$(A', '$(A'],
    ['$A', '$A'],
    ['a$', 'a$'],
    ['$()', '$()'],
  ];
  for (const [input, expected] of cases) {
    it(input, () =>
      assert.equal(
        expand(input, (n) => vars[n] ?? `$(${n})`),
        expected,
      ),
    );
  }
});

describe('downward API', () => {
  const fields: [string, string][] = [
    ['metadata.name', 'p'],
    ['metadata.labels', 'a="x\\"y"\nb="2"'],
    ["metadata.labels['b']", '2'],
    ["metadata.annotations['k/A']", 'v'],
    ['spec.nodeName', 'n1'],
    ['status.podIP', '10.0.0.5'],
    ['status.podIPs', '10.0.0.5,fd00::5'],
    ['status.hostIPs', '192.168.1.1'],
  ];
  for (const [path, expected] of fields) {
    it(path, () => assert.equal(fieldValue(path, pod, facts), expected));
  }
  it('refuses other fields', () => {
    assert.throws(() => fieldValue('spec.x', pod, facts), /unsupported fieldPath: spec.x/);
    assert.throws(() => fieldValue("spec['x']", pod, facts), /does not support subscript/);
  });

  const container: Container = {
    name: 'c',
    resources: { limits: { cpu: '1250m' }, requests: { memory: '65Mi' } },
  };
  const resources: [string, string | undefined, string][] = [
    ['limits.cpu', undefined, '2'],
    ['limits.cpu', '1m', '1250'],
    ['requests.memory', '1Mi', '65'],
    ['limits.memory', '1Gi', '8'],
    ['requests.cpu', undefined, '0'],
  ];
  for (const [resource, divisor, expected] of resources) {
    it(`${resource} in ${divisor}`, () => {
      const ref = { resource, ...(divisor ? { divisor } : {}) };
      assert.equal(resourceValue(ref, pod, container, facts), expected);
    });
  }
});

describe('readEnvFile', () => {
  const text = "# c\n A='1' # x\nB='two\nlines'\nC= 'x'\n";
  const cases: [string, string][] = [
    ['A', '1'],
    ['B', 'two\nlines'],
    ['C', ''],
    ['D', ''],
  ];
  for (const [key, value] of cases) it(key, () => assert.equal(readEnvFile(text, key), value));
  it('refuses malformed lines', () => {
    assert.throws(() => readEnvFile('A=1', 'A'), /single quotes/);
    assert.throws(() => readEnvFile("A ='1'", 'A'), /whitespace before/);
    assert.throws(() => readEnvFile("A='1", 'A'), /unclosed/);
  });
});

const service = (name: string, namespace: string, clusterIP: string): Service => ({
  metadata: { name, namespace },
  spec: {
    clusterIP,
    ports: [
      { name: 'web', port: 80 },
      { name: 'dns-x', port: 53, protocol: 'UDP' },
    ],
  },
});

describe('serviceVariables', () => {
  it('names host, ports and links', () => {
    const vars = serviceVariables([service('my-db', 'ns', '10.1.0.1')], 'ns', true);
    assert.deepEqual(Object.fromEntries(vars), {
      MY_DB_SERVICE_HOST: '10.1.0.1',
      MY_DB_SERVICE_PORT: '80',
      MY_DB_SERVICE_PORT_WEB: '80',
      MY_DB_SERVICE_PORT_DNS_X: '53',
      MY_DB_PORT: 'tcp://10.1.0.1:80',
      MY_DB_PORT_80_TCP: 'tcp://10.1.0.1:80',
      MY_DB_PORT_80_TCP_PROTO: 'tcp',
      MY_DB_PORT_80_TCP_PORT: '80',
      MY_DB_PORT_80_TCP_ADDR: '10.1.0.1',
      MY_DB_PORT_53_UDP: 'udp://10.1.0.1:53',
      MY_DB_PORT_53_UDP_PROTO: 'udp',
      MY_DB_PORT_53_UDP_PORT: '53',
      MY_DB_PORT_53_UDP_ADDR: '10.1.0.1',
    });
  });
  it('always has the API, others only with links and an address', () => {
    const all = [
      service('kubernetes', 'default', '10.1.0.9'),
      service('a', 'ns', '10.1.0.2'),
      service('b', 'other', '10.1.0.3'),
      service('c', 'ns', 'None'),
    ];
    const hosts = (links: boolean): string[] =>
      [...serviceVariables(all, 'ns', links).keys()].filter((k) => k.endsWith('_HOST'));
    assert.deepEqual(hosts(false), ['KUBERNETES_SERVICE_HOST']);
    assert.deepEqual(hosts(true), ['KUBERNETES_SERVICE_HOST', 'A_SERVICE_HOST']);
  });
});

describe('environmentOf', () => {
  const missing = (kind: string, name: string): never => {
    throw notFound({ group: '', resource: kind }, name);
  };
  const objects = {
    configMap: async (_: string, name: string) =>
      name === 'cm' ? { data: { K: 'v', L: 'w' } } : missing('configmaps', name),
    secret: async (_: string, name: string) =>
      name === 's'
        ? { data: { P: Buffer.from('pw').toString('base64') } }
        : missing('secrets', name),
  };
  const run = (container: Partial<Container>): Promise<Map<string, string>> =>
    environmentOf({
      pod,
      container: { name: 'c', ...container },
      facts,
      services: [service('a', 'ns', '10.1.0.2')],
      objects,
      fileKey: async (_volume, path, key) => (key === 'gone' ? '' : `${path}:${key}`),
    });

  it('lets env override envFrom, and expands what came before', async () => {
    const env = await run({
      envFrom: [{ configMapRef: { name: 'cm' } }, { prefix: 'S_', secretRef: { name: 's' } }],
      env: [
        { name: 'K', value: 'own' },
        { name: 'X', value: '$(K)-$(L)-$(S_P)-$(A_SERVICE_HOST)-$(NOPE)' },
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'F', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'f', key: 'k' } } },
      ],
    });
    assert.equal(env.get('X'), 'own-w-pw-10.1.0.2-$(NOPE)');
    assert.equal(env.get('POD'), 'p');
    assert.equal(env.get('F'), 'f:k');
    assert.equal(env.get('A_SERVICE_PORT'), '80');
  });

  it('leaves out what is optional and missing', async () => {
    const env = await run({
      envFrom: [{ configMapRef: { name: 'none', optional: true } }],
      env: [
        { name: 'A', valueFrom: { configMapKeyRef: { name: 'cm', key: 'no', optional: true } } },
        { name: 'B', valueFrom: { secretKeyRef: { name: 'no', key: 'no', optional: true } } },
        {
          name: 'C',
          valueFrom: { fileKeyRef: { volumeName: 'v', path: 'f', key: 'gone', optional: true } },
        },
      ],
    });
    for (const name of ['A', 'B', 'C']) assert.equal(env.has(name), false);
  });

  const failures: [string, Partial<Container>, RegExp][] = [
    ['a map', { envFrom: [{ configMapRef: { name: 'no' } }] }, /configmaps "no" not found/],
    [
      'a key',
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cm', key: 'no' } } }] },
      /couldn't find key no in ConfigMap ns\/cm/,
    ],
    [
      'a secret key',
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'no' } } }] },
      /couldn't find key no in Secret ns\/s/,
    ],
  ];
  for (const [name, container, text] of failures) {
    it(`fails without ${name}`, () => assert.rejects(run(container), text));
  }
});
