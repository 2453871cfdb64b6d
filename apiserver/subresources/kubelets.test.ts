import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, Pod } from '../../machinery/schema/wire.ts';
import { createAuthority, issue } from '../pki/pki.ts';
import { KubeletTransports } from './kubelet-transports.ts';
import { containerOf, preferredAddress } from './kubelets.ts';
import { logParams } from './pod-log.ts';
import { encodeQuery } from './query-options.ts';

describe('credentials for kubelets', () => {
  it('are those of their files, once the two halves fit', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'k8ts-kubelets-'));
    const [certFile, keyFile] = [join(folder, 'crt'), join(folder, 'key')];
    const ca = await createAuthority('ca');
    const pair = () => issue(ca, { commonName: 'apiserver', usages: ['client'] });
    const [old, renewed] = await Promise.all([pair(), pair()]);
    const files = { kubeletClientCertificate: certFile, kubeletClientKey: keyFile };
    writeFileSync(certFile, old.certificate);
    writeFileSync(keyFile, old.key);
    let nowMs = 0;
    const certificates = { kubeletClient: old, kubeletCa: ca.certificate };
    const transports = new KubeletTransports(files, certificates, () => nowMs);
    const shown = async () => {
      const { tls } = await transports.checked();
      return [tls.cert, tls.key, tls.ca];
    };
    const before = [old.certificate, old.key, ca.certificate];
    assert.deepEqual(await shown(), before);
    writeFileSync(certFile, renewed.certificate);
    nowMs += 60_000;
    assert.deepEqual(await shown(), before);
    writeFileSync(keyFile, renewed.key);
    assert.deepEqual(await shown(), before);
    nowMs += 60_000;
    assert.deepEqual(await shown(), [renewed.certificate, renewed.key, ca.certificate]);
    assert.equal(transports.unchecked().tls.rejectUnauthorized, false);
    assert.equal(transports.unchecked().tls.cert, renewed.certificate);
    rmSync(folder, { recursive: true });
    nowMs += 60_000;
    assert.equal((await transports.checked()).tls.key, renewed.key);
  });
});

describe('kubelet addresses', () => {
  const node: Node = {
    status: {
      addresses: [
        { type: 'Hostname', address: 'n1' },
        { type: 'InternalIP', address: '10.0.0.1' },
        { type: 'InternalIP', address: '10.0.0.2' },
      ],
    },
  };
  it('are chosen by the order of types', () => {
    assert.equal(preferredAddress(node, ['ExternalIP', 'InternalIP', 'Hostname']), '10.0.0.1');
    assert.equal(preferredAddress(node, ['Hostname']), 'n1');
    assert.throws(() => preferredAddress(node, ['ExternalDNS']), {
      message:
        'no preferred addresses found; known addresses: [{Hostname n1} {InternalIP 10.0.0.1} {InternalIP 10.0.0.2}]',
    });
  });
});

describe('containers', () => {
  const pod = (...containers: string[]): Pod => ({
    metadata: { name: 'p' },
    spec: {
      initContainers: [{ name: 'i' }],
      containers: containers.map((name) => ({ name })),
      ephemeralContainers: [{ name: 'e' }],
    },
  });
  const cases: [string, Pod, string, string | Error][] = [
    ['the only one', pod('a'), '', 'a'],
    ['a named one', pod('a', 'b'), 'b', 'b'],
    ['an init container', pod('a'), 'i', 'i'],
    ['an ephemeral one', pod('a'), 'e', 'e'],
    ['another', pod('a'), 'x', new Error('container x is not valid for pod p')],
    [
      'none of two',
      pod('a', 'b'),
      '',
      new Error('a container name must be specified for pod p, choose one of: [i a b e]'),
    ],
  ];
  for (const [what, p, asked, expected] of cases) {
    it(`choose ${what}`, () => {
      if (typeof expected === 'string') assert.equal(containerOf(p, asked), expected);
      else assert.throws(() => containerOf(p, asked), { message: expected.message });
    });
  }
});

describe('options of logs', () => {
  const cases: [string, string | RegExp][] = [
    ['', ''],
    ['follow=true&container=c&tailLines=5', 'follow=true&tailLines=5'],
    ['follow&previous=false&timestamps=1', 'follow=true&timestamps=true'],
    ['sinceTime=2024-01-01T01:00:00%2B01:00', 'sinceTime=2024-01-01T00%3A00%3A00Z'],
    ['tailLines=x', /strconv.ParseInt: parsing "x": invalid syntax/],
    ['tailLines=-1', /tailLines: Invalid value: -1: must be greater than or equal to 0/],
    ['limitBytes=0', /limitBytes: Invalid value: 0: must be greater than 0/],
    ['sinceSeconds=1&sinceTime=2024-01-01T00:00:00Z', /at most one of `sinceTime` or/],
    ['stream=Stdout', /stream: Forbidden: may not be specified/],
  ];
  for (const [query, expected] of cases) {
    it(`read ${query || 'none'}`, () => {
      const read = () => logParams(new URLSearchParams(query), 'p');
      if (typeof expected === 'string') assert.equal(read(), expected);
      else assert.throws(read, { message: expected });
    });
  }

  it('are encoded in the order of their names', () => {
    assert.equal(
      encodeQuery([
        ['input', '1'],
        ['command', 'a b'],
        ['command', "it's"],
      ]),
      'command=a+b&command=it%27s&input=1',
    );
  });
});
