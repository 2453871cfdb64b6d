import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixedTime, parseLogLine } from './cri-log.ts';
import { type LogOptions, readLog } from './read-log.ts';

const at = (s: number): string => `2026-01-01T00:00:${String(s).padStart(2, '0')}.5Z`;
const file = [
  `${at(1)} stdout F one\n`,
  `${at(2)} stderr F two\n`,
  `${at(3)} stdout P thr\n`,
  `${at(4)} stdout F ee\n`,
  'garbage\n',
  `${at(5)} stdout F four\n`,
].join('');

describe('parseLogLine', () => {
  it('tells time, stream, completeness and text', () => {
    const line = parseLogLine(Buffer.from(`${at(1)} stderr P:x a b\n`));
    assert.deepEqual(
      { ...line, text: String(line.text) },
      { time: at(1), stream: 'stderr', full: false, text: 'a b' },
    );
    assert.equal(String(parseLogLine(Buffer.from(`${at(1)} stdout F \n`)).text), '\n');
  });

  for (const bad of ['x', 'x stdout F y', `${at(1)} nowhere F y`, `${at(1)} stdout`]) {
    it(`refuses ${bad}`, () => assert.throws(() => parseLogLine(Buffer.from(bad))));
  }

  it('prints times with nine decimals', () => {
    assert.equal(fixedTime('2026-01-01T00:00:00Z'), '2026-01-01T00:00:00.000000000Z');
    assert.equal(fixedTime(at(1)), '2026-01-01T00:00:01.500000000Z');
  });
});

describe('readLog', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'k8ts-log-'));
    path = join(dir, '0.log');
    writeFileSync(path, file);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  async function read(options: LogOptions): Promise<string> {
    const parts: Buffer[] = [];
    const signal = new AbortController().signal;
    for await (const part of readLog(path, options, async () => false, signal)) parts.push(part);
    return Buffer.concat(parts).toString();
  }

  const cases: [string, LogOptions, string][] = [
    ['everything', {}, 'one\ntwo\nthree\nfour\n'],
    ['the tail', { tailLines: 1 }, 'four\n'],
    ['no tail', { tailLines: 0 }, ''],
    ['a limit', { limitBytes: 5 }, 'one\nt'],
    ['since a time', { sinceMs: Date.parse(at(4)) }, 'ee\nfour\n'],
    ['one stream', { stream: 'stderr' }, 'two\n'],
    [
      'timestamps once per line',
      { timestamps: true, tailLines: 4 },
      `${fixedTime(at(3))} three\n${fixedTime(at(5))} four\n`,
    ],
    ['a tail that is followed', { tailLines: 1, follow: true }, 'four\n'],
  ];
  for (const [name, options, expected] of cases) {
    it(`reads ${name}`, async () => assert.equal(await read(options), expected));
  }

  it('follows over a rotation until the container ends', async () => {
    let alive = true;
    const parts: string[] = [];
    const signal = new AbortController().signal;
    for await (const part of readLog(path, { follow: true }, async () => alive, signal)) {
      parts.push(String(part));
      if (parts.length === 1) {
        appendFileSync(path, `${at(6)} stdout F five\n`);
        renameSync(path, `${path}.1`);
        writeFileSync(path, `${at(7)} stdout F six\n`);
      }
      if (String(part).includes('six')) alive = false;
    }
    assert.equal(parts.join(''), 'one\ntwo\nthree\nfour\nfive\nsix\n');
  });
});
