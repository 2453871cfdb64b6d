/** Looks into a Node process that was started with `--inspect`. */

interface Answer {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
  readonly method?: string;
  readonly params?: { readonly callFrames?: readonly Frame[] };
}

interface Frame {
  readonly functionName: string;
  readonly url: string;
  readonly location: { readonly lineNumber: number };
}

/** A connection to the inspector of a process. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #paused: ((frames: readonly Frame[]) => void) | undefined;
  #lastId = 0;

  /** `address` is the ws:// line that the process prints. */
  static async connect(address: string): Promise<Inspector> {
    const socket = new WebSocket(address);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('error', () => reject(new Error('no inspector')), { once: true });
    });
    return new Inspector(socket);
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', (event) => {
      const answer = JSON.parse(String(event.data)) as Answer;
      if (answer.method === 'Debugger.paused') this.#paused?.(answer.params?.callFrames ?? []);
      if (answer.id === undefined) return;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /** Bytes in use after a garbage collection: heap, and buffers outside it. */
  async memory(): Promise<number> {
    // Buffers are freed by finalizers, which run after the collection that found them.
    for (let i = 0; i < 3; i++) await this.#ask('HeapProfiler.collectGarbage', {});
    return this.#number('(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())');
  }

  /** Timers that run: what is forgotten usually has one. */
  timers(): Promise<number> {
    return this.#number(`process.getActiveResourcesInfo().filter((r) => r === 'Timeout').length`);
  }

  /** Where a process is that does not answer: its stack, innermost first. */
  async stack(): Promise<string> {
    const paused = new Promise<readonly Frame[]>((resolve) => {
      this.#paused = resolve;
    });
    void this.#ask('Debugger.enable', {});
    void this.#ask('Debugger.pause', {});
    const idle = new Promise<readonly Frame[]>((resolve) => setTimeout(() => resolve([]), 2000));
    const frames = await Promise.race([paused, idle]);
    void this.#ask('Debugger.disable', {});
    return frames
      .slice(0, 12)
      .map((f) => `    at ${f.functionName} (${f.url}:${f.location.lineNumber + 1})`)
      .join('\n');
  }

  close(): void {
    this.#socket.close();
  }

  async #number(expression: string): Promise<number> {
    const answer = await this.#ask('Runtime.evaluate', { expression, returnByValue: true });
    return Number(answer.result?.result?.value);
  }

  #ask(method: string, params: object): Promise<Answer> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
