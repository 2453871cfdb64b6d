/**
 * Streams to a kubelet that does not speak the client's protocol: exec, attach and port-forward
 * translated here, as upstream does it for kubelets that do not declare that they do it themselves.
 */
import { WebSocket } from 'ws';
import { internalError, StatusError } from '../../machinery/meta/status-error.ts';
import { bridge, type StreamBackend, type StreamKind } from '../../machinery/streaming/bridge.ts';
import type { StreamFlags } from '../../machinery/streaming/command-side.ts';
import { channelProtocolV5, WebSocketSide } from '../../machinery/streaming/command-websocket.ts';
import {
  acceptWebSocket,
  maxMessageBytes,
  offeredProtocols,
  refusalOf,
  type Upgraded,
  UpgradeRefused,
  type UpgradeRequest,
} from '../../machinery/streaming/upgrade.ts';
import { addressOf, type Backend, openRequest } from './proxying/backend.ts';
import { dialProblem } from './proxying/dial-problem.ts';
import { encodeQuery } from './query-options.ts';

/** Clients open the streams of a command within this time, or are sent away. */
const streamCreationMs = 30_000;
const userAgent = 'k8ts-apiserver';

/** Where a stream leads to, and what is known of it. */
export interface StreamTarget {
  readonly kind: StreamKind;
  /** The kubelet's path and the pairs of its query. */
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly flags: StreamFlags;
  readonly ports: readonly number[];
}

/** Takes over the client's connection. Throws what `bridge` throws; nothing is answered then. */
export function bridgeToKubelet(
  request: UpgradeRequest,
  kubelet: Backend,
  target: StreamTarget,
): Promise<void> {
  return bridge({
    ...request,
    ...target,
    backend: backendOf(kubelet, target),
    giveUp: AbortSignal.timeout(streamCreationMs),
  });
}

/**
 * The same for a client of v5.channel.k8s.io: such a client is always accepted, and told on the error
 * channel what went wrong.
 */
export async function bridgeAndTell(
  request: UpgradeRequest,
  kubelet: Backend,
  target: StreamTarget,
): Promise<void> {
  try {
    await bridgeToKubelet(request, kubelet, target);
  } catch (e) {
    const tells =
      target.kind !== 'portForward' && offeredProtocols(request.req).includes(channelProtocolV5);
    if (!tells || request.socket.destroyed) throw e;
    const ws = acceptWebSocket(request, channelProtocolV5);
    const side = new WebSocketSide(ws, channelProtocolV5, target.flags, 'server');
    const {
      kind: _kind,
      apiVersion: _version,
      ...status
    } = problemOf(e, kubelet, target).toStatus();
    side.send('error', Buffer.from(JSON.stringify(status)));
    side.finish();
  }
}

/** What upstream's client makes of a failed upgrade. */
function problemOf(e: unknown, kubelet: Backend, { path, query }: StreamTarget): StatusError {
  if (e instanceof UpgradeRefused) {
    return internalError(`unable to upgrade connection: ${e.message.trim()}`);
  }
  if (!(e instanceof DialError)) return internalError(e instanceof Error ? e.message : String(e));
  const url = `https://${addressOf(kubelet)}${pathTo(path, query)}`;
  return internalError(`error sending request: Post ${JSON.stringify(url)}: ${e.why}`);
}

function pathTo(path: string, query: StreamTarget['query']): string {
  const text = encodeQuery(query);
  return text === '' ? path : `${path}?${text}`;
}

function backendOf(kubelet: Backend, { path, query }: StreamTarget): StreamBackend {
  return {
    spdy: (protocols) => openSpdy(kubelet, pathTo(path, query), protocols),
    webSocket: (protocols, port) => {
      const pairs = port === undefined ? query : [['port', String(port)] as const];
      return openWebSocket(kubelet, pathTo(path, pairs), protocols);
    },
  };
}

function openSpdy(kubelet: Backend, path: string, protocols: readonly string[]): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const headers = {
      Host: addressOf(kubelet),
      'User-Agent': userAgent,
      Connection: 'Upgrade',
      Upgrade: 'SPDY/3.1',
      'X-Stream-Protocol-Version': [...protocols],
      'Content-Length': '0',
    };
    const request = openRequest(kubelet, 'POST', path, headers, true);
    request.once('upgrade', (response, socket, head) => resolve({ response, socket, head }));
    request.once('response', (response) => void refusalOf(response).then(reject, reject));
    request.once('error', (e) => reject(dialError(e, kubelet)));
    request.end();
  });
}

function openWebSocket(
  kubelet: Backend,
  path: string,
  protocols: readonly string[],
): Promise<WebSocket> {
  const { protocol, transport } = kubelet;
  const url = `${protocol === 'https' ? 'wss' : 'ws'}://${addressOf(kubelet)}${path}`;
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, [...protocols], {
      ...transport.tls,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      headers: { 'User-Agent': userAgent },
    });
    const failed = (e: unknown): void => reject(dialError(e, kubelet));
    ws.once('unexpected-response', (_, response) => {
      void refusalOf(response).then(reject, reject);
    });
    ws.on('error', failed);
    ws.once('open', () => {
      ws.off('error', failed);
      ws.pause();
      resolve(ws);
    });
  });
}

/** There is no connection to the kubelet. */
class DialError extends StatusError {
  readonly why: string;

  constructor(why: string) {
    super('', `error dialing backend: ${why}`);
    this.why = why;
  }
}

function dialError(e: unknown, kubelet: Backend): DialError {
  return new DialError(dialProblem(e, kubelet.host, kubelet.port));
}
