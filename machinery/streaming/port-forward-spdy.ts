/**
 * Port-forward with a client that speaks SPDY and a backend that speaks WebSocket only: each pair of
 * streams (data and error, by their request id) becomes a WebSocket of its own.
 */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { SpdySession, type SpdyStream } from './spdy-session.ts';
import { ChannelSocket } from './websocket-messages.ts';

/** Connects to a port of the pod by the protocol `v4.channel.k8s.io`. */
export type DialPort = (port: number) => Promise<WebSocket>;

/** What a client may send while its port is being connected to. */
const maxEarlyBytes = 1024 * 1024;
const dataChannel = 0;
/** The first message on each channel repeats the port. */
const portBytes = 2;

interface Pair {
  data: SpdyStream | undefined;
  error: SpdyStream | undefined;
}

/** Serves the client until its connection ends. */
export function forwardSpdyToWebSockets(socket: Duplex, head: Buffer, dial: DialPort): void {
  const pairs = new Map<string, Pair>();
  const live = new Set<ChannelSocket>();
  const session = new SpdySession(socket, head, (stream) => {
    const kind = stream.headers['streamtype'];
    const port = portOf(stream.headers['port'] ?? '');
    if (port === undefined || (kind !== 'data' && kind !== 'error')) return false;
    const id = stream.headers['requestid'] ?? oldRequestId(stream.id, kind);
    const pair = pairs.get(id) ?? { data: undefined, error: undefined };
    if (pair[kind] !== undefined) return false;
    pair[kind] = stream;
    pairs.set(id, pair);
    const { data, error } = pair;
    if (data !== undefined && error !== undefined) {
      pairs.delete(id);
      void forwardPair(session, data, error, () => dial(port), live);
    }
    return true;
  });
  session.onClose = () => {
    for (const channel of live) channel.close();
  };
}

/** A port number; undefined for anything else. */
export function portOf(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : undefined;
}

/** Clients from before request ids open the error stream first, the data stream right behind it. */
function oldRequestId(id: number, kind: 'data' | 'error'): string {
  return String(kind === 'error' ? id : id - 2);
}

async function forwardPair(
  session: SpdySession,
  data: SpdyStream,
  error: SpdyStream,
  dial: () => Promise<WebSocket>,
  live: Set<ChannelSocket>,
): Promise<void> {
  const early: Buffer[] = [];
  let earlyBytes = 0;
  data.onData = (bytes) => {
    early.push(bytes);
    earlyBytes += bytes.length;
    if (earlyBytes > maxEarlyBytes) session.reset(data);
  };
  let ws: WebSocket;
  try {
    ws = await dial();
  } catch (e) {
    session.send(error, Buffer.from(e instanceof Error ? e.message : String(e)));
    session.end(error);
    session.end(data);
    return;
  }
  const channels = new ChannelSocket(ws, false);
  live.add(channels);
  const skipped = [0, 0];
  channels.onMessage = (number, message) => {
    if (number > 1) return;
    const skip = Math.min(portBytes - skipped[number]!, message.length);
    skipped[number]! += skip;
    const rest = message.subarray(skip);
    if (rest.length === 0) return;
    if (session.send(number === dataChannel ? data : error, rest)) return;
    channels.pause();
    void session.drained().then(() => channels.resume());
  };
  channels.onClose = () => {
    live.delete(channels);
    session.end(error);
    session.end(data);
  };
  for (const bytes of early) channels.send(dataChannel, bytes);
  data.onData = (bytes) => {
    if (channels.send(dataChannel, bytes)) return;
    session.pause();
    void channels.drained().then(() => session.resume());
  };
  // There is no half-close in this protocol: the end of the input alone ends nothing.
  data.onReset = () => channels.close();
  if (!session.has(data)) channels.close();
}
