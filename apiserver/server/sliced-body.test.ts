import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SlicedBody, writeSliced } from './sliced-body.ts';

function bodyOf(sizes: readonly number[]): [SlicedBody, Buffer] {
  const body = new SlicedBody();
  const parts = sizes.map((size, i) => Buffer.alloc(size, 97 + (i % 26)));
  for (const [i, part] of parts.entries()) {
    if (i % 3 === 0) body.push(part);
    else if (i % 3 === 1) body.push(Buffer.concat([Buffer.from('head'), part]), 4);
    else body.push(Buffer.from(`x${part.toString()}tail`), 1, part.length + 1);
  }
  return [body, Buffer.concat(parts)];
}

const cases: readonly (readonly [string, readonly number[]])[] = [
  ['nothing', []],
  ['empty slices', [0, 0]],
  ['small slices', [1, 2, 3, 0, 5]],
  ['slices as large as a piece', [128 * 1024, 128 * 1024]],
  ['slices larger than a piece', [300_000, 7, 500_001]],
  ['many slices', Array.from({ length: 3000 }, (_, i) => (i * 37) % 400)],
];

describe('sliced bodies', () => {
  for (const [name, sizes] of cases) {
    it(`are read in pieces and joined: ${name}`, () => {
      const [body, expected] = bodyOf(sizes);
      assert.equal(body.length, expected.length);
      assert.ok(body.joined().equals(expected));
      const read: Buffer[] = [];
      const into = Buffer.alloc(1000);
      for (let n = body.read(into); n > 0; n = body.read(into)) {
        read.push(Buffer.from(into.subarray(0, n)));
      }
      assert.ok(Buffer.concat(read).equals(expected));
    });
  }

  describe('on the wire', () => {
    let answer: (response: ServerResponse) => void = () => {};
    const server = createServer((_, response) => answer(response));
    before(async () => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    after(() => server.close());

    const ask = async () => {
      const request = get({ port: (server.address() as AddressInfo).port, agent: false });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return response;
    };

    for (const [name, sizes] of cases) {
      it(`arrive as they are: ${name}`, async () => {
        const expected = bodyOf(sizes)[1];
        answer = (response) => {
          response.writeHead(200, { 'Content-Length': expected.length });
          void writeSliced(response, bodyOf(sizes)[0]);
        };
        // Together: no answer may write into what another one is sending.
        const all = await Promise.all(
          Array.from({ length: 5 }, async () => Buffer.concat(await (await ask()).toArray())),
        );
        for (const got of all) assert.ok(got.equals(expected));
      });
    }

    it('end with a client that goes away', async () => {
      const written = new Promise<void>((resolve) => {
        answer = (response) => {
          const [body, expected] = bodyOf([50_000_000]);
          response.writeHead(200, { 'Content-Length': expected.length });
          void writeSliced(response, body).then(resolve);
        };
      });
      const response = await ask();
      response.destroy();
      await written;
    });
  });
});
