/** Certificates of the listener: by name, and renewed while it runs. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { createAuthority, issue, type KeyAndCertificate } from '../pki/pki.ts';
import type { ServerCertificates } from '../pki/server-certificates.ts';
import { TrustedAuthorities } from '../pki/trusted-authorities.ts';
import { followCertificate } from './certificate-reload.ts';
import { createListener } from './listener.ts';
import { defaultServingOptions } from './serving-options.ts';

describe('the listener', () => {
  let folder: string;
  let ca: KeyAndCertificate;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'k8ts-listener-'));
    ca = await createAuthority('ca');
  });

  after(() => rmSync(folder, { recursive: true }));

  const path = (name: string) => join(folder, name);

  async function pairFor(name: string): Promise<KeyAndCertificate> {
    const pair = await issue(ca, { commonName: name, names: [name], usages: ['server'] });
    writeFileSync(path(`${name}.crt`), pair.certificate);
    writeFileSync(path(`${name}.key`), pair.key);
    return pair;
  }

  /** The common name of the certificate that is shown for a name. */
  async function shown(port: number, servername: string): Promise<unknown> {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  }

  it('shows the certificate of the name that is asked for', async () => {
    const serving = await pairFor('default.example.com');
    await pairFor('other.example.com');
    const abort = new AbortController();
    const certificates = {
      serving,
      clientCa: new TrustedAuthorities(ca.certificate),
    } as unknown as ServerCertificates;
    const tlsSniCertKey = [`${path('other.example.com.crt')},${path('other.example.com.key')}`];
    const server = createListener(
      { ...defaultServingOptions, tlsSniCertKey },
      certificates,
      () => {},
      { signal: abort.signal, onProblem: () => {} },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    assert.equal(await shown(port, 'other.example.com'), 'other.example.com');
    assert.equal(await shown(port, 'else.example.com'), 'default.example.com');
    const renewed = await issue(ca, {
      commonName: 'new',
      names: ['other.example.com'],
      usages: [],
    });
    writeFileSync(path('other.example.com.key'), renewed.key);
    writeFileSync(path('other.example.com.crt'), renewed.certificate);
    while ((await shown(port, 'other.example.com')) !== 'new');
    abort.abort();
    server.close();
    server.closeAllConnections();
  });

  it('takes a renewed certificate over once its key fits', async () => {
    const old = await pairFor('a.example.com');
    const [certFile, keyFile] = [path('a.example.com.crt'), path('a.example.com.key')];
    const renewed = await issue(ca, { commonName: 'a', names: ['a'], usages: ['server'] });
    const abort = new AbortController();
    const used: unknown[] = [];
    writeFileSync(certFile, renewed.certificate);
    const problems: unknown[] = [];
    await followCertificate(
      {
        certFile,
        keyFile,
        cert: old.certificate,
        everyMs: 1,
        use(pair) {
          if (pair.key !== renewed.key) throw new Error('the key does not fit');
          used.push(pair.cert);
          abort.abort();
        },
        onProblem(e) {
          problems.push(e);
          writeFileSync(keyFile, renewed.key);
        },
      },
      abort.signal,
    );
    assert.deepEqual(used, [renewed.certificate]);
    assert.ok(problems.length > 0);
  });
});
