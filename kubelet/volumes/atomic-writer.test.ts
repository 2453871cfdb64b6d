import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPayloadPath, type FileContent, writeAtomically } from './atomic-writer.ts';

const files = (of: Record<string, string>, mode = 0o644): Map<string, FileContent> =>
  new Map(Object.entries(of).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));

describe('writeAtomically', () => {
  let dir: string;
  let finished = 0;
  const finish = async (): Promise<void> => {
    finished++;
  };
  const write = (payload: ReturnType<typeof files>) => writeAtomically(dir, payload, 0, finish);
  const visible = (): string[] =>
    readdirSync(dir)
      .filter((n) => !n.startsWith('..'))
      .sort();

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'atomic-'));
    finished = 0;
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('writes files behind links', async () => {
    assert.equal(await write(files({ a: '1', 'sub/b': '2' }, 0o400)), true);
    assert.deepEqual(visible(), ['a', 'sub']);
    assert.equal(readlinkSync(join(dir, 'a')), '..data/a');
    assert.match(readlinkSync(join(dir, '..data')), /^\.\.1970_01_01_00_00_00\.[0-9a-f]+$/);
    assert.equal(readFileSync(join(dir, 'sub/b'), 'utf8'), '2');
    assert.equal(statSync(join(dir, 'a')).mode & 0o777, 0o400);
    assert.equal(finished, 1);
  });

  it('leaves everything as it is while nothing changes', async () => {
    await write(files({ a: '1' }));
    const before = readlinkSync(join(dir, '..data'));
    assert.equal(await write(files({ a: '1' })), false);
    assert.equal(readlinkSync(join(dir, '..data')), before);
    assert.equal(finished, 1);
  });

  const changes: [what: string, next: Map<string, FileContent>, visible: string[]][] = [
    ['content', files({ a: '2', b: 'x' }), ['a', 'b']],
    ['a file comes', files({ a: '1', b: 'x', c: 'y' }), ['a', 'b', 'c']],
    ['a file goes', files({ a: '1' }), ['a']],
    ['a file becomes a folder', files({ 'a/x': '1', b: 'x' }), ['a', 'b']],
    ['a mode', files({ a: '1', b: 'x' }, 0o755), ['a', 'b']],
    ['everything goes', files({}), []],
  ];
  for (const [what, next, expected] of changes) {
    it(`changes: ${what}`, async () => {
      await write(files({ a: '1', b: 'x' }));
      assert.equal(await write(next), true);
      assert.deepEqual(visible(), expected);
      for (const [path, { data }] of next) {
        assert.equal(readFileSync(join(dir, path), 'utf8'), data.toString());
      }
      // Of the states only the present one is left.
      const states = readdirSync(dir).filter((n) => n.startsWith('..') && n !== '..data');
      assert.deepEqual(states, [readlinkSync(join(dir, '..data'))]);
    });
  }

  for (const path of ['', '/a', '../a', 'a/../b', '..a', 'x'.repeat(300), 'a/'.repeat(3000)]) {
    it(`refuses ${JSON.stringify(path.slice(0, 20))}`, () => {
      assert.throws(() => checkPayloadPath(path), /^Error: invalid path/);
    });
  }
});
