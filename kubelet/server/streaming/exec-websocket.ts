/**
 * exec and attach over WebSocket with the protocol v5.channel.k8s.io (KEP-4006), translated to
 * the SPDY that runtimes speak: each message begins with its channel's number, 255 closes one.
 */
import { WebSocket } from 'ws';
import type { SpdySession, SpdyStream } from './spdy-session.ts';

export const channelProtocolV5 = 'v5.channel.k8s.io';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
const closeChannel = 255;
/** How much may wait for a slow client before the runtime is slowed down. */
const maxBufferedBytes = 1024 * 1024;
const resumeCheckMs = 20;
const normalClosure = 1000;

export interface StreamFlags {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Joins the two until the runtime has said how the command ended, or the client has gone. */
export function joinWebSocket(ws: WebSocket, session: SpdySession, flags: StreamFlags): void {
  // The order in which upstream's client opens them.
  const error = session.open({ streamtype: 'error' });
  const stdin = flags.stdin ? session.open({ streamtype: 'stdin' }) : undefined;
  const stdout = flags.stdout ? session.open({ streamtype: 'stdout' }) : undefined;
  // With a terminal there is one output.
  const stderr = flags.stderr && !flags.tty ? session.open({ streamtype: 'stderr' }) : undefined;
  const resize = flags.tty ? session.open({ streamtype: 'resize' }) : undefined;

  const output = [error, stdout, stderr].filter((s) => s !== undefined);
  let open = output.length;
  const ended = (): void => {
    if (--open === 0) ws.close(normalClosure);
  };
  const forward = (stream: SpdyStream | undefined, channel: number): void => {
    if (stream === undefined) return;
    stream.onData = (data) => {
      ws.send(Buffer.concat([Buffer.from([channel]), data]));
      if (ws.bufferedAmount > maxBufferedBytes) holdBack(ws, session);
    };
    stream.onEnd = ended;
  };
  forward(stdout, channels.stdout);
  forward(stderr, channels.stderr);
  forward(error, channels.error);
  session.onClose = () => ws.close(normalClosure);

  const inputs = new Map([
    [channels.stdin as number, stdin],
    [channels.resize, resize],
  ]);
  ws.on('message', (data: Buffer) => {
    const channel = data[0];
    if (channel === closeChannel) {
      const closed = inputs.get(data[1] ?? -1);
      if (closed !== undefined) session.end(closed);
      return;
    }
    const stream = inputs.get(channel ?? -1);
    if (stream === undefined || data.length < 2) return;
    if (session.send(stream, data.subarray(1))) return;
    ws.pause();
    void session.drained().then(() => ws.resume());
  });
  ws.on('close', () => session.close());
  ws.on('error', () => session.close());
  // Clients wait for a first message to know that the connection stands.
  const [firstOutput = channels.error] = [
    ...(stdout ? [channels.stdout] : []),
    ...(stderr ? [channels.stderr] : []),
  ];
  ws.send(Buffer.from([firstOutput]));
}

function holdBack(ws: WebSocket, session: SpdySession): void {
  session.pause();
  const check = (): void => {
    if (ws.readyState !== WebSocket.OPEN || ws.bufferedAmount < maxBufferedBytes / 2) {
      session.resume();
      return;
    }
    setTimeout(check, resumeCheckMs);
  };
  setTimeout(check, resumeCheckMs);
}
