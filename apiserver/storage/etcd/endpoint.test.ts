import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { EtcdEndpoint } from './endpoint.ts';
import { GrpcError, grpcCode } from './grpc-error.ts';
import { frameMessage } from './grpc-messages.ts';

type Answer = (stream: ServerHttp2Stream, received: Buffer) => void;

/** A member whose answers are given by a test. */
class Member implements AsyncDisposable {
  readonly #server: Http2Server;
  readonly #endpoints: EtcdEndpoint[] = [];
  readonly headers: Record<string, unknown>[] = [];
  /** How often each of the connections, in their order, was pinged. */
  readonly pings: number[] = [];
  /** Called at each ping. */
  pinged = () => {};
  answer: Answer = (stream) => ok(stream, frameMessage(Buffer.from('yes')));
  address = '';

  static async start(): Promise<Member> {
    const member = new Member();
    member.#server.listen(0, '127.0.0.1');
    await once(member.#server, 'listening');
    const address = member.#server.address();
    assert.ok(address !== null && typeof address === 'object');
    member.address = `http://127.0.0.1:${address.port}`;
    return member;
  }

  private constructor() {
    this.#server = createServer();
    this.#server.on('sessionError', () => {});
    this.#server.on('session', (session) => {
      const i = this.pings.push(0) - 1;
      session.on('ping', () => {
        this.pings[i]!++;
        this.pinged();
      });
    });
    this.#server.on('stream', (stream: ServerHttp2Stream, headers) => {
      this.headers.push(headers);
      stream.on('error', () => {});
      let received: Buffer = Buffer.alloc(0);
      stream.once('data', (data: Buffer) => {
        received = data;
        this.answer(stream, received);
      });
    });
  }

  endpoint(pingMs?: number): EtcdEndpoint {
    const endpoint = new EtcdEndpoint(this.address, { servers: [] }, pingMs);
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const endpoint of this.#endpoints) endpoint.close();
    await new Promise((closed) => this.#server.close(closed));
  }
}

function ok(stream: ServerHttp2Stream, ...parts: Buffer[]): void {
  finish(stream, { 'grpc-status': '0' }, ...parts);
}

function finish(
  stream: ServerHttp2Stream,
  trailers: Record<string, string>,
  ...parts: Buffer[]
): void {
  stream.respond(grpcHeaders, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  for (const part of parts) stream.write(part);
  stream.end();
}

const grpcHeaders = { ':status': 200, 'content-type': 'application/grpc' };

const soon = () => Date.now() + 5000;

describe('etcd endpoint', () => {
  it('sends a framed message with its deadline and returns the answer', async () => {
    await using member = await Member.start();
    let received: Buffer = Buffer.alloc(0);
    member.answer = (stream, data) => {
      received = data;
      // In pieces, as they may come.
      const framed = frameMessage(Buffer.from('answer'));
      ok(stream, framed.subarray(0, 3), framed.subarray(3, 8), framed.subarray(8));
    };
    const answered = await member.endpoint().call('/kv/Range', Buffer.from('ask'), soon());
    assert.equal(answered.toString(), 'answer');
    assert.deepEqual(received, Buffer.from('\0\0\0\0\x03ask'));
    const [headers] = member.headers;
    assert.equal(headers?.[':path'], '/kv/Range');
    assert.equal(headers?.['te'], 'trailers');
    assert.match(String(headers?.['grpc-timeout']), /^\d{1,8}m$/);
  });

  const failures: readonly [string, Answer, number, RegExp, boolean][] = [
    [
      'a status in the trailers',
      (s) => finish(s, { 'grpc-status': '11', 'grpc-message': 'a%3A%20b' }),
      grpcCode.outOfRange,
      /^a: b$/,
      false,
    ],
    [
      'a status without an answer',
      (s) =>
        s.respond(
          { ...grpcHeaders, 'grpc-status': '5', 'grpc-message': '100%' },
          { endStream: true },
        ),
      grpcCode.notFound,
      /^100%$/,
      false,
    ],
    [
      'a proxy in between',
      (s) => s.respond({ ':status': 503 }, { endStream: true }),
      grpcCode.unavailable,
      /HTTP status 503/,
      false,
    ],
    ['a stream that is refused', (s) => s.close(0x7), grpcCode.unavailable, /reset/, true],
    ['a stream that is reset', (s) => s.close(0x2), grpcCode.internal, /reset/, false],
    [
      'a connection that breaks off',
      (s) => s.session?.destroy(),
      grpcCode.unavailable,
      /connection was lost/,
      false,
    ],
    ['an answer without a message', (s) => ok(s), grpcCode.internal, /no message/, false],
    [
      'a message that is compressed',
      (s) => ok(s, Buffer.from('\x01\0\0\0\x01a')),
      grpcCode.internal,
      /compressed/,
      false,
    ],
  ];
  for (const [name, answer, code, details, neverSent] of failures) {
    it(`returns ${name} as an error`, async () => {
      await using member = await Member.start();
      member.answer = answer;
      const error = await member.endpoint().call('/x', Buffer.from('x'), soon());
      assert.ok(error instanceof GrpcError);
      assert.deepEqual([error.code, error.neverSent], [code, neverSent]);
      assert.match(error.details, details);
    });
  }

  it('gives a call up at its deadline and goes on with others', async () => {
    await using member = await Member.start();
    const endpoint = member.endpoint();
    const plain = member.answer;
    member.answer = () => {};
    const error = await endpoint.call('/x', Buffer.from('x'), Date.now() + 50);
    assert.ok(error instanceof GrpcError);
    assert.deepEqual([error.code, error.neverSent], [grpcCode.deadlineExceeded, false]);
    member.answer = plain;
    assert.equal((await endpoint.call('/x', Buffer.from('x'), soon())).toString(), 'yes');
  });

  it('connects again after the server has said goodbye', async () => {
    await using member = await Member.start();
    const endpoint = member.endpoint();
    const plain = member.answer;
    member.answer = (stream, data) => {
      stream.session?.goaway();
      plain(stream, data);
    };
    for (let i = 0; i < 3; i++) {
      const answered = await endpoint.call('/x', Buffer.from('x'), soon());
      assert.equal(answered.toString(), 'yes');
    }
  });

  it('knows that a request without a connection was never sent', async () => {
    const endpoint = new EtcdEndpoint('http://127.0.0.1:1', { servers: [] });
    // The second one comes in the pause after the first.
    for (let i = 0; i < 2; i++) {
      const error = await endpoint.call('/x', Buffer.from('x'), soon());
      assert.ok(error instanceof GrpcError);
      assert.deepEqual([error.code, error.neverSent], [grpcCode.unavailable, true]);
    }
  });

  it('streams messages, several in a piece and one over several', async () => {
    await using member = await Member.start();
    const two = Buffer.concat([frameMessage(Buffer.from('a')), frameMessage(Buffer.from('b'))]);
    const long = frameMessage(Buffer.alloc(100_000, 'c'));
    member.answer = (s) =>
      ok(s, two, long.subarray(0, 2), long.subarray(2, 50_000), long.subarray(50_000));
    const seen: number[] = [];
    const stream = member.endpoint().stream('/x', Buffer.from('x'), {}, false);
    for await (const message of stream) seen.push(message.length);
    assert.deepEqual(seen, [1, 1, 100_000]);
  });

  it('ends a stream with the status of the server', async () => {
    await using member = await Member.start();
    member.answer = (s) => finish(s, { 'grpc-status': '14' }, frameMessage(Buffer.from('a')));
    const seen: string[] = [];
    const reading = async () => {
      for await (const message of member.endpoint().stream('/x', Buffer.from('x'), {}, true)) {
        seen.push(message.toString());
      }
    };
    await assert.rejects(reading(), { name: 'GrpcError', code: grpcCode.unavailable });
    assert.deepEqual(seen, ['a']);
  });

  it('asks whether a connection lives as long as it is in use', async () => {
    await using member = await Member.start();
    const [idle, used] = [member.endpoint(5), member.endpoint(5)];
    for (const e of [idle, used]) await e.call('/x', Buffer.from('x'), soon());
    // A slow machine asks during the first calls, too.
    const [before = 0] = member.pings;
    const enough = Promise.withResolvers<void>();
    member.pinged = () => member.pings[1]! >= 5 && enough.resolve();
    member.answer = (stream) =>
      enough.promise.then(() => ok(stream, frameMessage(Buffer.from('y'))));
    assert.equal((await used.call('/x', Buffer.from('x'), soon())).toString(), 'y');
    assert.equal(member.pings[0], before);
  });

  it('needs https for certificates', () => {
    const ca = Buffer.from('x');
    assert.throws(() => new EtcdEndpoint('http://a', { servers: [], ca }), /must be an https/);
    assert.throws(() => new EtcdEndpoint('ftp://a', { servers: [] }), /http or https/);
  });
});
