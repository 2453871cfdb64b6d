/**
 * The streams of exec and attach, whatever carries them: one side is the client's connection, the
 * other the runtime's, and `joinCommand` moves data between the two.
 */

export type Channel = 'stdin' | 'stdout' | 'stderr' | 'error' | 'resize';

/** Which streams a command has. With a terminal there is one output, and sizes come in. */
export interface StreamFlags {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** What flows from the runtime to the client; `error` carries how the command ended. */
export function outputsOf(flags: StreamFlags): Channel[] {
  const out: Channel[] = ['error'];
  if (flags.stdout) out.push('stdout');
  if (flags.stderr && !flags.tty) out.push('stderr');
  return out;
}

/** What flows from the client to the runtime. */
export function inputsOf(flags: StreamFlags): Channel[] {
  const out: Channel[] = [];
  if (flags.stdin) out.push('stdin');
  if (flags.tty) out.push('resize');
  return out;
}

/** One connection. The callbacks are set by `joinCommand`; nothing is read before. */
export interface CommandSide {
  /** The protocol tells the command's end as a text, and only when it failed. */
  readonly statusAsText: boolean;
  onData: (channel: Channel, data: Buffer) => void;
  /** The other end will send no more on the channel. */
  onEnd: (channel: Channel) => void;
  /** The connection has ended; told once. */
  onClose: () => void;
  /** Sends; false: the connection is full, wait for `drained`. */
  send(channel: Channel, data: Buffer): boolean;
  /** Resolves when more can be sent, or the connection is closed. */
  drained(): Promise<void>;
  /** No more will be sent on the channel. */
  end(channel: Channel): void;
  pause(): void;
  resume(): void;
  /** Ends the connection behind what has been sent. */
  finish(): void;
  /** Ends it at once. */
  close(): void;
}

/** Joins the two until one of them has ended. Both keep to the pace of the slower one. */
export function joinCommand(client: CommandSide, runtime: CommandSide): void {
  const pump = (from: CommandSide, to: CommandSide, channel: Channel, data: Buffer): void => {
    if (to.send(channel, data)) return;
    from.pause();
    void to.drained().then(() => from.resume());
  };
  const status = client.statusAsText ? new StatusText() : undefined;
  client.onData = (channel, data) => pump(client, runtime, channel, data);
  client.onEnd = (channel) => runtime.end(channel);
  client.onClose = () => runtime.close();
  runtime.onData = (channel, data) => {
    if (channel === 'error' && status !== undefined) status.push(data);
    else pump(runtime, client, channel, data);
  };
  const tell = (): void => {
    const text = status?.take() ?? '';
    if (text !== '') client.send('error', Buffer.from(text));
  };
  runtime.onEnd = (channel) => {
    if (channel === 'error') tell();
    client.end(channel);
  };
  runtime.onClose = () => {
    tell();
    client.finish();
  };
}

/** A Status of the newer protocols as the text of the older. */
class StatusText {
  #parts: Buffer[] = [];

  push(data: Buffer): void {
    this.#parts.push(data);
  }

  /** Empty for a success, and when it has been taken. */
  take(): string {
    const text = Buffer.concat(this.#parts).toString();
    this.#parts = [];
    try {
      const status = JSON.parse(text) as { status?: unknown; message?: unknown };
      if (status.status === 'Success') return '';
      return typeof status.message === 'string' ? status.message : text;
    } catch {
      return text;
    }
  }
}
