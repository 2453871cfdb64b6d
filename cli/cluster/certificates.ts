/** The certificates and kubeconfigs of a one-machine cluster: made at first start, then kept. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type CertificateRequest,
  createAuthority,
  createTokenKeys,
  issue,
  type KeyAndCertificate,
} from '../../apiserver/pki/pki.ts';
import { firstAddress } from '../../apiserver/pki/server-certificates.ts';
import { stampCertificates } from './certificate-stamp.ts';
import { dnsUser } from './dns-access.ts';
import type { ClusterSettings, Layout } from './layout.ts';

/** Certificates are made again when they have less than this left. */
const renewBeforeMs = 30 * 24 * 3600 * 1000;

/** Makes what is missing, expired or for other names. */
export async function ensureCertificates(settings: ClusterSettings, layout: Layout): Promise<void> {
  mkdirSync(dirname(layout.pki('x')), { recursive: true, mode: 0o700 });
  mkdirSync(dirname(layout.kubeconfig('x')), { recursive: true, mode: 0o700 });
  const authority = await authorityOf(layout);
  const ensure = (name: string, request: CertificateRequest) =>
    ensurePair(layout, name, request, authority);
  const { nodeName, nodeIp } = settings;
  await ensure('apiserver', {
    commonName: 'kube-apiserver',
    usages: ['server'],
    names: [
      'localhost',
      nodeName,
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      `kubernetes.default.svc.${settings.clusterDomain}`,
      '127.0.0.1',
      nodeIp,
      firstAddress(settings.serviceCidr),
    ],
  });
  await ensure('kubelet', {
    commonName: `system:node:${nodeName}`,
    organizations: ['system:nodes'],
    usages: ['server'],
    names: [nodeName, 'localhost', nodeIp, '127.0.0.1'],
  });
  await ensure('apiserver-kubelet-client', {
    commonName: 'kube-apiserver-kubelet-client',
    organizations: ['system:masters'],
    usages: ['client'],
  });
  if (!existsSync(layout.pki('sa.key'))) {
    const { privateKey, publicKey } = createTokenKeys();
    writeFileSync(layout.pki('sa.pub'), publicKey);
    writeFileSync(layout.pki('sa.key'), privateKey, { mode: 0o600 });
  }
  const clients: readonly (readonly [string, string, readonly string[]])[] = [
    ['admin', 'kubernetes-admin', ['system:masters']],
    ['controller-manager', 'system:kube-controller-manager', []],
    ['scheduler', 'system:kube-scheduler', []],
    ['node', `system:node:${nodeName}`, ['system:nodes']],
    ['proxy', 'system:kube-proxy', []],
    ['dns', dnsUser, []],
  ];
  for (const [name, commonName, organizations] of clients) {
    const pair = await ensure(`${name}-client`, { commonName, organizations, usages: ['client'] });
    writeKubeconfig(layout.kubeconfig(name), settings, authority.certificate, pair);
  }
  if (settings.kubeconfig !== layout.kubeconfig('admin')) {
    mkdirSync(dirname(settings.kubeconfig), { recursive: true });
    writeFileSync(settings.kubeconfig, readFileSync(layout.kubeconfig('admin')), { mode: 0o600 });
  }
  stampCertificates(settings, layout, renewAtMs(layout));
}

/** When the first of the certificates should be made again. */
function renewAtMs(layout: Layout): number {
  const ends = readdirSync(dirname(layout.pki('x')))
    .filter((file) => file.endsWith('.crt'))
    .map((file) => new X509Certificate(readFileSync(layout.pki(file))).validTo);
  return Math.min(...ends.map((text) => Date.parse(text))) - renewBeforeMs;
}

async function authorityOf(layout: Layout): Promise<KeyAndCertificate> {
  const crt = layout.pki('ca.crt');
  const key = layout.pki('ca.key');
  if (existsSync(crt) && existsSync(key)) {
    return { certificate: readFileSync(crt, 'utf8'), key: readFileSync(key, 'utf8') };
  }
  const made = await createAuthority('k8ts-ca');
  writeFileSync(key, made.key, { mode: 0o600 });
  writeFileSync(crt, made.certificate);
  return made;
}

async function ensurePair(
  layout: Layout,
  name: string,
  request: CertificateRequest,
  authority: KeyAndCertificate,
): Promise<KeyAndCertificate> {
  const crt = layout.pki(`${name}.crt`);
  const key = layout.pki(`${name}.key`);
  if (existsSync(crt) && existsSync(key)) {
    const kept = { certificate: readFileSync(crt, 'utf8'), key: readFileSync(key, 'utf8') };
    if (stillGood(kept.certificate, authority.certificate, request)) return kept;
  }
  const made = await issue(authority, request);
  writeFileSync(key, made.key, { mode: 0o600 });
  writeFileSync(crt, made.certificate);
  return made;
}

function stillGood(pem: string, authority: string, request: CertificateRequest): boolean {
  const certificate = new X509Certificate(pem);
  if (!certificate.verify(new X509Certificate(authority).publicKey)) return false;
  if (Date.parse(certificate.validTo) - Date.now() < renewBeforeMs) return false;
  const present = certificate.subjectAltName ?? '';
  const subject = certificate.subject.split('\n');
  const organizations = subject.filter((line) => line.startsWith('O='));
  return (
    subject.includes(`CN=${request.commonName}`) &&
    organizations.length === (request.organizations?.length ?? 0) &&
    (request.organizations ?? []).every((o) => organizations.includes(`O=${o}`)) &&
    (request.names ?? []).every(
      (n) => present.includes(`DNS:${n}`) || present.includes(`IP Address:${n}`),
    )
  );
}

function writeKubeconfig(
  path: string,
  settings: ClusterSettings,
  ca: string,
  client: KeyAndCertificate,
): void {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'k8ts',
        cluster: {
          server: `https://127.0.0.1:${settings.securePort}`,
          'certificate-authority-data': base64(ca),
        },
      },
    ],
    users: [
      {
        name: 'k8ts',
        user: {
          'client-certificate-data': base64(client.certificate),
          'client-key-data': base64(client.key),
        },
      },
    ],
    contexts: [{ name: 'k8ts', context: { cluster: 'k8ts', user: 'k8ts' } }],
    'current-context': 'k8ts',
  };
  const text = `${JSON.stringify(config, null, 2)}\n`;
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    writeFileSync(path, text, { mode: 0o600 });
  }
}
