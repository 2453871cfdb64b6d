import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addressOf, getOnce, getTarget } from './http-get.ts';

describe('the GET of probes', () => {
  const container = { name: 'c', ports: [{ name: 'web', containerPort: 80 }] };

  it('writes out the port, also where the scheme implies it', () => {
    const of = (scheme: string, port: string | number): string =>
      addressOf(getTarget({ scheme, port, path: '/' }, container, '10.0.0.1', 'probe').url);
    assert.equal(of('HTTP', 'web'), '10.0.0.1:80');
    assert.equal(of('HTTPS', 443), '10.0.0.1:443');
    assert.equal(of('HTTP', 8080), '10.0.0.1:8080');
    const { url } = getTarget({ port: 80 }, container, 'fd00::1', 'probe');
    assert.equal(addressOf(url), '[fd00::1]:80');
  });

  it('says who refused, in the words that users know', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const target = getTarget({ port, path: '/x?y=1' }, container, '127.0.0.1', 'probe');
    await assert.rejects(getOnce(target, 2000), {
      message: `Get "http://127.0.0.1:${port}/x?y=1": dial tcp 127.0.0.1:${port}: connect: connection refused`,
    });
  });
});
