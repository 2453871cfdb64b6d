import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { type Loose, problems, TestRegistry } from '../core/test-registry.ts';
import { signingRequestProblem, signingRequestSubject } from './signing-request.ts';

const v1 = { apiVersion: 'certificates.k8s.io/v1' };

async function pemRequest(name: string): Promise<Buffer> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: algorithm,
  });
  return Buffer.from(request.toString('pem'));
}

describe('certificate signing requests', () => {
  let pem: Buffer;
  before(async () => {
    pem = await pemRequest('O=g1, O=g2, CN=me');
  });

  const csr = (spec: object = {}): Loose => ({
    metadata: { name: 'a' },
    spec: {
      request: pem.toString('base64'),
      signerName: 'e.com/signer',
      usages: ['client auth'],
      ...spec,
    },
  });

  it('are read and their signature checked', () => {
    assert.equal(signingRequestProblem(pem), undefined);
    const { commonName, organizations } = signingRequestSubject(pem);
    assert.deepEqual([commonName, organizations], ['me', ['g1', 'g2']]);
    assert.match(signingRequestProblem(Buffer.from('x')) ?? '', /PEM block type must be/);
    const lines = pem.toString().trimEnd().split('\n');
    const last = lines.at(-2)!.trim();
    const changed = last.replace(/[A-Za-z](?=[A-Za-z0-9+/]*=*$)/, (c) => (c === 'B' ? 'C' : 'B'));
    lines[lines.length - 2] = changed;
    assert.notEqual(signingRequestProblem(Buffer.from(`${lines.join('\n')}\n`)), undefined);
  });

  it('say who asked', async () => {
    await using registry = await TestRegistry.openAll();
    const made = await registry.create('certificatesigningrequests', csr({ username: 'x' }), v1);
    assert.equal(made.spec.username, 'tester');
  });

  it('are refused when they cannot be signed', async () => {
    await using registry = await TestRegistry.openAll();
    const refused = (spec: object): Promise<string[]> =>
      problems(registry.create('certificatesigningrequests', csr(spec), v1));
    const [bad] = await refused({ request: Buffer.from('x').toString('base64') });
    assert.match(bad ?? '', /^spec\.request: Invalid value: .*PEM block type/);
    const [signer] = await refused({ signerName: 'x' });
    assert.match(signer ?? '', /^spec\.signerName: Invalid value: "x"/);
    const [usage] = await refused({ usages: ['x'] });
    assert.match(usage ?? '', /^spec\.usages\[0\]: Unsupported value: "x"/);
    const [seconds] = await refused({ expirationSeconds: 1 });
    assert.match(seconds ?? '', /^spec\.expirationSeconds: Invalid value: 1: may not specify a/);
  });

  it('are approved through a face of their own', async () => {
    await using registry = await TestRegistry.openAll();
    await registry.create('certificatesigningrequests', csr(), v1);
    const approve = (subresource: string): Promise<Loose> =>
      registry.update(
        'certificatesigningrequests',
        'a',
        (c) => {
          c.status = { conditions: [{ type: 'Approved', status: 'True', reason: 'r' }] };
        },
        { ...v1, subresource },
      );
    const approved = await approve('approval');
    assert.equal(approved.status.conditions[0].type, 'Approved');
    assert.ok(approved.status.conditions[0].lastUpdateTime);
  });
});
