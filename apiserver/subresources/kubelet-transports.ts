/** How the server proves itself to kubelets, and whose it trusts: as their files say now. */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { ServerCertificates } from '../pki/server-certificates.ts';
import { createTransport, type Transport } from './proxying/backend.ts';

/** So often the files are looked at, when a kubelet is to be reached. */
const lookMs = 60_000;

export interface KubeletFiles {
  readonly kubeletClientCertificate?: string;
  readonly kubeletClientKey?: string;
  readonly kubeletCertificateAuthority?: string;
}

interface Credentials {
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly authority?: string | undefined;
}

/** Connections that stand keep what they were made with. */
export class KubeletTransports {
  readonly #files: KubeletFiles;
  readonly #now: () => number;
  #known: Credentials;
  #lookedMs: number;
  #checked: Transport;
  #unchecked: Transport;

  /** `certificates`: what the files held at the start. */
  constructor(
    files: KubeletFiles,
    { kubeletClient, kubeletCa }: Pick<ServerCertificates, 'kubeletClient' | 'kubeletCa'>,
    now: () => number,
  ) {
    this.#files = files;
    this.#now = now;
    this.#lookedMs = now();
    this.#known = {
      certificate: kubeletClient?.certificate,
      key: kubeletClient?.key,
      authority: kubeletCa,
    };
    [this.#checked, this.#unchecked] = transports(this.#known);
  }

  /** With a check of the kubelet's certificate, if there is an authority for it. */
  async checked(): Promise<Transport> {
    if (this.#now() - this.#lookedMs >= lookMs) {
      this.#lookedMs = this.#now();
      await this.#look();
    }
    return this.#checked;
  }

  /** Without. */
  unchecked(): Transport {
    return this.#unchecked;
  }

  async #look(): Promise<void> {
    const { kubeletClientCertificate, kubeletClientKey, kubeletCertificateAuthority } = this.#files;
    const [certificate, key, authority] = await Promise.all(
      [kubeletClientCertificate, kubeletClientKey, kubeletCertificateAuthority].map(read),
    );
    const { certificate: knownCertificate, key: knownKey, authority: knownAuthority } = this.#known;
    const now: Credentials = {
      certificate: certificate ?? knownCertificate,
      key: key ?? knownKey,
      authority: authority ?? knownAuthority,
    };
    const same =
      now.certificate === knownCertificate &&
      now.key === knownKey &&
      now.authority === knownAuthority;
    if (same) return;
    try {
      [this.#checked, this.#unchecked] = transports(now);
      this.#known = now;
    } catch {
      // Certificate and key do not belong together, or not yet: what was known goes on.
    }
  }
}

/** Throws for a certificate and a key that do not belong together. */
function transports(of: Credentials): [checked: Transport, unchecked: Transport] {
  const { certificate: cert, key } = of;
  if (cert !== undefined && key !== undefined) createSecureContext({ cert, key });
  return [createTransport(of), createTransport({ ...of, authority: undefined })];
}

/** Undefined: there is no such file, or none now. */
async function read(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
