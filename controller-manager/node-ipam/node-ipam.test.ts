import assert from 'node:assert/strict';
import { nodes } from '../../client/resources.ts';
import { parseCidr } from '../../machinery/meta/ip.ts';
import type { Node } from '../../machinery/schema/wire.ts';
import { defaultOptions } from '../options.ts';
import { TestBed } from '../test-bed.ts';
import { CidrPool } from './cidr-pool.ts';
import { nodeIpamController, poolsOf } from './node-ipam.ts';

describe('CidrPool', () => {
  const all = (pool: CidrPool): string[] => {
    const blocks: string[] = [];
    for (let b = pool.allocate(); b !== undefined; b = pool.allocate()) blocks.push(b);
    return blocks;
  };
  for (const [range, prefix, occupied, want] of [
    ['10.0.0.0/24', 26, [], '10.0.0.0/26 10.0.0.64/26 10.0.0.128/26 10.0.0.192/26'],
    ['10.0.0.7/24', 25, ['10.0.0.0/28'], '10.0.0.128/25'],
    ['10.0.0.0/24', 26, ['10.0.0.128/25'], '10.0.0.0/26 10.0.0.64/26'],
    ['10.0.0.0/24', 26, ['10.0.0.0/16'], ''],
    ['10.0.0.0/24', 24, ['10.1.0.0/16'], '10.0.0.0/24'],
    ['fd00:0:0:fe::/63', 64, [], 'fd00:0:0:fe::/64 fd00:0:0:ff::/64'],
    ['fd00::/111', 112, ['fd00::1/128'], 'fd00::1:0/112'],
  ] as const) {
    it(`${range} in /${prefix} without ${occupied}`, () => {
      const pool = new CidrPool(parseCidr(range)!, prefix);
      for (const o of occupied) pool.occupy(parseCidr(o)!);
      assert.equal(all(pool).join(' '), want);
    });
  }

  it('hands out in turn and takes back', () => {
    const pool = new CidrPool(parseCidr('10.0.0.0/24')!, 25);
    const first = pool.allocate()!;
    pool.release(parseCidr(first)!);
    assert.equal(pool.allocate(), '10.0.0.128/25');
    assert.equal(pool.allocate(), first);
    assert.equal(pool.allocate(), undefined);
  });
});

describe('poolsOf', () => {
  for (const [name, clusterCidrs, mask, want] of [
    ['none', [], 24, /Must specify/],
    ['too small', ['10.0.0.0/25'], 24, /Invalid --cluster-cidr/],
    ['two of a family', ['10.0.0.0/16', '10.1.0.0/16'], 24, /not configured as dual stack/],
    ['garbage', ['10.0.0.0'], 24, /invalid CIDR address/],
    ['too large', ['fd00::/40'], 24, /too big/],
  ] as const) {
    it(name, () => {
      const options = { ...defaultOptions, clusterCidrs, nodeCidrMaskSizeIpv4: mask };
      assert.throws(() => poolsOf(options), want);
    });
  }
});

describe('node ipam controller', () => {
  const options = {
    allocateNodeCidrs: true,
    clusterCidrs: ['10.244.0.0/22', 'fd00::/62'],
    serviceClusterIpRanges: ['10.244.0.0/24'],
  };
  const node = (name: string, podCIDRs?: string[]): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name },
    spec: podCIDRs === undefined ? {} : { podCIDRs, podCIDR: podCIDRs[0]! },
  });
  const cidrs = (bed: TestBed) =>
    Object.fromEntries(
      bed.client.objects(nodes).map((n) => [n.metadata?.name, n.spec?.podCIDRs?.join(' ')]),
    );

  it('gives each node a block of each family', async () => {
    await using bed = new TestBed();
    bed.client.seed(nodes, node('n1'), node('n2', ['10.244.1.0/24', 'fd00::/64']));
    await bed.start([nodeIpamController], options);
    assert.deepEqual(cidrs(bed), {
      n1: '10.244.2.0/24 fd00:0:0:1::/64',
      n2: '10.244.1.0/24 fd00::/64',
    });
    bed.client.seed(nodes, node('n3'), node('n4'));
    await bed.settle();
    assert.equal(cidrs(bed)['n3'], '10.244.3.0/24 fd00:0:0:2::/64');
    assert.equal(cidrs(bed)['n4'], undefined);
    assert.equal(bed.eventTexts()[0], 'CIDRNotAvailable: Node n4 status is now: CIDRNotAvailable');
    await bed.client.delete(nodes, { name: 'n2' });
    await bed.advance(5_000);
    assert.equal(cidrs(bed)['n4'], '10.244.1.0/24 fd00:0:0:3::/64');
  });
});
