import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { configMaps, namespaces, secrets, serviceAccounts } from '../../client/resources.ts';
import { TestBed } from '../test-bed.ts';
import { LegacyTokenSigner } from './legacy-token.ts';
import { rootCaPublisher } from './root-ca-publisher.ts';
import { serviceAccountController } from './serviceaccount.ts';
import { serviceAccountTokenController } from './tokens.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));

describe('LegacyTokenSigner', () => {
  it('signs what the API server expects', () => {
    const token = new LegacyTokenSigner(pem).sign(
      { metadata: { namespace: 'a', name: 'default', uid: 'u' } },
      { metadata: { name: 's' } },
    );
    const [header, claims, signature] = token.split('.');
    assert.deepEqual(JSON.parse(Buffer.from(claims!, 'base64url').toString()), {
      iss: 'kubernetes/serviceaccount',
      'kubernetes.io/serviceaccount/namespace': 'a',
      'kubernetes.io/serviceaccount/secret.name': 's',
      'kubernetes.io/serviceaccount/service-account.name': 'default',
      'kubernetes.io/serviceaccount/service-account.uid': 'u',
      sub: 'system:serviceaccount:a:default',
    });
    const key = { key: createPublicKey(pem), dsaEncoding: 'ieee-p1363' } as const;
    const text = Buffer.from(`${header}.${claims}`);
    assert.ok(verify('sha256', text, key, Buffer.from(signature!, 'base64url')));
    assert.equal(JSON.parse(Buffer.from(header!, 'base64url').toString()).alg, 'ES256');
  });

  it('refuses other kinds of keys', () => {
    const other = generateKeyPairSync('ed25519').privateKey;
    const text = String(other.export({ type: 'pkcs8', format: 'pem' }));
    assert.throws(() => new LegacyTokenSigner(text), /RSA keys or ECDSA keys/);
  });
});

describe('service account controllers', () => {
  it('give every active namespace its account and the CA, again when deleted', async () => {
    await using bed = new TestBed();
    await bed.client.create(namespaces, { metadata: { name: 'a' } });
    bed.client.seed(namespaces, { metadata: { name: 'b' }, status: { phase: 'Terminating' } });
    await bed.start([serviceAccountController, rootCaPublisher], { rootCa: 'PEM' });
    const accounts = () => bed.client.objects(serviceAccounts).map((s) => s.metadata?.namespace);
    assert.deepEqual(accounts(), ['a']);
    assert.deepEqual(bed.client.objects(configMaps)[0]?.data, { 'ca.crt': 'PEM' });
    await bed.client.delete(serviceAccounts, { namespace: 'a', name: 'default' });
    await bed.client.delete(configMaps, { namespace: 'a', name: 'kube-root-ca.crt' });
    await bed.settle();
    assert.deepEqual(accounts(), ['a']);
    assert.equal(bed.client.objects(configMaps)[0]?.metadata?.name, 'kube-root-ca.crt');
    const patch = { data: { 'ca.crt': 'wrong', other: 'x' } };
    const key = { namespace: 'a', name: 'kube-root-ca.crt' };
    await bed.client.patch(configMaps, key, patch, { type: 'merge' });
    await bed.settle();
    assert.deepEqual(bed.client.objects(configMaps)[0]?.data, { 'ca.crt': 'PEM' });
    assert.deepEqual(bed.complaints, []);
  });

  it('fill token secrets and delete them with their account', async () => {
    await using bed = new TestBed();
    const key = { namespace: 'a', name: 'default' };
    bed.client.seed(serviceAccounts, {
      metadata: { ...key, uid: 'u' },
      secrets: [{ name: 't' }, { name: 'other' }],
    });
    const annotations = { 'kubernetes.io/service-account.name': 'default' };
    const type = 'kubernetes.io/service-account-token';
    bed.client.seed(
      secrets,
      { type, metadata: { namespace: 'a', name: 't', annotations } },
      { type: 'Opaque', metadata: { namespace: 'a', name: 'o', annotations } },
    );
    const options = { serviceAccountPrivateKey: pem, rootCa: 'PEM' };
    await bed.start([serviceAccountTokenController], options);
    const filled = await bed.client.get(secrets, { namespace: 'a', name: 't' });
    assert.deepEqual(Object.keys(filled.data ?? {}).sort(), ['ca.crt', 'namespace', 'token']);
    assert.equal(filled.metadata?.annotations?.['kubernetes.io/service-account.uid'], 'u');

    await bed.client.delete(secrets, { namespace: 'a', name: 't' });
    await bed.settle();
    assert.deepEqual(bed.client.objects(serviceAccounts)[0]?.secrets, [{ name: 'other' }]);

    await bed.client.create(secrets, {
      type,
      metadata: { namespace: 'a', name: 't2', annotations },
    });
    await bed.settle();
    await bed.client.delete(serviceAccounts, key);
    await bed.settle();
    assert.deepEqual(
      bed.client.objects(secrets).map((s) => s.metadata?.name),
      ['o'],
    );
  });
});
