import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BatchingSink, type BatchOptions, type Timers } from './batching-sink.ts';
import { type AuditEvent, eventJson, legacyText } from './event.ts';
import { logSink } from './log-sink.ts';
import { RotatingFile, type RotatingFileOptions } from './rotating-file.ts';
import type { AuditSink } from './sink.ts';
import { truncatingSink } from './truncating-sink.ts';

const atMs = Date.parse('2026-01-01T00:00:00.120Z');

function event(rest: Partial<AuditEvent> = {}): AuditEvent {
  return {
    level: 'Request',
    auditID: 'id',
    stage: 'ResponseComplete',
    requestURI: '/api/v1/pods',
    verb: 'list',
    user: { username: 'alice', groups: ['a', 'b'] },
    sourceIPs: ['10.0.0.1'],
    userAgent: 'kubectl',
    objectRef: { resource: 'pods', apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 200 },
    receivedMs: atMs,
    stageMs: atMs,
    annotations: { b: '1', a: '2' },
    ...rest,
  };
}

describe('an audit event', () => {
  it('is a line of JSON', () => {
    assert.equal(
      eventJson(event({ requestObject: '{"kind":"Pod"}' })),
      '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"id",' +
        '"stage":"ResponseComplete","requestURI":"/api/v1/pods","verb":"list",' +
        '"user":{"username":"alice","groups":["a","b"]},"sourceIPs":["10.0.0.1"],' +
        '"userAgent":"kubectl","objectRef":{"resource":"pods","apiVersion":"v1"},' +
        '"responseStatus":{"metadata":{},"code":200},"requestObject":{"kind":"Pod"},' +
        '"requestReceivedTimestamp":"2026-01-01T00:00:00.120000Z",' +
        '"stageTimestamp":"2026-01-01T00:00:00.120000Z","annotations":{"a":"2","b":"1"}}',
    );
  });

  it('is a line of text', () => {
    assert.equal(
      legacyText(event({ impersonatedUser: { username: 'bob', groups: ['g'] } })),
      '2026-01-01T00:00:00.12Z AUDIT: id="id" stage="ResponseComplete" ip="10.0.0.1" ' +
        'method="list" user="alice" groups="\\"a\\",\\"b\\"" as="bob" asgroups="\\"g\\"" ' +
        'user-agent="kubectl" namespace="<none>" uri="/api/v1/pods" response="200"',
    );
    const { responseStatus: _status, ...received } = event({ user: {}, sourceIPs: [] });
    assert.match(
      legacyText(received),
      /ip="<unknown>".* user="<none>" groups="<none>" as="<self>" asgroups="<lookup>".*"<deferred>"$/,
    );
  });
});

describe('a rotating file', () => {
  let folder: string;
  let nowMs = atMs;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'k8ts-audit-'));
    nowMs = atMs;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function open(rest: Partial<RotatingFileOptions> = {}): RotatingFile {
    return new RotatingFile({
      path: join(folder, 'sub', 'audit.log'),
      maxBytes: 8,
      maxBackups: 0,
      maxAgeDays: 0,
      compress: false,
      now: () => nowMs,
      onProblem: (e) => {
        throw e;
      },
      ...rest,
    });
  }
  const found = () => readdirSync(join(folder, 'sub')).sort();
  const text = (name: string) => readFileSync(join(folder, 'sub', name), 'utf8');

  it('goes on where it was, and is put aside when it is full', async () => {
    let file = open();
    file.write('one\n');
    await file.close();
    file = open();
    file.write('two\n');
    file.write('three\n');
    await file.close();
    assert.deepEqual(found(), ['audit-2026-01-01T00-00-00.120.log', 'audit.log']);
    assert.equal(text('audit-2026-01-01T00-00-00.120.log'), 'one\ntwo\n');
    assert.equal(text('audit.log'), 'three\n');
  });

  it('never holds more than it may', async () => {
    const file = open();
    assert.throws(() => file.write('too long a line\n'), /write length 16 exceeds maximum/);
    await file.close();
  });

  it('has so many predecessors, of such an age', async () => {
    const file = open({ maxBackups: 2, maxAgeDays: 1 });
    writeFileSync(join(folder, 'sub', 'audit-2025-01-01T00-00-00.000.log.gz'), '');
    writeFileSync(join(folder, 'sub', 'audit-mine.log'), '');
    for (let i = 0; i < 4; i++) {
      file.write(`line ${i}\n`);
      nowMs += 1000;
    }
    await file.close();
    assert.deepEqual(found(), [
      'audit-2026-01-01T00-00-02.120.log',
      'audit-2026-01-01T00-00-03.120.log',
      'audit-mine.log',
      'audit.log',
    ]);
  });

  it('compresses them', async () => {
    const file = open({ compress: true });
    file.write('one two\n');
    file.write('three\n');
    await file.close();
    assert.deepEqual(found(), ['audit-2026-01-01T00-00-00.120.log.gz', 'audit.log']);
    const bytes = readFileSync(join(folder, 'sub', 'audit-2026-01-01T00-00-00.120.log.gz'));
    assert.equal(gunzipSync(bytes).toString(), 'one two\n');
  });

  it('grows without limit when there is none', async () => {
    const file = open({ maxBytes: 0 });
    file.write('a line that is longer\n');
    await file.close();
    assert.deepEqual(found(), ['audit.log']);
  });
});

describe('the audit log', () => {
  it('is written in pieces, of which one may fail', () => {
    const written: string[] = [];
    const lost: string[] = [];
    const sink = logSink(
      {
        write(text) {
          if (text.length > 500_000) throw new Error('too large');
          written.push(text);
        },
        close: () => Promise.resolve(),
      },
      'json',
      (plugin, error, count) => lost.push(`${plugin}: ${error.message} (${count})`),
    );
    const large = event({ auditID: 'large', userAgent: 'x'.repeat(600_000) });
    const small = ['1', '2', '3'].map((auditID) => event({ auditID }));
    assert.equal(sink.process([small[0]!, small[1]!, large, small[2]!]), false);
    assert.deepEqual(lost, ['log: too large (1)']);
    const ids = written.map((text) => text.match(/(?<="auditID":")\w+/g));
    assert.deepEqual(ids, [['1', '2'], ['3']]);
    assert.equal(sink.process(small), true);
  });
});

describe('limits of audit events', () => {
  it('take the objects out of what is too large, and divide batches', async () => {
    const batches: AuditEvent[][] = [];
    const lost: string[] = [];
    const to: AuditSink = {
      process: (events) => batches.push([...events]) > 0,
      close: () => Promise.resolve(),
    };
    const sink = truncatingSink(
      to,
      { maxEventBytes: 600, maxBatchBytes: 1000 },
      (plugin, error, count) => lost.push(`${plugin}: ${error.message} (${count})`),
    );
    const large = JSON.stringify('x'.repeat(600));
    await sink.process([
      event({ auditID: '1' }),
      event({ auditID: '2', requestObject: large }),
      event({ auditID: '3', userAgent: 'y'.repeat(600) }),
      event({ auditID: '4' }),
    ]);
    assert.deepEqual(lost, ['truncate: event is too large even after truncating (1)']);
    const shown = batches.map((b) => b.map((e) => `${e.auditID} ${e.requestObject ?? ''}`.trim()));
    assert.deepEqual(shown, [['1', '2'], ['4']]);
    assert.equal(batches[0]![1]!.annotations['audit.k8s.io/truncated'], 'true');
  });
});

/** Time that passes when it is told to. */
class TestTimers implements Timers {
  #nowMs = 0;
  #waiting: { atMs: number; run: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const entry = { atMs: this.#nowMs + ms, run };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((e) => e !== entry);
    };
  }

  async advance(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    for (;;) {
      const next = this.#waiting.filter((e) => e.atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((e) => e !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('batches of audit events', () => {
  const options: BatchOptions = {
    bufferSize: 5,
    maxBatchSize: 2,
    maxWaitMs: 1000,
    concurrency: 8,
  };

  function setUp(
    rest: Partial<BatchOptions> = {},
    answer: () => Promise<boolean> = async () => true,
  ) {
    const sent: string[] = [];
    const lost: string[] = [];
    const timers = new TestTimers();
    const to: AuditSink = {
      process(events) {
        sent.push(`${timers.now()}: ${events.map((e) => e.auditID).join(' ')}`);
        return answer();
      },
      close: () => Promise.resolve(),
    };
    const onLost = (_plugin: string, error: Error, count: number) =>
      lost.push(`${count}: ${error.message}`);
    const sink = new BatchingSink(to, { ...options, ...rest }, onLost, timers);
    const send = (...ids: string[]) => {
      for (const auditID of ids) sink.process([event({ auditID })]);
    };
    return { sink, send, sent, lost, timers };
  }

  it('are sent when they are full, or have waited', async () => {
    const { send, sent, timers } = setUp();
    send('a', 'b', 'c');
    assert.deepEqual(sent, ['0: a b']);
    await timers.advance(999);
    send('d');
    assert.deepEqual(sent, ['0: a b', '999: c d']);
    send('e');
    await timers.advance(1000);
    assert.deepEqual(sent.slice(2), ['1999: e']);
  });

  it('are so many a second, after a burst', async () => {
    const throttle = { perSecond: 2, burst: 2 };
    const { send, sent, timers } = setUp({ maxBatchSize: 1, throttle });
    send('a', 'b', 'c', 'd');
    assert.deepEqual(sent, ['0: a', '0: b']);
    await timers.advance(1000);
    assert.deepEqual(sent.slice(2), ['500: c', '1000: d']);
  });

  it('wait for others, and what does not fit is lost', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const { sink, send, sent, lost } = setUp({ concurrency: 1 }, () => promise);
    send('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i');
    assert.deepEqual(sent, ['0: a b']);
    assert.deepEqual(lost, ['1: audit buffer queue blocked', '1: audit buffer queue blocked']);
    const closed = sink.close();
    resolve(true);
    await closed;
    assert.deepEqual(sent.slice(1), ['0: c d', '0: e f', '0: g']);
    send('j');
    assert.deepEqual(lost.slice(2), ['1: audit backend shut down']);
  });
});
