import assert from 'node:assert/strict';
import { type Loose, problems, sameTexts, TestRegistry } from './test-registry.ts';

const container = (extra: Loose = {}): Loose => ({ name: 'c', image: 'x', ...extra });
const pod = (spec: Loose = {}, metadata: Loose = {}): Loose => ({
  metadata: { name: 'a', ...metadata },
  spec: { containers: [container()], ...spec },
});
const resources = (cpu: string, memory = '64Mi'): Loose => ({
  resources: { requests: { cpu, memory } },
});

const fixedFields =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,' +
  '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only ' +
  'additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set ' +
  'to 1 if it was previously negative)';

describe('pods', () => {
  let registry: TestRegistry;
  beforeEach(async () => {
    registry = await TestRegistry.open();
  });
  afterEach(() => registry[Symbol.asyncDispose]());

  it('begin pending, with a class of service and a generation', async () => {
    const sent = { ...pod(), status: { phase: 'Running', podIP: '1.2.3.4' } };
    const { metadata, status } = await registry.create('pods', sent);
    assert.equal(metadata.generation, 1);
    assert.deepEqual(status, { phase: 'Pending', qosClass: 'BestEffort' });
  });

  it('with gates say that they wait for them', async () => {
    const gated = await registry.create('pods', pod({ schedulingGates: [{ name: 'x' }] }));
    assert.deepEqual(
      gated.status.conditions.map((c: Loose) => [c.type, c.status, c.reason]),
      [['PodScheduled', 'False', 'SchedulingGated']],
    );
  });

  describe('update', () => {
    const gates = { schedulingGates: [{ name: 'x' }], nodeSelector: { a: 'b' } };
    const allowed: [
      what: string,
      spec: Loose,
      change: (spec: Loose) => void,
      generation: number,
    ][] = [
      ['an image', {}, (s) => (s.containers[0].image = 'y'), 2],
      ['nothing', {}, () => {}, 1],
      ['a deadline', {}, (s) => (s.activeDeadlineSeconds = 5), 2],
      ['a shorter deadline', { activeDeadlineSeconds: 9 }, (s) => (s.activeDeadlineSeconds = 5), 2],
      ['one toleration more', {}, (s) => (s.tolerations = [{ key: 'k', operator: 'Exists' }]), 2],
      ['a gate taken away', gates, (s) => delete s.schedulingGates, 2],
      ['a narrower selector while gated', gates, (s) => (s.nodeSelector.c = 'd'), 2],
    ];
    for (const [what, spec, change, generation] of allowed) {
      it(`allows ${what}`, async () => {
        await registry.create('pods', pod(spec));
        const next = await registry.update('pods', 'a', (p) => change(p.spec));
        assert.equal(next.metadata.generation, generation);
      });
    }

    const refused: [what: string, spec: Loose, change: (spec: Loose) => void, problem: string][] = [
      ['a node', {}, (s) => (s.nodeName = 'n'), `${fixedFields}…`],
      [
        'a container more',
        {},
        (s) => s.containers.push(container({ name: 'd' })),
        'spec.containers: Forbidden: pod updates may not add or remove containers',
      ],
      ['no image', {}, (s) => (s.containers[0].image = ' '), 'spec.containers[0].image: …'],
      [
        'a longer deadline',
        { activeDeadlineSeconds: 5 },
        (s) => (s.activeDeadlineSeconds = 9),
        'spec.activeDeadlineSeconds: Invalid value: 9: must be less than or equal to previous value',
      ],
      [
        'no deadline',
        { activeDeadlineSeconds: 5 },
        (s) => delete s.activeDeadlineSeconds,
        'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
      ],
      [
        'another toleration',
        { tolerations: [{ key: 'k', operator: 'Exists' }] },
        (s) => (s.tolerations = [{ key: 'l', operator: 'Exists' }]),
        'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
      ],
      [
        'a gate more',
        gates,
        (s) => s.schedulingGates.push({ name: 'y' }),
        "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'y'",
      ],
      [
        'a wider selector while gated',
        gates,
        (s) => delete s.nodeSelector,
        'spec.nodeSelector: Invalid value: null: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      ],
      ['resources', {}, (s) => Object.assign(s.containers[0], resources('1')), `${fixedFields}…`],
    ];
    for (const [what, spec, change, problem] of refused) {
      it(`refuses ${what}`, async () => {
        await registry.create('pods', pod(spec));
        const found = await problems(registry.update('pods', 'a', (p) => change(p.spec)));
        sameTexts(found.slice(0, 1), [problem]);
      });
    }

    it('shows what may not change as a difference of the internal forms', async () => {
      await registry.create('pods', pod());
      const [found] = await problems(
        registry.update('pods', 'a', (p) => {
          p.spec.nodeName = 'n';
        }),
      );
      assert.deepEqual(found?.split('\n').slice(1), [
        '@@ -42,7 +42,7 @@',
        '  "NodeSelector": null,',
        '  "ServiceAccountName": "",',
        '  "AutomountServiceAccountToken": null,',
        '- "NodeName": "",',
        '+ "NodeName": "n",',
        '  "SecurityContext": {',
        '   "HostNetwork": false,',
        '   "HostPID": false,',
        '',
      ]);
    });

    it('keeps the status, and the class of service through the status', async () => {
      await registry.create('pods', pod());
      const main = await registry.update('pods', 'a', (p) => {
        p.status = { phase: 'Failed' };
      });
      assert.equal(main.status.phase, 'Pending');
      const write = (p: Loose): void => {
        p.spec.containers[0].image = 'ignored';
        p.status = { phase: 'Running', hostIP: '1.1.1.1' };
      };
      const status = await registry.update('pods', 'a', write, { subresource: 'status' });
      assert.equal(status.spec.containers[0].image, 'x');
      assert.equal(status.status.phase, 'Running');
      assert.equal(status.status.qosClass, 'BestEffort');
    });
  });

  describe('resize', () => {
    const face = { subresource: 'resize' };
    const sized = pod({ containers: [container(resources('100m'))] });

    it('changes cpu and memory alone', async () => {
      await registry.create('pods', sized);
      const next = await registry.update(
        'pods',
        'a',
        (p) => {
          p.spec.containers[0].resources.requests.cpu = '200m';
          p.spec.containers[0].image = 'ignored';
          p.metadata.labels = { ignored: 'x' };
        },
        face,
      );
      assert.equal(next.spec.containers[0].resources.requests.cpu, '200m');
      assert.equal(next.spec.containers[0].image, 'x');
      assert.equal(next.metadata.labels, undefined);
      assert.equal(next.metadata.generation, 2);
    });

    const refused: [what: string, change: (c: Loose) => void, problem: string][] = [
      [
        'another class of service',
        (c) => (c.resources.limits = { cpu: '100m', memory: '64Mi' }),
        'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
      ],
      [
        'a resource taken away',
        (c) => delete c.resources.requests.memory,
        'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
      ],
      [
        'other resources',
        (c) => (c.resources.requests['ephemeral-storage'] = '1Gi'),
        'spec: Forbidden: only cpu and memory resources are mutable',
      ],
    ];
    for (const [what, change, problem] of refused) {
      it(`refuses ${what}`, async () => {
        await registry.create('pods', sized);
        const found = await problems(
          registry.update('pods', 'a', (p) => change(p.spec.containers[0]), face),
        );
        assert.ok(found.includes(problem), found.join('\n'));
      });
    }
  });

  describe('ephemeral containers', () => {
    const face = { subresource: 'ephemeralcontainers' };
    const debug = { name: 'debug', image: 'y', targetContainerName: 'c' };

    it('are added one after the other, and stay', async () => {
      await registry.create('pods', pod());
      const one = await registry.update(
        'pods',
        'a',
        (p) => {
          p.spec.ephemeralContainers = [debug];
          p.spec.containers[0].image = 'ignored';
        },
        face,
      );
      assert.equal(one.spec.ephemeralContainers[0].terminationMessagePolicy, 'File');
      assert.equal(one.spec.containers[0].image, 'x');
      const changed = registry.update(
        'pods',
        'a',
        (p) => {
          p.spec.ephemeralContainers[0].image = 'z';
        },
        face,
      );
      sameTexts(await problems(changed), [
        'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed…',
      ]);
      const removed = registry.update(
        'pods',
        'a',
        (p) => {
          delete p.spec.ephemeralContainers;
        },
        face,
      );
      assert.deepEqual(await problems(removed), [
        'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
      ]);
    });

    it('have no ports and no probes', async () => {
      await registry.create('pods', pod());
      const bad = { ...debug, ports: [{ containerPort: 1 }], targetContainerName: 'no' };
      const write = (p: Loose): void => {
        p.spec.ephemeralContainers = [bad];
      };
      assert.deepEqual(await problems(registry.update('pods', 'a', write, face)), [
        'spec.ephemeralContainers[0].targetContainerName: Not found: "no"',
        'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
      ]);
    });
  });

  it('warn of what is deprecated, doubled or odd', async () => {
    const odd = container({
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
      ports: [{ containerPort: 80 }, { name: 'b', containerPort: 80 }],
      resources: { requests: { memory: '1m' } },
    });
    const spec = {
      nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
      volumes: [{ name: 'g', gitRepo: { repository: 'r' } }],
      containers: [odd],
    };
    await registry.create('pods', pod(spec));
    assert.deepEqual(registry.warnings, [
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
      'spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+',
      'spec.containers[0].resources.requests[memory]: fractional byte value "1m" is invalid, must be an integer',
      'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
      'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
    ]);
  });

  it('placed on a node are deleted gracefully, others at once', async () => {
    await registry.create('pods', pod());
    assert.equal(await registry.delete('pods', 'a'), true);
    await registry.create('pods', pod({ nodeName: 'n', terminationGracePeriodSeconds: 7 }));
    assert.equal(await registry.delete('pods', 'a'), false);
    const [leaving] = await registry.list('pods');
    assert.equal(leaving.metadata.deletionGracePeriodSeconds, 7);
  });
});
