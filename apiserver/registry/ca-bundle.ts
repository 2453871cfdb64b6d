/** Bundles of certificates in PEM that clients of webhooks trust. */
import { X509Certificate } from 'node:crypto';

const block = /-----BEGIN ([^-\n]+)-----[\s\S]*?-----END \1-----/g;

/** Why a bundle (base64 of PEM) holds no certificate; undefined when it does or is empty. */
export function caBundleProblem(bundle: string | null | undefined): string | undefined {
  if (!bundle) return undefined;
  const text = Buffer.from(bundle, 'base64').toString('latin1');
  const blocks = [...text.matchAll(block)];
  let failed =
    blocks.length === 0
      ? 'unable to parse bytes as PEM block'
      : 'no valid certificate authority data seen';
  for (const [pem, type] of blocks) {
    if (type !== 'CERTIFICATE') continue;
    try {
      new X509Certificate(pem);
      return undefined;
    } catch (e) {
      failed = `failed to parse certificate: ${(e as Error).message}`;
    }
  }
  return `unable to load root certificates: ${failed}`;
}
