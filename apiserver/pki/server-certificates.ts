/** The certificates and keys that a server runs with: those given, or its own, made at first start. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { requestHeaderConfig } from '../auth/request-header-config.ts';
import type { RequestHeaderConfig } from '../bootstrap/authentication-config.ts';
import type { ApiServerOptions } from '../options.ts';
import { createAuthority, createTokenKeys, issue, type KeyAndCertificate } from './pki.ts';
import { TrustedAuthorities } from './trusted-authorities.ts';

/** PEM texts. */
export interface ServerCertificates {
  readonly serving: KeyAndCertificate;
  /** Authorities whose client certificates are accepted. */
  readonly clientCa: TrustedAuthorities;
  /** Front proxies that are believed. */
  readonly requestHeader: RequestHeaderConfig | undefined;
  /** The authority that signed the serving certificate (kube-root-ca.crt). */
  readonly servingCa: string;
  /** Private key that signs service account tokens. */
  readonly tokenSigningKey: string;
  /** Public (or private) keys that tokens are checked with. */
  readonly tokenKeys: readonly string[];
  /** What the server shows to kubelets. */
  readonly kubeletClient: KeyAndCertificate | undefined;
  /** What the server shows to aggregated API servers. */
  readonly proxyClient: KeyAndCertificate | undefined;
  /** Authority of the kubelets' serving certificates. */
  readonly kubeletCa: string | undefined;
}

/** Reads what the options name and makes the rest, kept in the data directory. */
export async function prepareCertificates(options: ApiServerOptions): Promise<ServerCertificates> {
  const own = new OwnFiles(join(options.dataDir));
  if (options.certDir !== undefined) mkdirSync(options.certDir, { recursive: true, mode: 0o700 });
  const ownServing = options.certDir === undefined ? own : new OwnFiles(options.certDir);
  const serving =
    options.tlsCertFile !== undefined && options.tlsPrivateKeyFile !== undefined
      ? pair(options.tlsCertFile, options.tlsPrivateKeyFile)
      : await ownServing.pair('apiserver', async () =>
          issue(await own.authority(), {
            commonName: 'kube-apiserver',
            names: servingNames(options),
            usages: ['server'],
          }),
        );
  const clientCa =
    options.clientCaFile === undefined
      ? (await own.authority()).certificate
      : read(options.clientCaFile);
  const servingCa = await servingAuthority(options, own, serving, clientCa);
  const signing =
    options.serviceAccountSigningKeyFile === undefined
      ? own.text('service-account.key', () => createTokenKeys().privateKey)
      : read(options.serviceAccountSigningKeyFile);
  const kubeletClient =
    options.kubeletClientCertificate !== undefined && options.kubeletClientKey !== undefined
      ? pair(options.kubeletClientCertificate, options.kubeletClientKey)
      : undefined;
  const { proxyClientCertFile, proxyClientKeyFile } = options;
  if ((proxyClientCertFile === undefined) !== (proxyClientKeyFile === undefined)) {
    throw new Error('--proxy-client-cert-file and --proxy-client-key-file go together');
  }
  return {
    serving,
    proxyClient:
      proxyClientCertFile === undefined || proxyClientKeyFile === undefined
        ? undefined
        : pair(proxyClientCertFile, proxyClientKeyFile),
    clientCa: new TrustedAuthorities(clientCa),
    requestHeader: requestHeaderConfig(options),
    servingCa,
    tokenSigningKey: signing,
    tokenKeys:
      options.serviceAccountKeyFile.length > 0
        ? options.serviceAccountKeyFile.map(read)
        : [signing],
    kubeletClient,
    kubeletCa:
      options.kubeletCertificateAuthority === undefined
        ? undefined
        : read(options.kubeletCertificateAuthority),
  };
}

/** Who signed the serving certificate; of one that was given, whoever signs those of clients. */
async function servingAuthority(
  options: ApiServerOptions,
  own: OwnFiles,
  serving: KeyAndCertificate,
  clientCa: string,
): Promise<string> {
  if (options.tlsCertFile !== undefined) return clientCa;
  const { certificate } = await own.authority();
  const signed = new X509Certificate(serving.certificate).checkIssued(
    new X509Certificate(certificate),
  );
  // What stood in the folder of certificates already is another's.
  return signed ? certificate : clientCa;
}

/** Names and addresses that clients reach the server by. */
function servingNames(options: ApiServerOptions): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).filter((a) => a.family === 'IPv4').map((a) => a.address),
  );
  return [
    ...new Set([
      'localhost',
      hostname(),
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
      '127.0.0.1',
      '::1',
      options.advertiseAddress,
      firstAddress(options.serviceClusterIpRange),
      ...addresses,
    ]),
  ];
}

/** The first usable address of an IPv4 range: where the service `kubernetes` lives. */
export function firstAddress(range: string): string {
  const [base = ''] = range.split(',')[0]!.split('/');
  const parts = base.split('.').map(Number);
  if (parts.length !== 4) return base;
  parts[3]! += 1;
  return parts.join('.');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (e) {
    throw new Error(`cannot read ${path}: ${(e as NodeJS.ErrnoException).code ?? String(e)}`);
  }
}

function pair(certificate: string, key: string): KeyAndCertificate {
  return { certificate: read(certificate), key: read(key) };
}

/** Files that the server makes once and finds again. */
class OwnFiles {
  readonly #folder: string;
  #authority: KeyAndCertificate | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async authority(): Promise<KeyAndCertificate> {
    this.#authority ??= await this.pair('ca', () => createAuthority('k8ts-ca'));
    return this.#authority;
  }

  async pair(name: string, make: () => Promise<KeyAndCertificate>): Promise<KeyAndCertificate> {
    const crt = join(this.#folder, `${name}.crt`);
    const key = join(this.#folder, `${name}.key`);
    if (existsSync(crt) && existsSync(key)) return pair(crt, key);
    const made = await make();
    writeFileSync(key, made.key, { mode: 0o600 });
    writeFileSync(crt, made.certificate);
    return made;
  }

  text(name: string, make: () => string): string {
    const path = join(this.#folder, name);
    if (existsSync(path)) return read(path);
    const text = make();
    writeFileSync(path, text, { mode: 0o600 });
    return text;
  }
}
