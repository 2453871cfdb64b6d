import assert from 'node:assert/strict';
import { nodes, pods } from '../../client/resources.ts';
import type { Node, Pod, Taint, Toleration } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { taintEvictionController, toleratedMs } from './taint-eviction.ts';

const taint = (key: string): Taint => ({ key, effect: 'NoExecute' });
const bears = (key: string, tolerationSeconds?: number): Toleration => ({
  key,
  operator: 'Exists',
  ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
});

describe('toleratedMs', () => {
  for (const [name, taints, tolerations, want] of [
    ['no taint', [], [], undefined],
    ['not borne', [taint('a')], [], 0],
    ['borne for ever', [taint('a')], [bears('a')], undefined],
    ['borne for a while', [taint('a')], [bears('a', 3)], 3000],
    ['the shortest counts', [taint('a'), taint('b')], [bears('a', 3), bears('b', 2)], 2000],
    ['one not borne', [taint('a'), taint('b')], [bears('a', 3)], 0],
    ['negative', [taint('a')], [bears('a', -1)], 0],
    ['an unused one does not count', [taint('a')], [bears('b', 1), bears('a')], undefined],
  ] as const) {
    it(name, () => assert.equal(toleratedMs(taints, tolerations), want));
  }
});

describe('taint eviction controller', () => {
  const node = (name: string, ...taints: Taint[]): Node => ({
    metadata: { name },
    spec: { taints },
  });
  const pod = (name: string, ...tolerations: Toleration[]): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'a', name, uid: name, finalizers: ['x/keep'] },
    spec: { nodeName: 'n', containers: [], tolerations },
    status: { phase: 'Running' },
  });
  const marked = (bed: TestBed): string[] =>
    bed.client
      .objects(pods)
      .filter((p) => p.metadata?.deletionTimestamp !== undefined)
      .map((p) => p.metadata?.name ?? '');

  it('evicts at once, later or never', async () => {
    await using bed = new TestBed();
    bed.client.seed(nodes, node('n'));
    bed.client.seed(pods, pod('now'), pod('later', bears('t', 10)), pod('never', bears('t')));
    await bed.start([taintEvictionController]);
    assert.deepEqual(marked(bed), []);
    const n = await bed.client.get(nodes, { name: 'n' });
    await bed.client.update(nodes, { ...n, spec: { taints: [taint('t')] } });
    await bed.settle();
    assert.deepEqual(marked(bed), ['now']);
    await bed.advance(9_999);
    assert.deepEqual(marked(bed), ['now']);
    await bed.advance(1);
    assert.deepEqual(marked(bed).toSorted(), ['later', 'now']);
    const { status } = await bed.client.get(pods, { namespace: 'a', name: 'now' });
    assert.equal(status?.conditions?.[0]?.reason, 'DeletionByTaintManager');
    assert.equal(bed.eventTexts()[0], 'TaintManagerEviction: Marking for deletion Pod a/now');
  });

  it('relents when the taint goes in time', async () => {
    await using bed = new TestBed();
    bed.client.seed(nodes, node('n', taint('t')));
    bed.client.seed(pods, pod('p', bears('t', 10)));
    await bed.start([taintEvictionController]);
    await bed.advance(5_000);
    const n = await bed.client.get(nodes, { name: 'n' });
    await bed.client.update(nodes, { ...n, spec: {} });
    await bed.advance(60_000);
    assert.deepEqual(marked(bed), []);
    assert.deepEqual(bed.eventTexts(), ['TaintManagerEviction: Cancelling deletion of Pod a/p']);
  });
});
