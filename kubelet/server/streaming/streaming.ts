/**
 * Streams between clients and the runtime: exec, attach and port-forward. What the runtime speaks
 * itself (SPDY, WebSocket v4) is tunnelled raw; the rest is translated.
 */
import type { Socket } from 'node:net';
import {
  type BridgeRequest,
  bridge,
  needsBridge,
  type StreamKind,
} from '../../../machinery/streaming/bridge.ts';
import type { StreamFlags } from '../../../machinery/streaming/command-side.ts';
import {
  passRefusalOn,
  refuse,
  refusesProtocol,
  UpgradeRefused,
  type UpgradeRequest,
} from '../../../machinery/streaming/upgrade.ts';
import { spdyHeaders, upgradeToRuntime, webSocketToRuntime } from './runtime-upgrade.ts';
import { closeWhenIdle, tunnel } from './tunnel.ts';

/** Clients open the streams of a command within this time, or are sent away. */
const streamCreationMs = 30_000;

export interface StreamRequest extends UpgradeRequest {
  /**
   * A fresh one-time URL of the runtime's streaming server. `port`: for a port-forward, the only
   * one that is wanted.
   */
  readonly url: (port?: number) => Promise<string>;
  readonly kind: StreamKind;
  readonly flags: StreamFlags;
  readonly ports: readonly number[];
  /** Silence for so long ends the connection; 0: never. */
  readonly idleMs: number;
}

/** Takes over the connection; answers by itself when something is wrong. */
export async function stream(request: StreamRequest): Promise<void> {
  const { socket, kind, idleMs } = request;
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  socket.once('close', abort);
  try {
    if (!needsBridge(request, kind)) {
      try {
        await tunnel(request, await request.url(), idleMs, gone.signal);
        return;
      } catch (e) {
        if (!refusesProtocol(e)) throw e;
        // A runtime that does not speak the client's protocol. The first refusal is the better one.
        await translate(request, gone.signal).catch(() => {
          throw e;
        });
        return;
      }
    }
    await translate(request, gone.signal);
  } catch (e) {
    if (!gone.signal.aborted) answerRefusal(request, e);
  } finally {
    socket.removeListener('close', abort);
  }
}

function translate(request: StreamRequest, gone: AbortSignal): Promise<void> {
  const { kind, idleMs, url } = request;
  if (idleMs > 0) closeWhenIdle(request.socket as Socket, idleMs);
  const backend: BridgeRequest['backend'] = {
    spdy: async (protocols) => upgradeToRuntime(await url(), 'POST', spdyHeaders(protocols), gone),
    webSocket: async (protocols, port) => webSocketToRuntime(await url(port), protocols, gone),
  };
  return bridge({ ...request, kind, backend, giveUp: AbortSignal.timeout(streamCreationMs) });
}

function answerRefusal({ socket }: StreamRequest, e: unknown): void {
  if (e instanceof UpgradeRefused) passRefusalOn(socket, e);
  else refuse(socket, 502, `error dialing backend: ${(e as Error).message}`);
}
