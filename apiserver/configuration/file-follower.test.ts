/** Files that change while a server runs. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followFile, RetryError } from './file-follower.ts';

const never = 100_000_000;

describe('followed files', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'k8ts-follow-'));
    path = join(folder, 'file');
    writeFileSync(path, 'one');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  /** The texts that are told of until `text` comes. */
  async function until(text: string, everyMs: number, change: () => void): Promise<string[]> {
    const abort = new AbortController();
    const told: string[] = [];
    const changed = async (now: string) => {
      told.push(now);
      if (now === text) abort.abort();
    };
    const following = followFile(
      { path, text: 'one', everyMs, changed, onProblem: () => {} },
      abort.signal,
    );
    change();
    await following;
    return told;
  }

  it('are read at once when they are written', async () => {
    assert.deepEqual(await until('two', never, () => writeFileSync(path, 'two')), ['two']);
  });

  it('are read at once when another takes their place', async () => {
    writeFileSync(join(folder, 'next'), 'two');
    const told = await until('two', never, () => renameSync(join(folder, 'next'), path));
    assert.deepEqual(told, ['two']);
  });

  it('are read at once when they stand in a volume that is exchanged', async () => {
    for (const [name, text] of [
      ['a', 'one'],
      ['b', 'two'],
    ] as const) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'file'), text);
    }
    rmSync(path);
    symlinkSync('a', join(folder, '..data'));
    symlinkSync('..data/file', path);
    const told = await until('two', never, () => {
      symlinkSync('b', join(folder, 'new'));
      renameSync(join(folder, 'new'), join(folder, '..data'));
    });
    assert.deepEqual(told, ['two']);
  });

  it('are tried again when the time was not right', async () => {
    const abort = new AbortController();
    let times = 0;
    const problems: unknown[] = [];
    writeFileSync(path, 'two');
    await followFile(
      {
        path,
        text: 'one',
        everyMs: 1,
        async changed() {
          times++;
          if (times < 3) throw new RetryError('not yet');
          abort.abort();
        },
        onProblem: (e) => problems.push(e),
      },
      abort.signal,
    );
    assert.equal(problems.length, 2);
  });

  it('may be missing for a while', async () => {
    const abort = new AbortController();
    rmSync(path);
    const told: string[] = [];
    await followFile(
      {
        path,
        text: 'one',
        everyMs: 1,
        async changed(now) {
          told.push(now);
          abort.abort();
        },
        onProblem: () => writeFileSync(path, 'two'),
      },
      abort.signal,
    );
    assert.equal(told.at(-1), 'two');
  });
});
