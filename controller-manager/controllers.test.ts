import assert from 'node:assert/strict';
import { defineController } from './controller.ts';
import { controllers, selectControllers } from './controllers.ts';
import { parseFlags } from './flags.ts';

describe('selectControllers', () => {
  const known = ['a', 'b', 'c'].map((x) =>
    defineController({ name: `${x}-controller`, aliases: [x], setup() {} }),
  );
  for (const [list, names] of [
    [['*'], 'a b c'],
    [['*', '-b'], 'a c'],
    [['a', 'c-controller'], 'a c'],
    [['-a'], ''],
  ] as const) {
    it(list.join(','), () => {
      const selected = selectControllers(list, known).map((c) => c.aliases[0]);
      assert.equal(selected.join(' '), names);
    });
  }

  it('refuses names it does not know', () => {
    assert.throws(() => selectControllers(['*', '-x'], known), /"x" is not in the list of known/);
  });

  it('has each name once', () => {
    const names = controllers.flatMap((c) => [c.name, ...c.aliases]);
    assert.equal(new Set(names).size, names.length);
  });
});

describe('parseFlags', () => {
  it('reads values over the defaults', () => {
    const { options, securePort } = parseFlags({
      'cluster-cidr': '10.1.0.0/16,fd00::/56',
      'node-cidr-mask-size-ipv6': '80',
      'leader-elect': 'false',
      'node-monitor-grace-period': '1m30s',
      'concurrent-gc-syncs': '3',
      'secure-port': '0',
    });
    assert.deepEqual(options.clusterCidrs, ['10.1.0.0/16', 'fd00::/56']);
    assert.equal(options.nodeCidrMaskSizeIpv4, 24);
    assert.equal(options.nodeCidrMaskSizeIpv6, 80);
    assert.equal(options.leaderElection.leaderElect, false);
    assert.equal(options.nodeMonitorGracePeriodMs, 90_000);
    assert.equal(options.concurrentGcSyncs, 3);
    assert.equal(options.concurrentJobSyncs, 5);
    assert.equal(securePort, 0);
  });

  for (const [values, error] of [
    [{ 'leader-elect': 'yes' }, /invalid argument "yes" for "--leader-elect" flag/],
    [{ 'concurrent-job-syncs': '0' }, /invalid argument "0"/],
    [{ 'root-ca-file': '/does/not/exist' }, /--root-ca-file: ENOENT/],
    [{ 'cloud-provider': 'x' }, /unknown flag: --cloud-provider/],
  ] as const) {
    it(`refuses ${JSON.stringify(values)}`, () => assert.throws(() => parseFlags(values), error));
  }
});
