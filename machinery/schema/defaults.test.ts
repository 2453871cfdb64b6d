import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { normalize, toTyped } from '../codec/decode.ts';
import { applyDefaults, unknownRuleTypes } from './defaults.ts';
import { kindType } from './schema.ts';

type Json = Record<string, unknown>;

function defaulted(apiVersion: string, kind: string, body: Json): Json {
  const type = kindType(apiVersion, kind)!;
  const { object } = toTyped(structuredClone(body), type);
  applyDefaults(apiVersion, kind, object, () => Date.UTC(2024, 0, 1));
  assert.equal(normalize(object, type), object, 'normal form is kept');
  return object;
}

const pod = (spec: Json) => (defaulted('v1', 'Pod', { spec }) as { spec: Json }).spec;

describe('defaults', () => {
  it('has rules for types that exist only', () => assert.deepEqual(unknownRuleTypes(), []));

  it('leaves kinds without rules alone', () => {
    assert.deepEqual(defaulted('policy/v1', 'PodDisruptionBudget', { metadata: { name: 'a' } }), {
      metadata: { name: 'a' },
      spec: {},
      status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
    });
  });

  it('keeps the order of fields', () => {
    const { data: _, ...rest } = defaulted('v1', 'Secret', {
      immutable: true,
      data: { a: 'YQ==' },
    });
    assert.deepEqual(Object.keys(rest), ['metadata', 'immutable', 'type']);
    assert.deepEqual(Object.keys(pod({ containers: [], nodeName: 'n' })), [
      'containers',
      'restartPolicy',
      'terminationGracePeriodSeconds',
      'dnsPolicy',
      'nodeName',
      'securityContext',
      'schedulerName',
      'enableServiceLinks',
    ]);
  });

  it('is stable', () => {
    const once = defaulted('apps/v1', 'Deployment', { spec: { template: { spec: {} } } });
    const text = JSON.stringify(once);
    applyDefaults('apps/v1', 'Deployment', once);
    assert.equal(JSON.stringify(once), text);
  });

  const images: [image: string, policy: string][] = [
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.27', 'IfNotPresent'],
    [`nginx@sha256:${'a'.repeat(64)}`, 'IfNotPresent'],
    [`nginx:latest@sha256:${'a'.repeat(64)}`, 'Always'],
    ['localhost:5000/x', 'Always'],
    ['registry.example:5000/a/b:v1', 'IfNotPresent'],
    ['[::1]:5000/x', 'Always'],
    ['UPPER', 'IfNotPresent'],
    ['Domain/lower', 'Always'],
    ['a'.repeat(64), 'IfNotPresent'],
    ['', 'IfNotPresent'],
    ['nginx:', 'IfNotPresent'],
  ];
  for (const [image, policy] of images) {
    it(`pulls ${image || 'no image'} ${policy}`, () => {
      const [c] = pod({ containers: [{ name: 'c', image }] })['containers'] as Json[];
      assert.equal(c!['imagePullPolicy'], policy);
    });
  }

  it('requests follow limits and are rounded to thousandths', () => {
    const { containers } = pod({
      containers: [
        { resources: { limits: { cpu: '100u', memory: '1Gi' }, requests: { memory: '1Mi' } } },
      ],
    }) as { containers: Json[] };
    assert.deepEqual(containers[0]!['resources'], {
      limits: { cpu: '1m', memory: '1Gi' },
      requests: { cpu: '1m', memory: '1Mi' },
    });
  });

  it('pod-level requests are those of the containers together, then the limits', () => {
    const { resources } = pod({
      resources: { limits: { cpu: '2', memory: '1Gi' } },
      containers: [{ resources: { requests: { cpu: '100m' } } }],
      initContainers: [
        { restartPolicy: 'Always', resources: { requests: { cpu: '50m' } } },
        { resources: { requests: { cpu: '1' }, limits: { 'hugepages-2Mi': '4Mi' } } },
      ],
    });
    assert.deepEqual(resources, {
      limits: { cpu: '2', 'hugepages-2Mi': '4Mi', memory: '1Gi' },
      requests: { cpu: '1050m', 'hugepages-2Mi': '4Mi', memory: '1Gi' },
    });
  });

  it('host ports on the host network', () => {
    const spec = pod({ hostNetwork: true, containers: [{ ports: [{ containerPort: 80 }] }] });
    assert.deepEqual((spec as { containers: Json[] }).containers[0]!['ports'], [
      { hostPort: 80, containerPort: 80, protocol: 'TCP' },
    ]);
  });

  it('aliases and write-only fields', () => {
    assert.equal(pod({ serviceAccount: 'x' })['serviceAccountName'], 'x');
    assert.equal(pod({ terminationGracePeriodSeconds: -5 })['terminationGracePeriodSeconds'], 1);
    assert.deepEqual(
      defaulted('v1', 'Secret', { data: { a: 'YQ==', b: 'Yg==' }, stringData: { b: 'x' } }),
      {
        metadata: {},
        data: { a: 'YQ==', b: 'eA==' },
        type: 'Opaque',
      },
    );
    const { spec } = defaulted('v1', 'Node', { spec: { podCIDRs: ['10.0.0.0/24'] } });
    assert.deepEqual(spec, { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'] });
  });

  it('a service with client affinity, a port for its target', () => {
    const { spec } = defaulted('v1', 'Service', {
      spec: { sessionAffinity: 'ClientIP', ports: [{ port: 80 }], externalIPs: ['1.2.3.4'] },
    });
    assert.deepEqual(spec, {
      ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
      type: 'ClusterIP',
      externalIPs: ['1.2.3.4'],
      sessionAffinity: 'ClientIP',
      externalTrafficPolicy: 'Cluster',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
      internalTrafficPolicy: 'Cluster',
    });
  });

  it('taints get the time', () => {
    const { spec } = defaulted('resource.k8s.io/v1', 'ResourceSlice', {
      spec: { devices: [{ name: 'd', taints: [{ key: 'k', effect: 'NoSchedule' }] }] },
    });
    assert.equal(
      (spec as { devices: { taints: { timeAdded: string }[] }[] }).devices[0]!.taints[0]!.timeAdded,
      '2024-01-01T00:00:00Z',
    );
  });
});

/** Recorded answers of the real server; they live beside the checkout. */
const recorded = new URL('../../../shared/golden/open/', import.meta.url);

/** What create strategies and admission add to the recorded answers. */
const notDefaulting: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'spec.containers.0.volumeMounts',
    'spec.volumes',
    'spec.serviceAccountName',
    'spec.serviceAccount',
    'spec.tolerations',
    'spec.priority',
    'spec.preemptionPolicy',
    'status',
  ],
  Service: ['spec.clusterIP', 'spec.clusterIPs', 'spec.ipFamilies', 'spec.ipFamilyPolicy'],
  Node: ['spec.taints'],
  PersistentVolume: ['status.lastPhaseTransitionTime'],
  Namespace: ['spec.finalizers'],
  Job: ['spec.selector', 'spec.template.metadata.labels'],
  HorizontalPodAutoscaler: ['spec.targetCPUUtilizationPercentage'],
  CertificateSigningRequest: ['spec.username', 'spec.groups'],
};

function differences(kind: string, path: string, a: unknown, b: unknown): string[] {
  if (path === 'metadata' || notDefaulting[kind]?.includes(path)) return [];
  const bothObjects = typeof a === 'object' && a !== null && typeof b === 'object' && b !== null;
  if (!bothObjects)
    return a === b ? [] : [`${kind} ${path}: ${JSON.stringify(a)} <> ${JSON.stringify(b)}`];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((k) =>
    differences(kind, path === '' ? k : `${path}.${k}`, (a as Json)[k], (b as Json)[k]),
  );
}

/** A file of cases with its variables as the recorded answers show them. */
function recordedText(file: string): string {
  const text = readFileSync(new URL(file, recorded), 'utf8');
  return text.replaceAll(/\$\{ns\}/g, 'g-<u>').replaceAll(/\$\{u\}/g, '<u>');
}

describe('defaults against the recorded answers', () => {
  it('agree for every kind that has a case', () => {
    assert.ok(
      existsSync(recorded),
      `missing ${recorded.pathname}: it must lie beside the checkout`,
    );
    let compared = 0;
    for (const file of readdirSync(recorded).filter((f) => f.startsWith('resource-'))) {
      const cases = JSON.parse(recordedText(file)) as {
        name: string;
        steps: {
          method?: string;
          body?: Json;
          pick?: unknown;
          expect?: { status: number; body: Json };
        }[];
      }[];
      for (const { name, steps } of cases) {
        if (!name.endsWith('create minimal shows defaulting')) continue;
        for (const { method, body, pick, expect } of steps) {
          if (method !== 'POST' || expect?.status !== 201 || body === undefined || pick) continue;
          const { apiVersion, kind } = expect.body as { apiVersion: string; kind: string };
          if (body['kind'] !== kind || kindType(apiVersion, kind) === undefined) continue;
          compared++;
          assert.deepEqual(
            differences(kind, '', defaulted(apiVersion, kind, body), expect.body),
            [],
          );
        }
      }
    }
    assert.ok(compared > 30, `only ${compared} cases`);
  });
});
