/**
 * Certificate requests (PKCS#10) as the controllers look at them. On @peculiar/x509, which is
 * large and therefore loaded only when there is a request to read.
 */
import { webcrypto } from 'node:crypto';
import type { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';

/** What a request asks for. */
export interface RequestFacts {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
}

const subjectAltName = '2.5.29.17';

export type X509Library = typeof import('@peculiar/x509');

export async function x509Library(): Promise<X509Library> {
  // The library's dependency container needs this polyfill in front of it.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as unknown as Crypto);
  return x509;
}

/** Reads `spec.request`: base64 of PEM. Throws on anything else. */
export async function parseRequest(base64: string): Promise<Pkcs10CertificateRequest> {
  const pem = Buffer.from(base64, 'base64').toString('latin1');
  const block = /-----BEGIN ([^-\n]+)-----([^-]*)-----END \1-----/.exec(pem);
  if (block?.[1] !== 'CERTIFICATE REQUEST') {
    throw new Error('PEM block type must be CERTIFICATE REQUEST');
  }
  const { Pkcs10CertificateRequest } = await x509Library();
  return new Pkcs10CertificateRequest(Buffer.from(block[2]!, 'base64'));
}

/** The names beside the subject; undefined when the request has none. */
export async function alternativeNames(
  request: Pkcs10CertificateRequest,
): Promise<SubjectAlternativeNameExtension | undefined> {
  const { SubjectAlternativeNameExtension: Names } = await x509Library();
  const extension = request.getExtension(subjectAltName);
  return extension === null ? undefined : new Names(extension.rawData);
}

export async function factsOf(request: Pkcs10CertificateRequest): Promise<RequestFacts> {
  const names = (await alternativeNames(request))?.names.items ?? [];
  const of = (type: string): string[] => names.filter((n) => n.type === type).map((n) => n.value);
  return {
    commonName: request.subjectName.getField('CN').at(-1) ?? '',
    organizations: request.subjectName.getField('O'),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emailAddresses: of('email'),
    uris: of('url'),
  };
}
