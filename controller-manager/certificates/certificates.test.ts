import assert from 'node:assert/strict';
import { generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import type { JsonGeneralNames } from '@peculiar/x509';
import { certificateSigningRequests, subjectAccessReviews } from '../../client/resources.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type {
  CertificateSigningRequest,
  SubjectAccessReview,
} from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { csrApprovingController } from './approving.ts';
import { CertificateAuthority, lifetimeMs } from './authority.ts';
import { csrCleaner, isOutlived } from './cleaner.ts';
import { signerPolicies } from './policies.ts';
import { factsOf, parseRequest, type RequestFacts, x509Library } from './request.ts';
import { csrSigningController } from './signing.ts';

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 3_600_000;

async function makeAuthority(kind: 'ec' | 'rsa'): Promise<{ cert: string; key: string }> {
  const x509 = await x509Library();
  const keys =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const algorithm = kind === 'ec' ? ecdsa : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const load = (key: typeof keys.privateKey, use: 'sign' | 'verify') =>
    webcrypto.subtle.importKey(
      use === 'sign' ? 'pkcs8' : 'spki',
      key.export({ type: use === 'sign' ? 'pkcs8' : 'spki', format: 'der' } as never),
      algorithm,
      true,
      [use],
    ) as Promise<CryptoKey>;
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'O=test, CN=authority',
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 30 * dayMs),
    signingAlgorithm: algorithm,
    keys: {
      privateKey: await load(keys.privateKey, 'sign'),
      publicKey: await load(keys.publicKey, 'verify'),
    },
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  // Keys of authorities come in the old formats too.
  const type = kind === 'ec' ? 'sec1' : 'pkcs1';
  const key = keys.privateKey.export({ type, format: 'pem' } as never) as unknown as string;
  return { cert: made.toString('pem'), key };
}

async function makeRequest(name: string, names: JsonGeneralNames = []): Promise<string> {
  const x509 = await x509Library();
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys: keys as { publicKey: CryptoKey; privateKey: CryptoKey },
    signingAlgorithm: ecdsa,
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  });
  return Buffer.from(request.toString('pem')).toString('base64');
}

const nodeName = 'O=system:nodes, CN=system:node:n1';

function csr(
  name: string,
  request: string,
  signer: string,
  usages: string[],
  extra: Partial<CertificateSigningRequest['spec']> = {},
): CertificateSigningRequest {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request, signerName: `kubernetes.io/${signer}`, usages, ...extra },
  };
}

describe('certificate authority', () => {
  for (const kind of ['ec', 'rsa'] as const) {
    it(`signs with a key of type ${kind}`, async () => {
      const now = Date.now();
      const { cert, key } = await makeAuthority(kind);
      const request = await parseRequest(
        await makeRequest(nodeName, [
          { type: 'dns', value: 'n1.example' },
          { type: 'ip', value: '10.0.0.1' },
        ]),
      );
      const terms = {
        usages: ['digital signature', 'server auth', 'key encipherment', 'client auth'],
        expirationSeconds: undefined,
        maxMs: 10 * dayMs,
      };
      const pem = await new CertificateAuthority(cert, key).sign(request, terms, now);
      const made = new X509Certificate(pem);
      const issuer = new X509Certificate(cert);
      assert.ok(made.checkIssued(issuer) && made.verify(issuer.publicKey));
      assert.equal(made.ca, false);
      assert.equal(made.subject, 'O=system:nodes\nCN=system:node:n1');
      assert.equal(made.subjectAltName, 'DNS:n1.example, IP Address:10.0.0.1');
      assert.deepEqual(made.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
      assert.equal(Math.round((made.validFromDate.getTime() - now) / 60_000), -5);
      assert.equal(Math.round((made.validToDate.getTime() - now) / 60_000), 10 * 24 * 60 - 5);
    });
  }

  it('gives no more than its own time', async () => {
    const now = Date.now();
    const { cert, key } = await makeAuthority('ec');
    const request = await parseRequest(await makeRequest('CN=x'));
    const authority = new CertificateAuthority(cert, key);
    const terms = { usages: ['client auth'], expirationSeconds: undefined, maxMs: 365 * dayMs };
    const made = new X509Certificate(await authority.sign(request, terms, now));
    assert.deepEqual(made.validToDate, new X509Certificate(cert).validToDate);
    const late = new X509Certificate(cert).validToDate.getTime() + 1000;
    await assert.rejects(authority.sign(request, terms, late), /refusing to sign/);
    await assert.rejects(
      authority.sign(request, { ...terms, usages: ['nonsense'] }, now),
      /unrecognized usage values: \["nonsense"\]/,
    );
  });

  for (const [asked, want] of [
    [undefined, 3_600_000],
    [60, 600_000],
    [1800, 1_800_000],
    [7200, 3_600_000],
  ] as const) {
    it(`a lifetime of ${asked} s`, () => {
      const terms = { usages: [], expirationSeconds: asked, maxMs: 3_600_000 };
      assert.equal(lifetimeMs(terms), want);
    });
  }
});

describe('signer policies', () => {
  const facts: RequestFacts = {
    commonName: 'system:node:n',
    organizations: ['system:nodes'],
    dnsNames: [],
    ipAddresses: [],
    emailAddresses: [],
    uris: [],
  };
  const clientUses = ['digital signature', 'client auth'];
  const serverUses = ['key encipherment', 'digital signature', 'server auth'];
  for (const [signer, change, usages, want] of [
    ['kube-apiserver-client-kubelet', {}, clientUses, undefined],
    ['kube-apiserver-client-kubelet', {}, [...clientUses, 'key encipherment'], undefined],
    [
      'kube-apiserver-client-kubelet',
      {},
      ['client auth'],
      'usages did not match [client auth digital signature key encipherment]',
    ],
    [
      'kube-apiserver-client-kubelet',
      { organizations: ['system:nodes', 'system:masters'] },
      clientUses,
      'subject organization is not system:nodes',
    ],
    [
      'kube-apiserver-client-kubelet',
      { dnsNames: ['x'] },
      clientUses,
      'DNS subjectAltNames are not allowed',
    ],
    [
      'kube-apiserver-client-kubelet',
      { commonName: 'n' },
      clientUses,
      'subject common name does not begin with system:node:',
    ],
    ['kubelet-serving', {}, serverUses, 'DNS or IP subjectAltName is required'],
    ['kubelet-serving', { ipAddresses: ['10.0.0.1'] }, serverUses, undefined],
    [
      'kubelet-serving',
      { dnsNames: ['x'], uris: ['y'] },
      serverUses,
      'URI subjectAltNames are not allowed',
    ],
    ['kube-apiserver-client', {}, clientUses, undefined],
    ['kube-apiserver-client', {}, serverUses, 'invalid usage for client certificate: server auth'],
    ['kube-apiserver-client', {}, [], 'missing required usage for client certificate: client auth'],
    ['legacy-unknown', {}, ['any'], undefined],
  ] as const) {
    it(`${signer}: ${want ?? 'fits'}`, () => {
      const policy = signerPolicies[`kubernetes.io/${signer}`]!;
      assert.equal(policy({ ...facts, ...change }, usages), want);
    });
  }

  it('reads requests', async () => {
    const names = [
      { type: 'dns', value: 'a' },
      { type: 'url', value: 'spiffe://x' },
      { type: 'email', value: 'a@b' },
    ] as const;
    const request = await parseRequest(await makeRequest(nodeName, [...names]));
    assert.deepEqual(await factsOf(request), {
      ...facts,
      commonName: 'system:node:n1',
      dnsNames: ['a'],
      uris: ['spiffe://x'],
      emailAddresses: ['a@b'],
    });
    await assert.rejects(parseRequest('eA=='), /PEM block type must be CERTIFICATE REQUEST/);
  });
});

describe('certificate request controllers', () => {
  const clientUses = ['digital signature', 'client auth'];
  const find = (bed: TestBed, name: string) =>
    bed.client.objects(certificateSigningRequests).find((c) => c.metadata?.name === name);

  /** Reading and signing are real asynchronous work, which a settled clock does not wait for. */
  async function until(bed: TestBed, done: () => boolean): Promise<void> {
    const deadline = performance.now() + 15_000;
    while (!done() && performance.now() < deadline) {
      await new Promise((resolve) => setImmediate(resolve));
      await bed.settle();
    }
    assert.ok(done());
  }

  it('approves kubelets that may, and signs', async () => {
    await using bed = new TestBed();
    await bed.clock.advance(Math.max(0, Date.now() - bed.clock.now()));
    const { cert, key } = await makeAuthority('ec');
    const asked: string[] = [];
    const create = bed.client.create.bind(bed.client);
    bed.client.create = async (r, object, options) => {
      if (r.plural !== subjectAccessReviews.plural) return create(r, object, options);
      const { spec } = object as unknown as SubjectAccessReview;
      asked.push(`${spec.user} ${spec.resourceAttributes?.subresource}`);
      return { ...object, status: { allowed: spec.user === 'system:bootstrap:x' } };
    };
    const request = await makeRequest(nodeName);
    const signer = 'kube-apiserver-client-kubelet';
    bed.client.seed(
      certificateSigningRequests,
      csr('boot', request, signer, clientUses, { username: 'system:bootstrap:x' }),
      csr('own', request, signer, clientUses, { username: 'system:node:n1' }),
      csr('other', request, 'kube-apiserver-client', clientUses, {
        username: 'system:bootstrap:x',
      }),
    );
    await bed.start([csrApprovingController, csrSigningController], {
      clusterSigningCert: cert,
      clusterSigningKey: key,
    });
    await until(bed, () => find(bed, 'boot')?.status?.certificate !== undefined);
    await until(bed, () => bed.complaints.length > 0);
    const { conditions, certificate } = find(bed, 'boot')!.status!;
    assert.deepEqual(
      conditions?.map((c) => `${c.type} ${c.reason} ${c.message}`),
      [
        'Approved AutoApproved Auto approving kubelet client certificate after SubjectAccessReview.',
      ],
    );
    const made = new X509Certificate(Buffer.from(certificate!, 'base64'));
    assert.ok(made.verify(new X509Certificate(cert).publicKey));
    assert.equal(find(bed, 'own')?.status, undefined);
    assert.equal(find(bed, 'other')?.status, undefined);
    assert.ok(asked.includes('system:node:n1 selfnodeclient'));
    assert.ok(asked.includes('system:node:n1 nodeclient'));
    assert.match(bed.complaints[0] ?? '', /recognized csr "own" as \[selfnodeclient nodeclient\]/);
  });

  it('fails approved requests that the signer does not accept', async () => {
    await using bed = new TestBed();
    const { cert, key } = await makeAuthority('ec');
    const bad = csr('bad', await makeRequest('CN=x'), 'kubelet-serving', ['server auth']);
    bad.status = { conditions: [{ type: 'Approved', status: 'True' }] };
    bed.client.seed(certificateSigningRequests, bad);
    await bed.start([csrSigningController], { clusterSigningCert: cert, clusterSigningKey: key });
    await until(bed, () => find(bed, 'bad')?.status?.conditions?.length === 2);
    const failed = find(bed, 'bad')?.status?.conditions?.[1];
    assert.equal(failed?.reason, 'SignerValidationFailure');
    assert.equal(failed?.message, 'subject organization is not system:nodes');
    assert.equal(find(bed, 'bad')?.status?.certificate, undefined);
  });

  it('clears away what has had its time', async () => {
    await using bed = new TestBed();
    const t0 = bed.clock.now();
    const at = formatTime(t0);
    const dated = (name: string, type?: string, certificate?: string) => {
      const one = csr(name, '', 'x', []);
      one.metadata!.creationTimestamp = at;
      const condition = { type: type ?? '', status: 'True', lastUpdateTime: at };
      one.status = {
        ...(type === undefined ? {} : { conditions: [condition] }),
        ...(certificate === undefined ? {} : { certificate }),
      };
      return one;
    };
    const hour = 3_600_000;
    for (const [one, ms, want] of [
      [dated('pending'), 24 * hour, false],
      [dated('pending'), 24 * hour + 1, true],
      [dated('denied', 'Denied'), hour + 1, true],
      [dated('failed', 'Failed'), hour, false],
      [dated('issued', 'Approved', 'eA=='), hour + 1, true],
      [dated('approved', 'Approved'), 23 * hour, false],
      [dated('approved', 'Approved'), 25 * hour, true],
    ] as const) {
      assert.equal(isOutlived(one, t0 + ms), want, `${one.metadata?.name} ${ms}`);
    }
    bed.client.seed(certificateSigningRequests, dated('denied', 'Denied'), dated('pending'));
    await bed.start([csrCleaner]);
    await bed.advance(hour);
    await bed.advance(hour);
    assert.deepEqual(
      bed.client.objects(certificateSigningRequests).map((c) => c.metadata?.name),
      ['pending'],
    );
  });
});
