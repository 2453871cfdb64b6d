/** The certificate that the kubelet serves with: from files, or one of its own making. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
}

const yearMs = 365 * 24 * 3600_000;

/** Reads the files that are configured; throws when only one of them is. */
export function readServingCertificate(certFile: string, keyFile: string): ServingCertificate {
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}

/** Changes when either file does. */
export function fileStamp(...paths: string[]): string {
  return paths.map((p) => (existsSync(p) ? statSync(p).mtimeMs : 0)).join();
}

/** The certificate kept in `folder`, made there when it is missing: signed by itself. */
export async function ownCertificate(
  folder: string,
  nodeName: string,
  addresses: readonly string[],
): Promise<ServingCertificate> {
  const certFile = join(folder, 'kubelet.crt');
  const keyFile = join(folder, 'kubelet.key');
  if (existsSync(certFile) && existsSync(keyFile)) return readServingCertificate(certFile, keyFile);
  const made = await makeCertificate(nodeName, addresses);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await writeFile(keyFile, made.key, { mode: 0o600 });
  await writeFile(certFile, made.cert, { mode: 0o644 });
  return made;
}

async function makeCertificate(
  nodeName: string,
  addresses: readonly string[],
): Promise<ServingCertificate> {
  // Loaded only where no certificate is given: it is large (and wants the polyfill first).
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = [
    { type: 'dns' as const, value: nodeName },
    ...addresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${nodeName}@${Math.floor(now / 1000)}`,
    notBefore: new Date(now - 3600_000),
    notAfter: new Date(now + yearMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.SubjectAlternativeNameExtension(names),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  const key = x509.PemConverter.encode(pkcs8, 'PRIVATE KEY');
  return { cert: certificate.toString('pem'), key };
}
