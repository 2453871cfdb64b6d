import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { ChunkedStream } from './chunked-stream.ts';

describe('chunked streams', () => {
  const answers: ServerResponse[] = [];
  const server = createServer((_, response) => answers.push(response));
  const clients: Socket[] = [];
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    for (const c of clients) c.destroy();
    server.close();
  });
  beforeEach(() => {
    answers.length = 0;
  });

  const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  const client = async (text = request) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    clients.push(socket);
    const wanted = answers.length + text.split(' /').length - 1;
    socket.write(text);
    while (answers.length < wanted) await once(server, 'request');
    return socket;
  };
  const begin = (response: ServerResponse, drained = () => {}) => {
    response.writeHead(200, { 'Transfer-Encoding': 'chunked' });
    response.flushHeaders();
    return new ChunkedStream(response, drained);
  };
  /** Everything up to the end of an answer, without its head. */
  const bodyOf = async (socket: Socket, mark = '0\r\n\r\n') => {
    let text = '';
    for await (const data of socket) {
      text += String(data);
      if (text.endsWith(mark)) break;
    }
    return text.slice(text.indexOf('\r\n\r\n') + 4);
  };

  it('send what comes in one turn as one chunk', async () => {
    const socket = await client();
    const stream = begin(answers[0]!);
    stream.push(Buffer.from('one\n'));
    stream.push(Buffer.from('zwölf\n'));
    await new Promise(setImmediate);
    stream.push(Buffer.from('three\n'));
    stream.flush();
    answers[0]!.end();
    assert.equal(await bodyOf(socket), 'b\r\none\nzwölf\n\r\n6\r\nthree\n\r\n0\r\n\r\n');
  });

  it('share nothing that they do not both send', async () => {
    const sockets = [await client(), await client(), await client()];
    const streams = answers.map((response) => begin(response));
    const [a, b] = [Buffer.from('a'), Buffer.from('b')];
    streams[0]!.push(a);
    streams[1]!.push(a);
    streams[1]!.push(b);
    streams[2]!.push(a);
    await new Promise(setImmediate);
    for (const response of answers) response.end();
    const bodies = await Promise.all(sockets.map((s) => bodyOf(s)));
    assert.deepEqual(
      bodies.map((t) => t.split('\r\n')[1]),
      ['a', 'ab', 'a'],
    );
  });

  it('come behind the answers to earlier requests, and before those to later ones', async () => {
    const socket = await client(request + request + request);
    const stream = begin(answers[1]!);
    stream.push(Buffer.from('early'));
    stream.flush();
    answers[0]!.end('first');
    await new Promise(setImmediate);
    stream.push(Buffer.from('late'));
    stream.flush();
    stream.close();
    answers[1]!.end();
    answers[2]!.end('third');
    const text = await bodyOf(socket, 'third');
    const at = ['first', '5\r\nearly\r\n', '4\r\nlate\r\n', '0\r\n\r\n', 'third'].map((part) =>
      text.indexOf(part),
    );
    assert.deepEqual(
      at,
      at.toSorted((x, y) => x - y),
    );
    assert.ok(at[0]! >= 0);
  });

  it('tell when the client takes no more, and when it does again', async () => {
    const socket = await client();
    let drained = 0;
    const stream = begin(answers[0]!, () => drained++);
    const piece = Buffer.alloc(chunk, 'x');
    let sent = 0;
    for (; !stream.full; sent++) stream.push(piece);
    assert.equal(drained, 0);
    let read = 0;
    socket.on('data', (data) => {
      read += data.length;
    });
    while (stream.full) await new Promise(setImmediate);
    assert.equal(drained, 1);
    while (read < sent * chunk) await once(socket, 'data');
    stream.close();
    assert.equal(
      answers[0]!.socket!.listenerCount('drain'),
      answers[0]!.listenerCount('drain') + 1,
    );
    answers[0]!.end();
  });

  it('are silent when the client has gone', async () => {
    const socket = await client();
    const response = answers[0]!;
    const stream = begin(response);
    socket.destroy();
    await once(response, 'close');
    stream.push(Buffer.from('nobody'));
    stream.flush();
    stream.close();
  });
});

const chunk = 100_000;
