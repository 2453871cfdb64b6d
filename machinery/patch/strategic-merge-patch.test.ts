import assert from 'node:assert/strict';
import fc from 'fast-check';
import { StatusError } from '../meta/status-error.ts';
import { kindType, structType } from '../schema/schema.ts';
import { applyStrategicMergePatch, strategicPatchText } from './strategic-merge-patch.ts';

const podSpec = structType('core/v1.PodSpec');
const meta = structType('meta/v1.ObjectMeta');
const deploymentSpec = structType('apps/v1.DeploymentSpec');

const items = (names: string): { name: string }[] => [...names].map((name) => ({ name }));

describe('strategic merge patch', () => {
  const cases: [string, ReturnType<typeof structType>, unknown, unknown, unknown][] = [
    ['an empty patch', podSpec, { containers: items('ab') }, {}, { containers: items('ab') }],
    [
      'merges items by key, the new one first',
      podSpec,
      { containers: [{ name: 'a', image: 'x' }] },
      { containers: [{ name: 'b' }, { name: 'a', image: 'y' }] },
      { containers: [{ name: 'b' }, { name: 'a', image: 'y' }] },
    ],
    [
      'adds an item before what was there',
      podSpec,
      { containers: items('ab') },
      { containers: items('c') },
      { containers: items('cab') },
    ],
    [
      'adds items behind what was there when an order names none of them',
      podSpec,
      { imagePullSecrets: items('ab') },
      { '$setElementOrder/imagePullSecrets': [], imagePullSecrets: items('cc') },
      { imagePullSecrets: items('abc') },
    ],
    [
      'puts an item where a deleted one has left room, before what is ordered behind',
      podSpec,
      { containers: items('abd') },
      {
        '$setElementOrder/containers': items('bc'),
        containers: [{ name: 'c' }, { name: 'a', $patch: 'delete' }],
      },
      { containers: items('bdc') },
    ],
    [
      'and before those that are ordered first, when they are new',
      podSpec,
      { containers: items('ad') },
      {
        '$setElementOrder/containers': items('bc'),
        containers: [{ name: 'b' }, { name: 'c' }, { name: 'a', $patch: 'delete' }],
      },
      { containers: items('dbc') },
    ],
    [
      'keeps the place of an item among others',
      podSpec,
      { containers: items('abc') },
      { containers: [{ name: 'b', image: 'x' }] },
      { containers: [{ name: 'a' }, { name: 'b', image: 'x' }, { name: 'c' }] },
    ],
    [
      'deletes an item',
      podSpec,
      { containers: items('abc') },
      { containers: [{ name: 'b', $patch: 'delete' }] },
      { containers: items('ac') },
    ],
    [
      'replaces a list',
      podSpec,
      { containers: items('abc') },
      { containers: [{ $patch: 'replace' }, { name: 'z' }] },
      { containers: items('z') },
    ],
    [
      'replaces a map',
      deploymentSpec,
      { template: { metadata: { labels: { a: '1' } } } },
      { template: { metadata: { $patch: 'replace', labels: { b: '2' } } } },
      { template: { metadata: { labels: { b: '2' } } } },
    ],
    [
      'empties a map',
      deploymentSpec,
      { strategy: { type: 'x' } },
      { strategy: { $patch: 'delete' } },
      { strategy: {} },
    ],
    [
      'retains keys',
      deploymentSpec,
      { strategy: { type: 'RollingUpdate', rollingUpdate: {} } },
      { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
      { strategy: { type: 'Recreate' } },
    ],
    [
      'puts items in a given order',
      podSpec,
      { containers: items('abc') },
      { '$setElementOrder/containers': items('cb') },
      { containers: items('acb') },
    ],
    [
      'orders new and old items',
      podSpec,
      { containers: items('ab') },
      { '$setElementOrder/containers': items('bxa'), containers: [{ name: 'x', image: 'i' }] },
      { containers: [{ name: 'b' }, { name: 'x', image: 'i' }, { name: 'a' }] },
    ],
    [
      'orders a list that is new',
      podSpec,
      {},
      { '$setElementOrder/containers': items('ba'), containers: items('ba') },
      { containers: items('ba') },
    ],
    [
      'merges a list of scalars, the new ones first',
      meta,
      { finalizers: ['a', 'b'] },
      { finalizers: ['c', 'a'] },
      { finalizers: ['c', 'a', 'b'] },
    ],
    [
      'deletes scalars',
      meta,
      { finalizers: ['a', 'b', 'c'] },
      { '$deleteFromPrimitiveList/finalizers': ['a', 'c'] },
      { finalizers: ['b'] },
    ],
    [
      'orders scalars',
      meta,
      { finalizers: ['a', 'b'] },
      { '$setElementOrder/finalizers': ['b', 'c'], finalizers: ['c'] },
      { finalizers: ['a', 'b', 'c'] },
    ],
    [
      'replaces lists that are not merged',
      podSpec,
      { tolerations: [{ key: 'a' }] },
      { tolerations: [{ key: 'b' }] },
      { tolerations: [{ key: 'b' }] },
    ],
    [
      'deletes by null',
      podSpec,
      { containers: items('a'), hostname: 'h' },
      { hostname: null },
      { containers: items('a') },
    ],
    [
      'drops nulls that delete nothing',
      podSpec,
      {},
      { securityContext: { a: null, b: 1 } },
      { securityContext: { b: 1 } },
    ],
    [
      'replaces a value of another kind',
      podSpec,
      { containers: [] },
      { containers: { a: 1 } },
      { containers: { a: 1 } },
    ],
    [
      'merges maps of strings',
      meta,
      { labels: { a: '1', b: '2' } },
      { labels: { a: null, c: '3' } },
      { labels: { b: '2', c: '3' } },
    ],
    [
      'drops a directive in a list that is new',
      podSpec,
      {},
      { containers: [{ name: 'a', $patch: 'delete' }, { name: 'b' }] },
      { containers: items('b') },
    ],
  ];
  for (const [name, type, document, patch, want] of cases) {
    it(name, () => {
      const [before, sent] = [JSON.stringify(document), JSON.stringify(patch)];
      assert.deepEqual(applyStrategicMergePatch(document, patch, type), want);
      assert.deepEqual([JSON.stringify(document), JSON.stringify(patch)], [before, sent]);
    });
  }

  const refused: [string, unknown, unknown, number, string][] = [
    [
      'no merge key',
      { containers: items('a') },
      { containers: [{ image: 'x' }] },
      500,
      'map: map[image:x] does not contain declared merge key: name',
    ],
    [
      'an unknown directive',
      { containers: items('a') },
      { containers: [{ name: 'a', $patch: 'x' }] },
      500,
      'unknown patch type: x in map: map[$patch:x name:a]',
    ],
    [
      'a directive that is no text',
      {},
      { $patch: 1 },
      500,
      'unknown patch type: %!s(int64=1) in map: map[$patch:1]',
    ],
    [
      'merge as a directive of an item',
      { containers: items('a') },
      { containers: [{ name: 'a', $patch: 'merge' }] },
      500,
      'merging lists cannot yet be specified in the patch',
    ],
    [
      'an order that does not fit',
      { containers: items('ab') },
      { '$setElementOrder/containers': items('b'), containers: items('a') },
      500,
      "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n",
    ],
    [
      'an order that is no list',
      {},
      { '$setElementOrder/containers': 'x' },
      500,
      'expected a []interface {}, but received a string',
    ],
    [
      'an order of nothing',
      {},
      { $setElementOrder: [] },
      400,
      'invalid patch format of setElementOrder list',
    ],
    [
      'an order of an unknown field',
      {},
      { '$setElementOrder/zzz': [] },
      500,
      'unable to find api field in struct PodSpec for the json field "zzz"',
    ],
    [
      'keys that are not retained',
      { securityContext: {} },
      { securityContext: { $retainKeys: ['a'], b: 1 } },
      400,
      'invalid patch format of retainKeys',
    ],
    [
      'items of several kinds',
      { containers: items('a') },
      { containers: ['x'] },
      500,
      'list element types are not identical: [[map[name:a]] [x]]',
    ],
    [
      'lists in lists',
      { containers: [[1]] },
      { containers: [[2]] },
      422,
      'the server rejected our request due to an error in our request',
    ],
    [
      'a list',
      {},
      [1],
      400,
      'json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
  ];
  for (const [name, document, patch, code, message] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => applyStrategicMergePatch(document, patch, podSpec),
        (e) => {
          assert.ok(e instanceof StatusError);
          assert.deepEqual([e.code, e.message], [code, message]);
          return true;
        },
      );
    });
  }

  it('shows the patch as Go prints it', () => {
    const patch = { spec: { replicas: 'x', strategy: { $retainKeys: ['type'], type: 'y' } } };
    const type = kindType('apps/v1', 'Deployment')!;
    const text = strategicPatchText({ spec: { strategy: {} } }, patch, type);
    assert.equal(text, 'map[spec:map[replicas:x strategy:map[type:y]]]');
  });

  const containers = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      image: fc.constantFrom('x', 'y'),
      env: fc.uniqueArray(
        fc.record({ name: fc.constantFrom('A', 'B'), value: fc.constantFrom('1', '2') }),
        { selector: (e) => e.name },
      ),
    }),
    { selector: (c) => c.name },
  );

  it('never doubles a merge key, and applied twice changes nothing more', () => {
    fc.assert(
      fc.property(containers, containers, (a, b) => {
        const once = applyStrategicMergePatch({ containers: a }, { containers: b }, podSpec);
        const list = (once as { containers: { name: string; env: { name: string }[] }[] })
          .containers;
        assert.equal(new Set(list.map((c) => c.name)).size, list.length);
        for (const c of list) assert.equal(new Set(c.env.map((e) => e.name)).size, c.env.length);
        assert.deepEqual(applyStrategicMergePatch(once, { containers: b }, podSpec), once);
        assert.deepEqual(applyStrategicMergePatch(once, {}, podSpec), once);
      }),
      { seed: 8, numRuns: 200 },
    );
  });
});
