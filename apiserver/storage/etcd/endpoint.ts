/**
 * The gRPC channel to one of etcd's members, on @grpc/grpc-js with messages of our own
 * (`messages.ts`). Not on etcd3, as first planned: it cannot reach an https server by its IP
 * address (node refuses an IP address as TLS server name, grpc-js passes one unless it is told
 * otherwise, and etcd3 has no option for it); its calls cost twice the CPU (every field of every
 * message through a general decoder); it repeats writes that may have happened; and its watcher
 * leaves a gap when the connection is lost before history has been replayed.
 */
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  type ServiceError,
} from '@grpc/grpc-js';

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

const channelOptions: ChannelOptions = {
  // etcd limits what it takes (1.5 MiB); answers are paged by us, not cut off by the client.
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2000,
  // Repeating a write is not for a library to decide.
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.use_local_subchannel_pool': 1,
};

/** The TLS server name that is sent to a server known by an address only; etcd ignores it. */
const nameless = 'etcd';

/** A client of one member, connected when it is first used. It connects again by itself. */
export function connectEndpoint(server: string, options: EtcdOptions): Client {
  const url = new URL(server);
  // Without a port the scheme's would be meant, which URL leaves out.
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const address = `${url.hostname}:${port}`;
  if (url.protocol === 'http:') {
    if (options.ca !== undefined || options.cert !== undefined) {
      throw new Error(`etcd server ${server} must be an https address to use certificates`);
    }
    return new Client(address, credentials.createInsecure(), channelOptions);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0) return new Client(address, secure(options, host), channelOptions);
  const named = { ...channelOptions, 'grpc.ssl_target_name_override': nameless };
  return new Client(address, secure(options, host), named);
}

/** Calls a method; returns the error rather than throwing it. */
export function callEndpoint(
  client: Client,
  method: string,
  request: Buffer,
  deadline: number,
): Promise<Buffer | ServiceError> {
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, response?: Buffer) => resolve(error ?? response!);
    client.makeUnaryRequest(method, bytes, bytes, request, { deadline }, done);
  });
}

/** Messages pass as the bytes that they are. */
export function bytes(message: Buffer): Buffer {
  return message;
}

function secure({ ca, cert, key }: EtcdOptions, host: string): ChannelCredentials {
  return credentials.createSsl(ca ?? null, key ?? null, cert ?? null, {
    // The certificate must be one of the host that was asked for, whatever name was sent.
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  });
}
