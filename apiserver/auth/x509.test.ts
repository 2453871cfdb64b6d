import assert from 'node:assert/strict';
import { webcrypto, X509Certificate } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { pathLength } from '../pki/certificate-fields.ts';
import { TrustedAuthorities } from '../pki/trusted-authorities.ts';
import { clientCertificates } from './x509.ts';

x509.cryptoProvider.set(webcrypto as unknown as Crypto);
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const nowMs = Date.parse('2026-01-01T00:00:00Z');
const dayMs = 24 * 3600 * 1000;

interface Made {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

interface Request {
  readonly subject: string | x509.JsonName;
  readonly by?: Made;
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly usages?: string[];
  readonly fromDays?: number;
  readonly toDays?: number;
  readonly hash?: string;
}

let serial = 1;
async function make(r: Request): Promise<Made> {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: String(serial++).padStart(2, '0'),
    subject: r.subject,
    issuer: r.by?.certificate.subject ?? (r.subject as string),
    notBefore: new Date(nowMs + (r.fromDays ?? -1) * dayMs),
    notAfter: new Date(nowMs + (r.toDays ?? 1) * dayMs),
    signingAlgorithm: { ...algorithm, hash: r.hash ?? 'SHA-256' },
    publicKey: keys.publicKey,
    signingKey: (r.by?.keys ?? keys).privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(r.ca ?? false, r.pathLength, true),
      ...(r.usages === undefined ? [] : [new x509.ExtendedKeyUsageExtension(r.usages)]),
    ],
  });
  return { certificate, keys };
}

/** As a connection shows it, with what was sent along. */
function shown(made: Made, ...above: Made[]): X509Certificate {
  const [next, ...rest] = above;
  const certificate = new X509Certificate(made.certificate.toString('pem'));
  const issuerCertificate = next && shown(next, ...rest);
  return Object.defineProperty(certificate, 'issuerCertificate', { value: issuerCertificate });
}

const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
const unknown = 'x509: certificate signed by unknown authority';
const expired = 'x509: certificate has expired or is not yet valid';

describe('client certificates', () => {
  let root: Made;
  let other: Made;
  const ask = async (certificate: X509Certificate | undefined) => {
    const authorities = root.certificate.toString('pem') + other.certificate.toString('pem');
    const authenticator = clientCertificates(new TrustedAuthorities(authorities), () => nowMs);
    const input = {
      headers: {},
      rawHeaders: [],
      peerCertificate: () => certificate,
      remoteAddress: undefined,
    };
    const answer = await authenticator.authenticate(input);
    if (answer === undefined) return 'nobody';
    if ('invalid' in answer) return answer.invalid;
    const { name, uid, groups } = answer.user;
    return [name, uid, ...groups].filter((text) => text !== undefined).join(' ');
  };

  before(async () => {
    root = await make({ subject: 'CN=root', ca: true });
    other = await make({ subject: 'CN=other', ca: true, toDays: -0.5 });
  });

  const leaf = { subject: 'O=devs, O=ops, CN=alice' };
  const cases: [string, () => Promise<X509Certificate | undefined>, string][] = [
    ['none', () => Promise.resolve(undefined), 'nobody'],
    ['a good one', async () => shown(await make({ ...leaf, by: root })), 'alice devs ops'],
    [
      'one for clients',
      async () => shown(await make({ ...leaf, by: root, usages: [serverAuth, clientAuth] })),
      'alice devs ops',
    ],
    [
      'one for servers',
      async () => shown(await make({ ...leaf, by: root, usages: [serverAuth] })),
      'x509: certificate specifies an incompatible key usage',
    ],
    ['one of nobody', async () => shown(await make({ subject: 'O=x', by: root })), 'nobody'],
    ['an old one', async () => shown(await make({ ...leaf, by: root, toDays: -0.1 })), expired],
    ['an early one', async () => shown(await make({ ...leaf, by: root, fromDays: 0.1 })), expired],
    ['one of an old authority', async () => shown(await make({ ...leaf, by: other })), expired],
    ['one that signed itself', async () => shown(await make(leaf)), unknown],
    [
      'one of an authority of the same name',
      async () => shown(await make({ ...leaf, by: await make({ subject: 'CN=root', ca: true }) })),
      unknown,
    ],
    [
      'one that a client signed',
      async () => {
        const client = await make({ subject: 'CN=bob', by: root });
        return shown(await make({ ...leaf, by: client }), client);
      },
      unknown,
    ],
    [
      'one with a weak signature',
      async () => shown(await make({ ...leaf, by: root, hash: 'SHA-1' })),
      unknown,
    ],
    [
      'one with what is between it and the authority',
      async () => {
        const between = await make({ subject: 'CN=between', ca: true, by: root });
        return shown(await make({ ...leaf, by: between }), between);
      },
      'alice devs ops',
    ],
    [
      'one without what is between it and the authority',
      async () => {
        const between = await make({ subject: 'CN=between', ca: true, by: root });
        return shown(await make({ ...leaf, by: between }));
      },
      unknown,
    ],
    [
      'one below an authority for servers',
      async () => {
        const usages = [serverAuth];
        const between = await make({ subject: 'CN=between', ca: true, by: root, usages });
        return shown(await make({ ...leaf, by: between }), between);
      },
      unknown,
    ],
    [
      'one too far below',
      async () => {
        const upper = await make({ subject: 'CN=upper', ca: true, pathLength: 0, by: root });
        const lower = await make({ subject: 'CN=lower', ca: true, by: upper });
        return shown(await make({ ...leaf, by: lower }), lower, upper);
      },
      unknown,
    ],
    [
      'one with several names in one part',
      async () =>
        shown(
          await make({
            subject: [{ O: ['a', 'b'] }, { CN: ['first'] }, { CN: ['x, y+z'] }],
            by: root,
          }),
        ),
      'x, y+z a b',
    ],
    [
      'one with the uid of the user',
      async () => shown(await make({ subject: '1.3.6.1.4.1.57683.2=u-1, CN=alice', by: root })),
      'alice u-1',
    ],
    [
      'one with two uids',
      async () =>
        shown(
          await make({
            subject: '1.3.6.1.4.1.57683.2=u, 1.3.6.1.4.1.57683.2=v, CN=alice',
            by: root,
          }),
        ),
      'expected 1 UID, but found multiple: u v',
    ],
  ];
  for (const [what, certificate, expected] of cases) {
    it(`judge ${what}`, async () => assert.equal(await ask(await certificate()), expected));
  }

  it('tell how long the path below an authority may be', async () => {
    const limited = await make({ subject: 'CN=l', ca: true, pathLength: 3 });
    assert.equal(pathLength(shown(limited)), 3);
    assert.equal(pathLength(shown(root)), undefined);
  });
});
