import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mounter } from '../host/mounter.ts';
import { mountSubPath, readInside } from './subpath.ts';

describe('subPath', () => {
  let root: string;
  let volume: string;
  /** What was mounted, resolved while its handle was open. */
  let mounted: string[];
  const mounter: Mounter = {
    mountTmpfs: async () => undefined,
    bindMount: async (source) => {
      mounted.push(readlinkSync(source).slice(root.length + 1));
    },
    unmountAll: async () => undefined,
    isMountPoint: async () => false,
  };
  const mount = (subPath: string): Promise<string> =>
    mountSubPath({ volume, subPath, target: join(root, 'target') }, mounter);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'subpath-'));
    volume = join(root, 'v');
    mounted = [];
    mkdirSync(join(volume, 'dir'), { recursive: true });
    mkdirSync(join(root, 'outside'));
    writeFileSync(join(root, 'outside/secret'), 's');
    writeFileSync(join(volume, 'file'), 'x');
    symlinkSync('dir', join(volume, 'inner'));
    symlinkSync('../outside', join(volume, 'outer'));
    symlinkSync('/', join(volume, 'host'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  for (const [subPath, expected] of [
    ['dir', 'v/dir'],
    ['file', 'v/file'],
    ['inner', 'v/dir'],
    ['./dir', 'v/dir'],
  ]) {
    it(`mounts ${subPath}`, async () => {
      await mount(subPath!);
      assert.deepEqual(mounted, [expected]);
      assert.equal(statSync(join(root, 'target')).isDirectory(), subPath !== 'file');
    });
  }

  for (const subPath of ['outer', 'outer/secret', 'host/etc', '../outside', '/etc', 'a/../..']) {
    it(`refuses ${subPath}`, async () => {
      await assert.rejects(mount(subPath));
      assert.deepEqual(mounted, []);
    });
  }

  it('makes what is missing, but not behind a link that leads out', async function () {
    // Owners are set.
    if (process.getuid?.() !== 0) this.skip();
    await mount('new/deep');
    assert.deepEqual(mounted, ['v/new/deep']);
    await assert.rejects(mount('outer/new'));
    assert(!existsSync(join(root, 'outside/new')));
  });

  it('reads files inside only', async () => {
    assert.equal(await readInside(volume, 'file'), 'x');
    await assert.rejects(readInside(volume, 'outer/secret'), /leaves the volume/);
    await assert.rejects(readInside(volume, '../outside/secret'));
  });
});
