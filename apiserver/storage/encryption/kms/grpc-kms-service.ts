/** A key management plugin behind a unix socket. */
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { type KmsEncryption, KmsError, type KmsService, type KmsStatus } from './kms-service.ts';
import { decodeMessage, encodeMessage } from './messages.ts';

/** Told of each call: its method, how long it took, and the gRPC status it ended with. */
export type CallObserver = (method: string, seconds: number, code: string) => void;

/** gRPC status codes by number. */
const codes = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];

/** Connects on the first call, and again after a break; calls wait for the connection. */
export class GrpcKmsService implements KmsService {
  readonly #client: Client;
  readonly #timeoutMs: number;
  readonly #observe: CallObserver;

  /** `endpoint`: `unix:///path`, or `unix:///@name` for a socket without a file. */
  constructor(endpoint: string, timeoutMs: number, observe: CallObserver) {
    this.#timeoutMs = timeoutMs;
    this.#observe = observe;
    this.#client = new Client(dialAddress(endpoint), credentials.createInsecure(), {
      'grpc.default_authority': 'localhost',
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 3000,
      'grpc.enable_http_proxy': 0,
      // Without it grpc-js asks DNS for the service config of a socket path.
      'grpc.service_config_disable_resolution': 1,
    });
  }

  status(): Promise<KmsStatus> {
    return this.#call('Status', {});
  }

  async encrypt(uid: string, plaintext: Buffer): Promise<KmsEncryption> {
    const { ciphertext, ...rest } = await this.#call<KmsEncryption>('Encrypt', { plaintext, uid });
    return { ciphertext: Buffer.from(ciphertext), ...rest };
  }

  async decrypt(uid: string, sealed: KmsEncryption): Promise<Buffer> {
    const { plaintext } = await this.#call<{ plaintext: Buffer }>('Decrypt', { ...sealed, uid });
    return Buffer.from(plaintext);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #call<T>(method: 'Status' | 'Encrypt' | 'Decrypt', request: object): Promise<T> {
    const path = `/v2.KeyManagementService/${method}`;
    const began = performance.now();
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest<object, T>(
        path,
        (message) => encodeMessage(`${method}Request`, message),
        (bytes) => decodeMessage<T>(`${method}Response`, bytes),
        request,
        new Metadata({ waitForReady: true }),
        { deadline: Date.now() + this.#timeoutMs },
        (error, value) => {
          const code = codes[error?.code ?? 0] ?? 'Unknown';
          this.#observe(path, (performance.now() - began) / 1000, code);
          if (error === null) resolve(value as T);
          else reject(new KmsError(code, error.details));
        },
      );
    });
  }
}

function dialAddress(endpoint: string): string {
  const { pathname } = new URL(endpoint);
  return pathname.startsWith('/@') ? `unix:\0${pathname.slice(2)}` : `unix:${pathname}`;
}
