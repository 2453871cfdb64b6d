/** The CRI over a unix socket: one HTTP/2 connection, messages by `codec.ts`. */
import {
  Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { decode, encode, type Init } from './codec.ts';
import { CriError, grpcCodes } from './cri-error.ts';
import type { ContainerEventResponse } from './messages.ts';
import type { CriCallOptions, Method, RequestOf, ResponseOf, Runtime } from './runtime.ts';
import table from './table.json' with { type: 'json' };

/** The CRI's own limit on a message (cri-client of upstream). */
const maxMessageBytes = 16 * 1024 * 1024;

/** Limits that differ from `requestTimeoutMs`, as the real kubelet sets them. */
const timeoutFactor: Partial<Record<Method, number>> = { RunPodSandbox: 2, PullImage: 0 };

interface MethodPath {
  readonly path: string;
  readonly request: string;
  readonly response: string;
}

function methodPaths(): Map<string, MethodPath> {
  const paths = new Map<string, MethodPath>();
  const services = table.services as Record<string, Record<string, string[]>>;
  for (const [service, methods] of Object.entries(services)) {
    for (const [method, [request, response]] of Object.entries(methods)) {
      const path = `/${table.package}.${service}/${method}`;
      paths.set(method, { path, request: request!, response: response! });
    }
  }
  return paths;
}

const paths = methodPaths();

function toCriError(error: unknown): CriError {
  const e = error as Partial<ServiceError>;
  const code = grpcCodes[typeof e.code === 'number' ? e.code : 2] ?? 'unknown';
  return new CriError(code, e.details ?? e.message ?? String(error));
}

export interface GrpcRuntimeOptions {
  /** `unix:///run/containerd/containerd.sock` or a plain path. */
  readonly endpoint: string;
  /** How long a call may take unless it says otherwise (runtimeRequestTimeout). */
  readonly requestTimeoutMs: number;
}

/** The address gRPC dials for a `--container-runtime-endpoint`; throws for other protocols. */
export function dialAddress(endpoint: string): string {
  if (endpoint.startsWith('/')) return `unix://${endpoint}`;
  if (endpoint.startsWith('unix:///')) return endpoint;
  if (endpoint.startsWith('unix:/')) return `unix://${endpoint.slice('unix:'.length)}`;
  throw new Error(`container runtime endpoint ${JSON.stringify(endpoint)} is not a unix socket`);
}

/** A runtime behind a CRI socket. Connects on the first call and again after a break. */
export class GrpcRuntime implements Runtime {
  private readonly client: Client;
  private readonly requestTimeoutMs: number;

  constructor(options: GrpcRuntimeOptions) {
    this.requestTimeoutMs = options.requestTimeoutMs;
    this.client = new Client(dialAddress(options.endpoint), credentials.createInsecure(), {
      'grpc.max_receive_message_length': maxMessageBytes,
      'grpc.max_send_message_length': maxMessageBytes,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 3000,
      'grpc.enable_http_proxy': 0,
      // Without it grpc-js asks DNS for the service config of a socket path.
      'grpc.service_config_disable_resolution': 1,
    });
  }

  call<M extends Method>(
    method: M,
    request: RequestOf<M>,
    options: CriCallOptions = {},
  ): Promise<ResponseOf<M>> {
    const { path, request: input, response: output } = paths.get(method)!;
    const factor = timeoutFactor[method] ?? 1;
    const timeoutMs = options.timeoutMs ?? this.requestTimeoutMs * factor;
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new CriError('cancelled', 'context canceled'));
        return;
      }
      let call: ClientUnaryCall | undefined;
      const abort = (): void => call?.cancel();
      call = this.client.makeUnaryRequest<object, object>(
        path,
        (message) => encode(input, message),
        (bytes) => decode(output, bytes),
        request as object,
        new Metadata(),
        timeoutMs > 0 ? { deadline: Date.now() + timeoutMs } : {},
        (error, value) => {
          signal?.removeEventListener('abort', abort);
          if (error !== null || value === undefined) reject(toCriError(error));
          else resolve(value as ResponseOf<M>);
        },
      );
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  async *events(signal: AbortSignal): AsyncIterable<ContainerEventResponse> {
    const { path, request, response } = paths.get('GetContainerEvents')!;
    const stream: ClientReadableStream<object> = this.client.makeServerStreamRequest<
      Init<object>,
      object
    >(
      path,
      (message) => encode(request, message),
      (bytes) => decode(response, bytes),
      {},
    );
    const abort = (): void => stream.cancel();
    signal.addEventListener('abort', abort, { once: true });
    try {
      for await (const event of stream) yield event as ContainerEventResponse;
    } catch (error) {
      if (!signal.aborted) throw toCriError(error);
    } finally {
      signal.removeEventListener('abort', abort);
      stream.cancel();
    }
  }

  close(): void {
    this.client.close();
  }
}
