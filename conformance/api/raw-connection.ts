/** A TLS connection on which a test writes HTTP by hand. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';

export interface RawAnswer {
  readonly status: number;
  /** Header lines, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export class RawConnection {
  readonly #socket: TLSSocket;
  #received = Buffer.alloc(0);
  #ended = false;

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return new RawConnection(socket);
  }

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ended = true;
    });
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
  }

  /** Whether the server has closed the connection. */
  get closed(): boolean {
    return this.#ended;
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  /** A request with the test's token; `headers` without the line ends. */
  send(line: string, headers: readonly string[] = [], body: string | Buffer = ''): void {
    const all = ['Host: x', 'Authorization: Bearer test', ...headers];
    this.write(`${line} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n`);
    if (body.length > 0) this.write(body);
  }

  /** The next answer; undefined when none is complete in time or the connection ends. */
  answer(timeoutMs = 5000): Promise<RawAnswer | undefined> {
    return this.#wait(timeoutMs, true);
  }

  /** As `answer`, for one that has no body whatever its headers say. */
  head(timeoutMs = 5000): Promise<RawAnswer | undefined> {
    return this.#wait(timeoutMs, false);
  }

  async #wait(timeoutMs: number, withBody: boolean): Promise<RawAnswer | undefined> {
    const until = Date.now() + timeoutMs;
    while (Date.now() < until) {
      const found = this.#take(withBody);
      if (found !== undefined) return found;
      if (this.#ended) return undefined;
      await sleep(5);
    }
    return undefined;
  }

  /** Resolves when the server has closed the connection; false when it does not in time. */
  async closes(timeoutMs = 5000): Promise<boolean> {
    for (const until = Date.now() + timeoutMs; Date.now() < until && !this.#ended; ) await sleep(5);
    return this.#ended;
  }

  end(): void {
    this.#socket.destroy();
  }

  #take(withBody: boolean): RawAnswer | undefined {
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const [first = '', ...lines] = this.#received.toString('latin1', 0, headEnd).split('\r\n');
    const headers = new Map(
      lines.map((l): [string, string] => {
        const colon = l.indexOf(':');
        return [l.slice(0, colon).toLowerCase(), l.slice(colon + 1).trim()];
      }),
    );
    const status = Number(first.split(' ')[1]);
    const start = headEnd + 4;
    let end = withBody ? start + Number(headers.get('content-length') ?? 0) : start;
    if (withBody && headers.get('transfer-encoding') === 'chunked') {
      const last = this.#received.indexOf('0\r\n\r\n', start);
      if (last < 0) return undefined;
      end = last + 5;
    }
    if (this.#received.length < end) return undefined;
    const body = this.#received.toString('utf8', start, end);
    this.#received = this.#received.subarray(end);
    return { status, headers, body };
  }
}
