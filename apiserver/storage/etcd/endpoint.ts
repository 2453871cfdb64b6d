/**
 * Connections to etcd's members. etcd3 holds the channel and its credentials; calls go through its
 * gRPC client with messages of our own (`messages.ts`): measured, a transaction costs half the CPU
 * that etcd3's own call does. Its retries and circuit breakers are passed by, since they repeat
 * writes that may have happened, and its watcher, since it leaves a gap when the connection is lost
 * before history has been replayed.
 */
import { rootCertificates } from 'node:tls';
import type { Client, ServiceError } from '@grpc/grpc-js';
import { Etcd3, type IOptions } from 'etcd3';

export interface EtcdOptions {
  /** Such as `https://10.0.0.1:2379`; the first that works is used. */
  readonly servers: readonly string[];
  /** PEM: whom to trust (the system's roots unless given), and who we are. */
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** Time limit of a call. Default 10 seconds. */
  readonly timeoutMs?: number;
}

const channelOptions: NonNullable<IOptions['grpcOptions']> = {
  // etcd limits what it takes (1.5 MiB); answers are paged by us, not cut off by the client.
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2000,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
};

/** One member of etcd, connected when it is first used. */
export class EtcdEndpoint extends Etcd3 {
  #client: Promise<Client> | undefined;

  constructor(server: string, options: EtcdOptions) {
    const secured = options.ca !== undefined || options.cert !== undefined;
    if (secured && !server.startsWith('https://')) {
      throw new Error(`etcd server ${server} must be an https address to use certificates`);
    }
    const credentials = {
      rootCertificate: options.ca ?? Buffer.from(rootCertificates.join('\n')),
      ...(options.key === undefined ? {} : { privateKey: options.key }),
      ...(options.cert === undefined ? {} : { certChain: options.cert }),
    };
    super({
      hosts: server.replace(/\/+$/, ''),
      grpcOptions: channelOptions,
      ...(secured ? { credentials } : {}),
    });
  }

  /** The gRPC client. It connects, and connects again, by itself. */
  client(): Promise<Client> {
    this.#client ??= this.pool.withConnection('KV', ({ client }) => client);
    return this.#client;
  }

  /** Calls a method; returns the error rather than throwing it. */
  async call(method: string, request: Buffer, deadline: number): Promise<Buffer | ServiceError> {
    const client = await this.client();
    return new Promise((resolve) => {
      const done = (error: ServiceError | null, response?: Buffer) => resolve(error ?? response!);
      client.makeUnaryRequest(method, bytes, bytes, request, { deadline }, done);
    });
  }
}

/** Messages pass as the bytes that they are. */
export const bytes = (message: Buffer): Buffer => message;
