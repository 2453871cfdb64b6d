/** A key management plugin for tests: keys by name, in memory. */
import { Server, ServerCredentials, type sendUnaryData, status } from '@grpc/grpc-js';
import { aesGcm } from '../transformers.ts';
import { type KmsEncryption, KmsError, type KmsService, type KmsStatus } from './kms-service.ts';
import { decodeMessage, encodeMessage } from './messages.ts';

/** What is wrapped is bound to it. */
const context = 'test';

export class TestPlugin implements KmsService {
  /** The key that encrypts; any name will do. */
  keyId = 'key-1';
  healthz = 'ok';
  version = 'v2';
  /** Nobody answers. */
  away = false;
  annotations: Record<string, Buffer> = { 'note.example.com': Buffer.from('n') };
  /** Calls by method. */
  readonly calls = { status: 0, encrypt: 0, decrypt: 0 };

  async status(): Promise<KmsStatus> {
    this.calls.status++;
    this.#answer();
    const { version, healthz, keyId } = this;
    return { version, healthz, keyId };
  }

  async encrypt(_uid: string, plaintext: Buffer): Promise<KmsEncryption> {
    this.calls.encrypt++;
    this.#answer();
    const { keyId, annotations } = this;
    return { ciphertext: cipherOf(keyId).encrypt(plaintext, context), keyId, annotations };
  }

  async decrypt(_uid: string, { ciphertext, keyId }: KmsEncryption): Promise<Buffer> {
    this.calls.decrypt++;
    this.#answer();
    return cipherOf(keyId).decrypt(ciphertext, context);
  }

  [Symbol.dispose](): void {}

  /** Answers on a socket until disposed. */
  async listen(path: string): Promise<AsyncDisposable> {
    const server = new Server();
    server.addService(
      {
        Status: this.#method('Status'),
        Encrypt: this.#method('Encrypt'),
        Decrypt: this.#method('Decrypt'),
      },
      {
        Status: this.#handler(() => this.status()),
        Encrypt: this.#handler(({ plaintext }) => this.encrypt('', Buffer.from(plaintext!))),
        Decrypt: this.#handler(async ({ ciphertext, keyId = '', annotations = {} }) => ({
          plaintext: await this.decrypt('', { ciphertext: ciphertext!, keyId, annotations }),
        })),
      },
    );
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (e) =>
        e === null ? resolve() : reject(e),
      );
    });
    return {
      async [Symbol.asyncDispose]() {
        server.forceShutdown();
      },
    };
  }

  #answer(): void {
    if (this.away) throw new KmsError('Unavailable', 'away');
  }

  #method(name: string) {
    return {
      path: `/v2.KeyManagementService/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (m: object) => encodeMessage(`${name}Request`, m),
      requestDeserialize: (bytes: Buffer) => decodeMessage<Request>(`${name}Request`, bytes),
      responseSerialize: (m: object) => encodeMessage(`${name}Response`, m),
      responseDeserialize: (bytes: Buffer) => decodeMessage<object>(`${name}Response`, bytes),
    };
  }

  #handler(run: (request: Request) => Promise<object>) {
    return ({ request }: { request: Request }, answer: sendUnaryData<object>) => {
      run(request).then(
        (value) => answer(null, value),
        (e: Error) =>
          answer({
            code: e instanceof KmsError ? status.UNAVAILABLE : status.INTERNAL,
            details: e.message,
          }),
      );
    };
  }
}

interface Request {
  readonly plaintext?: Buffer;
  readonly ciphertext?: Buffer;
  readonly keyId?: string;
  readonly annotations?: Readonly<Record<string, Buffer>>;
}

function cipherOf(keyId: string) {
  const secret = Buffer.alloc(32);
  secret.write(keyId);
  return aesGcm(secret);
}
