/** The gRPC health check (grpc.health.v1.Health/Check); its two messages are coded by hand. */
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { formatDuration } from '../../machinery/meta/times.ts';
import type { ProbeResult } from './probe-actions.ts';

const path = '/grpc.health.v1.Health/Check';
const serving = 1;
const statusNames = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** `{ 1: service }`; the default '' is not written. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  if (name.length === 0) return Buffer.alloc(0);
  const length: number[] = [];
  for (let n = name.length; ; n >>>= 7) {
    length.push(n > 127 ? (n & 127) | 128 : n);
    if (n <= 127) break;
  }
  return Buffer.concat([Buffer.from([0x0a, ...length]), name]);
}

/** `{ 1: enum }`; all its values fit one byte. */
function decodeResponse(bytes: Buffer): number {
  return bytes.length >= 2 && bytes[0] === 0x08 ? bytes[1]! : 0;
}

const failure = (output: string): ProbeResult => ({ outcome: 'failure', output });

/** Asks whether `service` is serving; every trouble is a failure, in upstream's words. */
export function grpcHealth(
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
): Promise<ProbeResult> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.primary_user_agent': 'kube-probe/1.36',
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.use_local_subchannel_pool': 1,
  });
  const deadline = Date.now() + timeoutMs;
  const timeout = formatDuration(timeoutMs);
  return new Promise((resolve) => {
    const finish = (result: ProbeResult): void => {
      client.close();
      resolve(result);
    };
    client.waitForReady(deadline, (error) => {
      if (error) {
        finish(
          failure(
            `timeout: failed to connect service ${JSON.stringify(address)} within ${timeout}: context deadline exceeded`,
          ),
        );
        return;
      }
      client.makeUnaryRequest(
        path,
        encodeRequest,
        decodeResponse,
        service,
        new Metadata(),
        { deadline },
        (fault, answer) => finish(resultOf(fault, answer, timeout)),
      );
    });
  });
}

function resultOf(
  fault: ServiceError | null,
  answer: number | undefined,
  timeout: string,
): ProbeResult {
  if (fault !== null) {
    if (fault.code === status.UNIMPLEMENTED) {
      return failure(
        `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${fault.details}`,
      );
    }
    if (fault.code === status.DEADLINE_EXCEEDED) {
      return failure(`timeout: health rpc did not complete within ${timeout}`);
    }
    return failure(`error: health rpc probe failed: ${fault.message}`);
  }
  if (answer === serving) return { outcome: 'success', output: 'service healthy' };
  const name = statusNames[answer ?? 0] ?? String(answer);
  return failure(`service unhealthy (responded with ${JSON.stringify(name)})`);
}
