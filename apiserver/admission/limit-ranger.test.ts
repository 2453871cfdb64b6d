import assert from 'node:assert/strict';
import type { KubeObject, PersistentVolumeClaim, Pod } from '../../machinery/schema/wire.ts';
import { limitRanger } from './limit-ranger.ts';
import { attributes, judge, testEnvironment } from './test-environment.ts';

type Limits = Record<string, unknown>[];
const cpu = (n: string) => ({ cpu: n });

const plugin = (limits: Limits) =>
  limitRanger(
    testEnvironment({
      limitranges: [
        { metadata: { name: 'lr', namespace: 'ns' }, spec: { limits } } as KubeObject,
        { metadata: { name: 'lr', namespace: 'elsewhere' }, spec: { limits: [] } } as KubeObject,
      ],
    }),
  );
const pod = (resources?: object, spec: object = {}): Pod =>
  ({
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', ...(resources && { resources }) }], ...spec },
  }) as Pod;

describe('LimitRanger', () => {
  it('gives containers what they leave out, and says so', async () => {
    const object = pod({ requests: { memory: '1Mi' } }, { initContainers: [{ name: 'i' }] });
    const limits = [
      {
        type: 'Container',
        default: { memory: '2Mi' },
        defaultRequest: { memory: '2Mi', cpu: '1' },
      },
    ];
    assert.equal(await judge(plugin(limits), attributes({ object })), undefined);
    assert.deepEqual(object.spec?.containers[0]?.resources, {
      requests: { memory: '1Mi', cpu: '1' },
      limits: { memory: '2Mi' },
    });
    assert.equal(
      object.metadata?.annotations?.['kubernetes.io/limit-ranger'],
      'LimitRanger plugin set: cpu request for container c; memory limit for container c; cpu, memory request for init container i; memory limit for init container i',
    );
  });

  it('gives pods that limit themselves what their containers now request', async () => {
    const object = pod({}, { resources: { limits: { memory: '2Gi' } } });
    const limits = [{ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '50m' } }];
    assert.equal(await judge(plugin(limits), attributes({ object })), undefined);
    assert.deepEqual(object.spec?.resources, {
      limits: { memory: '2Gi' },
      requests: { cpu: '50m', memory: '2Gi' },
    });
  });

  const forbidden = 'pods "p" is forbidden: ';
  const cases: [string, Limits, Pod, string | undefined][] = [
    ['nothing to break', [], pod(), undefined],
    [
      'no request where there is a minimum',
      [{ type: 'Container', min: cpu('1') }],
      pod(),
      'minimum cpu usage per Container is 1.  No request is specified',
    ],
    [
      'a limit below the minimum',
      [{ type: 'Container', min: cpu('1') }],
      pod({ requests: cpu('1'), limits: cpu('500m') }),
      'minimum cpu usage per Container is 1, but limit is 500m',
    ],
    [
      'several problems',
      [{ type: 'Container', max: { memory: '1Mi', cpu: '1' } }],
      pod({ limits: { cpu: '2', memory: '2Mi' } }),
      '[maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1Mi, but limit is 2Mi]',
    ],
    [
      'the same problem of several containers',
      [{ type: 'Container', min: cpu('1') }],
      pod({}, { initContainers: [{ name: 'i' }] }),
      'minimum cpu usage per Container is 1.  No request is specified',
    ],
    [
      'a ratio of amounts that have no thousandths',
      [{ type: 'Container', maxLimitRequestRatio: { memory: '1.5' } }],
      pod({ requests: { memory: '9Pi' }, limits: { memory: '7Ei' } }),
      'memory max limit to request ratio per Container is 1500m, but provided ratio is 796.444444',
    ],
    [
      'the sum of a pod, with its largest init container',
      [{ type: 'Pod', max: cpu('2') }],
      pod(
        { requests: cpu('1'), limits: cpu('1') },
        { initContainers: [{ name: 'i', resources: { limits: cpu('3') } }] },
      ),
      'maximum cpu usage per Pod is 2, but limit is 3',
    ],
    [
      'what a pod asks for as a whole, without overhead',
      [{ type: 'Pod', max: cpu('2') }],
      pod(
        { limits: cpu('1') },
        { overhead: cpu('9'), resources: { limits: cpu('2'), requests: cpu('2') } },
      ),
      undefined,
    ],
    [
      'a ratio',
      [{ type: 'Container', maxLimitRequestRatio: cpu('1.5') }],
      pod({ requests: cpu('300m'), limits: cpu('500m') }),
      'cpu max limit to request ratio per Container is 1500m, but provided ratio is 1.666667',
    ],
    [
      'a ratio to nothing',
      [{ type: 'Pod', maxLimitRequestRatio: cpu('2') }],
      pod({ requests: cpu('1') }),
      'cpu max limit to request ratio per Pod is 2, but no limit is specified or limit is 0',
    ],
  ];
  for (const [what, limits, object, problem] of cases) {
    it(`judges ${what}`, async () => {
      const expected = problem === undefined ? undefined : forbidden + problem;
      assert.equal(await judge(plugin(limits), attributes({ object })), expected);
    });
  }

  it('judges claims by what they request, when they grow too', async () => {
    const limits = [
      { type: 'PersistentVolumeClaim', max: { storage: '2Gi' }, min: { storage: '1Gi' } },
    ];
    const judged = (storage: string, operation: 'CREATE' | 'UPDATE') => {
      const object = { metadata: { name: 'd' }, spec: { resources: { requests: { storage } } } };
      const given = { resource: 'persistentvolumeclaims', operation, object };
      const oldObject: PersistentVolumeClaim = { metadata: { name: 'd' } };
      return judge(plugin(limits), attributes({ ...given, oldObject }));
    };
    assert.equal(await judged('2Gi', 'CREATE'), undefined);
    assert.equal(
      await judged('3Gi', 'UPDATE'),
      'persistentvolumeclaims "d" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    );
    assert.equal(
      await judged('1Mi', 'CREATE'),
      'persistentvolumeclaims "d" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi',
    );
  });

  it('leaves updates of pods, and what is going away', async () => {
    const limits = [{ type: 'Container', max: cpu('1') }];
    const update = { operation: 'UPDATE' as const, object: pod(), oldObject: pod() };
    assert.equal(await judge(plugin(limits), attributes(update)), undefined);
    const resize = { ...update, subresource: 'resize' };
    assert.notEqual(await judge(plugin(limits), attributes(resize)), undefined);
    const oldObject = pod();
    oldObject.metadata!.deletionTimestamp = '2026-01-01T00:00:00Z';
    assert.equal(await judge(plugin(limits), attributes({ ...resize, oldObject })), undefined);
  });
});
