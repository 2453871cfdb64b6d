/**
 * Answers that go on for long, sent on a WebSocket, which is how browsers and some client libraries
 * read watches and logs: each event of a watch is a message, and so is each piece of a log.
 * Source of the rule: k8s.io/apiserver handlers/watch.go (HandleWS) and
 * k8s.io/apimachinery util/httpstream/wsstream (Reader).
 */
import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import {
  acceptWebSocket,
  offeredProtocols,
  UpgradeRefused,
  type UpgradeRequest,
} from '../../machinery/streaming/upgrade.ts';

const normalClosure = 1000;
const newline = 0x0a;
/** In front of each event of a binary watch. */
const lengthBytes = 4;
/** Under this name a browser's token comes, which is no protocol (auth/authenticator.ts). */
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.';

/** Cuts what was written into messages, and says whether they are text. */
interface Framing {
  readonly protocol: string;
  readonly text: boolean;
  messages(written: Buffer): Iterable<Buffer | string>;
}

/**
 * Stands where the HTTP response of a stream stands: its head switches the connection over, what is
 * written goes out as messages. Nothing is sent before the head, so that a refusal can still be an
 * ordinary HTTP answer.
 */
export class WebSocketAnswer extends Writable {
  statusCode = 200;
  headersSent = false;
  readonly #request: UpgradeRequest;
  #framing: Framing | undefined;
  #ws: WebSocket | undefined;

  constructor(request: UpgradeRequest) {
    super({ highWaterMark: 256 * 1024 });
    this.#request = request;
    request.socket.once('close', () => this.destroy());
  }

  /** For code that writes to responses; what a switched connection has no use for does nothing. */
  asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }

  setHeader(): this {
    return this;
  }

  appendHeader(): this {
    return this;
  }

  flushHeaders(): void {}

  /** Throws UpgradeRefused when the request for the WebSocket is no good. */
  writeHead(code: number, headers: Readonly<Record<string, string | readonly string[]>>): this {
    const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type');
    const offered = offeredProtocols(this.#request.req).filter((p) => !p.startsWith(tokenProtocol));
    this.#framing = framingFor(String(type?.[1] ?? ''), offered);
    const ws = acceptWebSocket(this.#request, this.#framing.protocol);
    this.statusCode = code;
    this.headersSent = true;
    ws.on('error', () => ws.terminate());
    // What the client sends is of no interest; it is read so that its end is seen.
    ws.on('message', () => undefined);
    this.#ws = ws;
    return this;
  }

  override _write(written: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    const ws = this.#ws;
    const framing = this.#framing;
    if (ws === undefined || framing === undefined) {
      done(new Error('written before the head'));
      return;
    }
    let unsent = 1;
    const sent = (): void => {
      unsent--;
      // Whether the client still reads is seen from its connection.
      if (unsent === 0) done();
    };
    for (const message of framing.messages(written)) {
      unsent++;
      ws.send(message, { binary: !framing.text }, sent);
    }
    sent();
  }

  override _final(done: () => void): void {
    this.#ws?.close(normalClosure);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.writableFinished) this.#ws?.terminate();
    done(error);
  }
}

/**
 * Of a watch by its media type, under whatever name the client gives to the protocol; of a log by
 * what the client offers.
 */
function framingFor(contentType: string, offered: readonly string[]): Framing {
  const protocol = offered[0] ?? '';
  if (contentType.includes('json')) return { protocol, text: true, messages: lines };
  if (contentType.includes('cbor')) return { protocol, text: false, messages: (w) => [w] };
  if (!contentType.startsWith('text/')) return { protocol, text: false, messages: records };
  if (offered.length === 0 || offered.includes('binary.k8s.io')) {
    const named = offered.length === 0 ? '' : 'binary.k8s.io';
    return { protocol: named, text: false, messages: (written) => [written] };
  }
  if (offered.includes('base64.binary.k8s.io')) {
    const messages = (written: Buffer) => [written.toString('base64')];
    return { protocol: 'base64.binary.k8s.io', text: true, messages };
  }
  const known = 'binary.k8s.io, base64.binary.k8s.io';
  throw new UpgradeRefused(
    403,
    {},
    `requested protocol(s) are not supported: ${offered.join(', ')}; supports ${known}`,
  );
}

/** JSON events end with a line break, which stays with them. */
function* lines(written: Buffer): Generator<string> {
  for (let from = 0; from < written.length; ) {
    const end = written.indexOf(newline, from);
    const to = end < 0 ? written.length : end + 1;
    yield written.toString('utf8', from, to);
    from = to;
  }
}

/** Binary events are written behind their length; a message has a length of its own. */
function* records(written: Buffer): Generator<Buffer> {
  for (let at = 0; at + lengthBytes <= written.length; ) {
    const length = written.readUInt32BE(at);
    at += lengthBytes;
    yield written.subarray(at, at + length);
    at += length;
  }
}
