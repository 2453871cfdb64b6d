import assert from 'node:assert/strict';
import { mountOf, parseMounts } from './mounts.ts';

const mountinfo = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:26 / /sys/fs/cgroup ro shared:9 master:2 - tmpfs tmpfs ro
41 22 8:2 / /var/lib/k8ts rw,relatime - ext4 /dev/sdb1 rw
42 41 8:2 /x /var/lib/k8ts/with\\040space rw - ext4 /dev/sdb1 rw
43 41 8:2 /y /var/lib/k8ts rw,relatime shared:12 - ext4 /dev/sdb1 rw
`;

describe('mounts', () => {
  it('are read with their propagation', () => {
    assert.deepEqual(parseMounts(mountinfo), [
      { point: '/', shared: true },
      { point: '/sys/fs/cgroup', shared: true },
      { point: '/var/lib/k8ts', shared: false },
      { point: '/var/lib/k8ts/with space', shared: false },
      { point: '/var/lib/k8ts', shared: true },
    ]);
  });

  const cases: [path: string, point: string, shared: boolean][] = [
    ['/home', '/', true],
    ['/var/lib/k8tsx', '/', true],
    ['/var/lib/k8ts', '/var/lib/k8ts', true],
    ['/var/lib/k8ts/kubelet', '/var/lib/k8ts', true],
    ['/var/lib/k8ts/with space/a', '/var/lib/k8ts/with space', false],
  ];
  for (const [path, point, shared] of cases) {
    it(`${path} lies on ${point}`, () => {
      assert.deepEqual(mountOf(parseMounts(mountinfo), path), { point, shared });
    });
  }
});
