import assert from 'node:assert/strict';
import { type Loose, problems, sameTexts, TestRegistry } from './test-registry.ts';

const newApi = { apiVersion: 'events.k8s.io/v1' };
const event = (extra: Loose = {}): Loose => ({
  metadata: { name: 'a' },
  regarding: { kind: 'Pod', namespace: 'ns', name: 'p' },
  eventTime: '2024-01-01T00:00:00.000000Z',
  reportingController: 'a.b/c',
  reportingInstance: 'i',
  action: 'act',
  reason: 'Because',
  type: 'Normal',
  ...extra,
});

describe('events', () => {
  let registry: TestRegistry;
  beforeEach(async () => {
    registry = await TestRegistry.open();
  });
  afterEach(() => registry[Symbol.asyncDispose]());

  it('are the same objects in both groups', async () => {
    const made = await registry.create('events', event({ note: 'hello' }), newApi);
    assert.equal(made.note, 'hello');
    assert.equal(made.message, undefined);
    const [stored] = await registry.list('events');
    assert.equal(stored.apiVersion, 'v1');
    assert.equal(stored.message, 'hello');
    assert.equal(stored.involvedObject.name, 'p');
    assert.equal(stored.reportingComponent, 'a.b/c');
    const changed = await registry.update(
      'events',
      'a',
      (e) => {
        e.series = { count: 2, lastObservedTime: '2024-01-01T00:00:01.000000Z' };
      },
      newApi,
    );
    assert.equal(changed.series.count, 2);
  });

  const refused: [what: string, extra: Loose, ...problems: string[]][] = [
    ['no time', { eventTime: null }, 'eventTime: Required value'],
    ['an unknown type', { type: 'x' }, 'type: Invalid value: "": has invalid value: x'],
    [
      'old fields',
      { deprecatedCount: 1, deprecatedSource: { component: 'x' } },
      'count: Invalid value: "": needs to be unset',
      'source: Invalid value: "": needs to be unset',
    ],
    [
      'a short series',
      { series: { count: 1, lastObservedTime: null } },
      'series.count: Invalid value: "": should be at least 2',
      'series.lastObservedTime: Required value',
    ],
    [
      'long texts',
      { reason: 'x'.repeat(129), note: 'x'.repeat(1025) },
      'reason: Invalid value: "": can have at most 128 characters',
      'message: Invalid value: "": can have at most 1024 characters',
    ],
    [
      'an unqualified controller',
      { reportingController: 'a b' },
      'reportingController: Invalid value: "a b": name part must consist of…',
    ],
  ];
  for (const [what, extra, ...expected] of refused) {
    it(`of events.k8s.io refuse ${what}`, async () => {
      sameTexts(await problems(registry.create('events', event(extra), newApi)), expected);
    });
  }

  it('of events.k8s.io change in their series only', async () => {
    await registry.create('events', event(), newApi);
    const write = (e: Loose): void => {
      e.note = 'x';
      e.reason = 'y';
    };
    // Said twice of the reason, as the real server does.
    assert.deepEqual(await problems(registry.update('events', 'a', write, newApi)), [
      'reason: Invalid value: "y": field is immutable',
      'message: Invalid value: "x": field is immutable',
      'reason: Invalid value: "y": field is immutable',
    ]);
    await registry.update('events', 'a', (e) => {
      e.message = 'x';
      e.count = 2;
    });
  });

  it('of the core group are those of their namespace', async () => {
    const involving = (namespace: string) => ({
      metadata: { generateName: 'e' },
      involvedObject: { namespace },
    });
    await registry.create('events', involving('ns'));
    await registry.create('events', involving(''), { namespace: 'default' });
    for (const [namespace, from] of [
      ['other', 'ns'],
      ['', 'ns'],
    ] as const) {
      assert.deepEqual(
        await problems(registry.create('events', involving(namespace), { namespace: from })),
        [`involvedObject.namespace: Invalid value: "${namespace}": does not match event.namespace`],
      );
    }
  });
});
