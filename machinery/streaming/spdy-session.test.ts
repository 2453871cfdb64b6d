import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { constants, createDeflate } from 'node:zlib';
import { spdyDictionary } from './spdy-dictionary.ts';
import { controlFrame, dataHead, FrameReader, frameTypes, synStream } from './spdy-frames.ts';
import { HeaderReader, HeaderWriter } from './spdy-headers.ts';
import { SpdySession, type SpdyStream } from './spdy-session.ts';

/** Blocks as Go's client makes them: one compressed stream with the dictionary. */
async function compressedBlocks(...blocks: Record<string, string>[]): Promise<Buffer[]> {
  const deflate = createDeflate({ dictionary: spdyDictionary, level: 9 });
  const out: Buffer[] = [];
  for (const headers of blocks) {
    const chunks: Buffer[] = [];
    const collect = (chunk: Buffer): void => void chunks.push(chunk);
    deflate.on('data', collect);
    deflate.write(plainBlock(headers));
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, resolve));
    await new Promise((resolve) => setImmediate(resolve));
    deflate.off('data', collect);
    out.push(Buffer.concat(chunks));
  }
  return out;
}

function plainBlock(headers: Record<string, string>): Buffer {
  const parts = Object.entries(headers)
    .flat()
    .map((text) => [uint32(Buffer.byteLength(text)), Buffer.from(text)]);
  return Buffer.concat([uint32(Object.keys(headers).length), ...parts.flat()]);
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}

describe('SPDY frames', () => {
  it('are found however the bytes come', () => {
    const bytes = Buffer.concat([
      dataHead(5, 3, true),
      Buffer.from('abc'),
      controlFrame(frameTypes.ping, 0, Buffer.from([0, 0, 0, 1])),
    ]);
    const reader = new FrameReader();
    const seen: string[] = [];
    for (const byte of bytes) {
      reader.push(Buffer.from([byte]));
      const frame = reader.next();
      if (frame?.kind === 'data') seen.push(`data ${frame.id} ${frame.fin} ${frame.data}`);
      if (frame?.kind === 'control') seen.push(`control ${frame.type}`);
    }
    assert.deepEqual(seen, ['data 5 true abc', 'control 6']);
  });

  for (const [what, bytes] of [
    ['another version', [0x80, 2, 0, 1, 0, 0, 0, 0]],
    ['a control frame of 16 MB', [0x80, 3, 0, 1, 0, 255, 255, 255]],
  ] as const) {
    it(`refuse ${what}`, () => {
      const reader = new FrameReader();
      reader.push(Buffer.from(bytes));
      assert.throws(() => reader.next());
    });
  }
});

describe('SPDY headers', () => {
  it('are read from what another implementation compressed', async () => {
    const blocks = await compressedBlocks({ Streamtype: 'error', port: '80' }, { url: 'ä' });
    const reader = new HeaderReader();
    assert.deepEqual(await reader.block(blocks[0]!), { streamtype: 'error', port: '80' });
    assert.deepEqual(await reader.block(blocks[1]!), { url: 'ä' });
    reader.close();
  });

  it('are read from our own writer', async () => {
    const [writer, reader] = [new HeaderWriter(), new HeaderReader()];
    assert.deepEqual(await reader.block(writer.block({ a: 'b' })), { a: 'b' });
    assert.deepEqual(await reader.block(writer.block({})), {});
    reader.close();
  });

  it('are refused when they grow too large, or are none', async () => {
    const [bomb] = await compressedBlocks({ a: 'x'.repeat(1_000_000) });
    const reader = new HeaderReader();
    await assert.rejects(reader.block(bomb!), /too large/);
    reader.close();
    const other = new HeaderReader();
    await assert.rejects(other.block(Buffer.from('nonsense')));
    other.close();
  });
});

describe('a SPDY session', () => {
  it('opens streams, carries data in order, and half-closes', async () => {
    const [left, right] = duplexPair();
    const client = new SpdySession(left, Buffer.alloc(0));
    const got: string[] = [];
    const answered = Promise.withResolvers<void>();
    const server: SpdySession = new SpdySession(right, Buffer.alloc(0), (stream) => {
      const name = stream.headers['streamtype'];
      stream.onData = (data) => got.push(`${name} ${data}`);
      stream.onEnd = () => {
        got.push(`${name} ended`);
        server.send(stream, Buffer.from('thanks'));
        server.end(stream);
      };
      return name !== 'bad';
    });
    const bad = client.open({ streamtype: 'bad' });
    const reset = new Promise<void>((resolve) => {
      bad.onReset = resolve;
    });
    const stream = client.open({ streamtype: 'data' });
    let text = '';
    stream.onData = (data) => {
      text += data;
    };
    stream.onEnd = answered.resolve;
    client.send(stream, Buffer.from('one'));
    client.send(stream, Buffer.from('two'));
    client.end(stream);
    await Promise.all([reset, answered.promise]);
    assert.deepEqual(got, ['data one', 'data two', 'data ended']);
    assert.equal(text, 'thanks');
    assert.equal(client.has(stream), false);
    client.close();
  });

  it('ends its streams when the connection does', async () => {
    const [left, right] = duplexPair();
    const client = new SpdySession(left, Buffer.alloc(0));
    const events: string[] = [];
    const stream: SpdyStream = client.open({});
    stream.onReset = () => events.push('reset');
    stream.onEnd = () => events.push('end');
    const closed = new Promise<void>((resolve) => {
      client.onClose = resolve;
    });
    right.destroy();
    left.destroy();
    await closed;
    assert.deepEqual(events, ['reset', 'end']);
    assert.equal(client.send(stream, Buffer.from('x')), true);
  });

  it('closes on what is no SPDY', async () => {
    const [left, right] = duplexPair();
    const server = new SpdySession(right, Buffer.alloc(0), () => true);
    const closed = new Promise<void>((resolve) => {
      server.onClose = resolve;
    });
    left.write(synStream(1, Buffer.from('no zlib here')));
    await closed;
  });
});
