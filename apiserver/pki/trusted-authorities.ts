/** Authorities whose client certificates are believed; they may change while the server runs. */
import { ChainVerifier } from '../auth/certificate-chain.ts';

export class TrustedAuthorities {
  #pem: string;
  #verifier: ChainVerifier;
  readonly #listeners: (() => void)[] = [];

  /** One or more certificates. */
  constructor(pem: string) {
    this.#pem = pem;
    this.#verifier = new ChainVerifier(pem);
  }

  /** The present ones; certificates of connections that stand are checked against them, too. */
  get pem(): string {
    return this.#pem;
  }

  /** Checks certificates against the present ones. */
  get verifier(): ChainVerifier {
    return this.#verifier;
  }

  /** Takes others over. Throws an Error for a text without certificates, or with broken ones. */
  replace(pem: string): void {
    const verifier = new ChainVerifier(pem);
    if (verifier.size === 0) throw new Error('no certificate in it: expected PEM');
    this.#pem = pem;
    this.#verifier = verifier;
    for (const listener of this.#listeners) listener();
  }

  /** `listener` is called after each change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
