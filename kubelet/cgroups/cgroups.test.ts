import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container } from '../../machinery/schema/wire.ts';
import type { NodePod } from '../pods/pod.ts';
import { type CgroupFs, type CgroupLimits, openCgroupFs } from './cgroup-fs.ts';
import { quotaOfMilli, sharesOfMilli, weightOfShares } from './cpu-shares.ts';
import {
  cgroupPath,
  type PodCgroupSettings,
  PodCgroups,
  podCgroupLimits,
  sliceProperties,
} from './pod-cgroups.ts';

describe('CPU amounts', () => {
  const shares: [milli: number, expected: number][] = [
    [0, 2],
    [1, 2],
    [100, 102],
    [1000, 1024],
    [1_000_000, 262_144],
  ];
  for (const [milli, expected] of shares) {
    it(`${milli}m are ${expected} shares`, () => assert.equal(sharesOfMilli(milli), expected));
  }
  const quotas: [milli: number, expected: number][] = [
    [0, 0],
    [1, 1000],
    [100, 10_000],
    [1500, 150_000],
  ];
  for (const [milli, expected] of quotas) {
    it(`${milli}m are a quota of ${expected}`, () =>
      assert.equal(quotaOfMilli(milli, 100_000), expected));
  }
  it('weights stay within bounds', () => {
    assert.equal(weightOfShares(2), 1);
    assert.equal(weightOfShares(262_144), 10_000);
    assert(weightOfShares(1024) > weightOfShares(512));
  });
});

const settings: PodCgroupSettings = {
  root: '/',
  driver: 'cgroupfs',
  cpuQuota: true,
  cpuPeriodUs: 100_000,
  podPidsLimit: -1,
  allocatable: undefined,
};

function pod(...resources: Container['resources'][]): NodePod {
  return {
    metadata: { name: 'p', namespace: 'ns', uid: 'a-b' },
    spec: {
      containers: resources.map((r, i) => ({ name: `c${i}`, ...(r ? { resources: r } : {}) })),
    },
  };
}

const small = { cpu: '100m', memory: '64Mi' };

describe('groups of pods', () => {
  const limits: [what: string, pod: NodePod, path: string, expected: CgroupLimits][] = [
    ['best effort', pod(undefined), '/kubepods/besteffort/poda-b', { cpuShares: 2 }],
    [
      'guaranteed',
      pod({ requests: small, limits: small }),
      '/kubepods/poda-b',
      { cpuShares: 102, cpuQuotaUs: 10_000, cpuPeriodUs: 100_000, memoryBytes: 64 * 2 ** 20 },
    ],
    [
      'burstable, one container without limits',
      pod({ requests: small, limits: small }, { requests: small }),
      '/kubepods/burstable/poda-b',
      { cpuShares: 204 },
    ],
    [
      'burstable, all limited',
      pod({ requests: small, limits: { cpu: '1', memory: '1Gi' } }),
      '/kubepods/burstable/poda-b',
      { cpuShares: 102, cpuQuotaUs: 100_000, cpuPeriodUs: 100_000, memoryBytes: 2 ** 30 },
    ],
  ];
  for (const [what, of, path, expected] of limits) {
    it(what, () => {
      assert.deepEqual(podCgroupLimits(of, settings), expected);
      const groups = new PodCgroups({} as CgroupFs, settings);
      assert.equal(groups.parentOf(of), path);
    });
  }

  it('as slices of systemd', async () => {
    assert.equal(
      cgroupPath('/', ['kubepods', 'burstable', 'poda-b'], true),
      '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-poda_b.slice',
    );
    const ran: string[] = [];
    const fs = { version: 2, exists: () => false } as unknown as CgroupFs;
    const groups = new PodCgroups(fs, { ...settings, driver: 'systemd' }, async (file, args) =>
      ran.push([file, ...args].join(' ')),
    );
    await groups.ensure(pod({ requests: small, limits: small }));
    assert.deepEqual(ran, [
      'systemctl start kubepods-poda_b.slice',
      'systemctl set-property --runtime kubepods-poda_b.slice CPUWeight=17 CPUQuota=10% MemoryMax=67108864',
    ]);
    assert.equal(groups.parentOf(pod(undefined)), 'kubepods-besteffort-poda_b.slice');
  });

  it('limits that are lifted', () => {
    const lifted = { cpuQuotaUs: -1, memoryBytes: -1, pids: -1 };
    const expected = ['CPUQuota=', 'MemoryMax=infinity', 'TasksMax=infinity'];
    assert.deepEqual(sliceProperties(lifted, 2), expected);
  });
});

/** A folder that looks like a mount of version 1, with two hierarchies. */
describe('version 1', () => {
  let mount: string;
  beforeEach(() => {
    mount = mkdtempSync(join(tmpdir(), 'cgroup-'));
    for (const [hierarchy, ...files] of [
      ['cpu,cpuacct', 'cpu.shares', 'cpu.cfs_quota_us', 'cpu.cfs_period_us', 'cpuacct.usage'],
      ['memory', 'memory.limit_in_bytes', 'memory.usage_in_bytes', 'memory.stat'],
    ]) {
      mkdirSync(join(mount, hierarchy!, 'g'), { recursive: true });
      writeFileSync(join(mount, hierarchy!, 'cgroup.procs'), '');
      for (const file of files) writeFileSync(join(mount, hierarchy!, 'g', file), '0');
    }
  });
  afterEach(() => rmSync(mount, { recursive: true }));

  const read = (...path: string[]): string => readFileSync(join(mount, ...path), 'utf8');

  it('sets limits where they belong', async () => {
    const fs = openCgroupFs(mount);
    assert.equal(fs.version, 1);
    await fs.ensure('/g', { cpuShares: 512, cpuQuotaUs: 5000, memoryBytes: 1024 });
    assert.equal(read('cpu,cpuacct/g/cpu.shares'), '512');
    assert.equal(read('cpu,cpuacct/g/cpu.cfs_quota_us'), '5000');
    assert.equal(read('memory/g/memory.limit_in_bytes'), '1024');
  });

  it('makes and removes groups in every hierarchy', async () => {
    const fs = openCgroupFs(mount);
    await fs.ensure('/h/i', {});
    assert(fs.exists('/h/i'));
    assert.deepEqual(await fs.children('/h'), ['i']);
    await fs.remove('/h');
    assert(!existsSync(join(mount, 'memory/h')));
    assert(!fs.exists('/h'));
  });

  it('reads usage', async () => {
    writeFileSync(join(mount, 'cpu,cpuacct/g/cpuacct.usage'), '1000\n');
    writeFileSync(join(mount, 'memory/g/memory.usage_in_bytes'), '900\n');
    writeFileSync(join(mount, 'memory/g/memory.stat'), 'total_rss 400\ntotal_inactive_file 100\n');
    assert.deepEqual(await openCgroupFs(mount).usage('/g'), {
      cpuNanoseconds: 1000,
      memoryBytes: 900,
      workingSetBytes: 800,
      rssBytes: 400,
    });
  });
});
