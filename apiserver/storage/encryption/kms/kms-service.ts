/** What a key management plugin does, version 2 of its API (KEP-3299). */

export interface KmsStatus {
  /** `v2`. */
  readonly version: string;
  /** `ok`, else why not. */
  readonly healthz: string;
  /** The key that encrypts now. */
  readonly keyId: string;
}

export interface KmsEncryption {
  readonly ciphertext: Buffer;
  readonly keyId: string;
  /** What the plugin wants to see again when it decrypts. */
  readonly annotations: Readonly<Record<string, Buffer>>;
}

/** A call that failed. */
export class KmsError extends Error {
  /** Nobody answered, or not in time: it may go well the next time. */
  readonly unavailable: boolean;

  /** `code`: of gRPC, as Go names it. */
  constructor(code: string, details: string) {
    super(`rpc error: code = ${code} desc = ${details}`);
    this.unavailable = code === 'Unavailable' || code === 'DeadlineExceeded';
  }
}

/** Calls of one plugin; each rejects with a KmsError, after the timeout of its configuration. */
export interface KmsService extends Disposable {
  status(): Promise<KmsStatus>;
  encrypt(uid: string, plaintext: Buffer): Promise<KmsEncryption>;
  decrypt(uid: string, sealed: KmsEncryption): Promise<Buffer>;
}
