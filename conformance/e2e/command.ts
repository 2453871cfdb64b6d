/** Running programs: with a time limit, with what they said in the error. */
import { spawn } from 'node:child_process';

export interface CommandOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  /** -1 when it was ended by a signal or the time limit. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const defaultTimeoutMs = 60_000;

/** Runs to the end, whatever the exit code. */
export function tryRun(argv: readonly string[], options: CommandOptions = {}) {
  const { input, timeoutMs = defaultTimeoutMs, env = {} } = options;
  const [program = '', ...args] = argv;
  return new Promise<CommandResult>((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        output[name] += chunk;
      });
    }
    // A program that ends early closes its input; its exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, ...output }));
  });
}

/** Runs and returns what was written; throws with it when the program fails. */
export async function run(argv: readonly string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await tryRun(argv, options);
  if (code === 0) return stdout;
  const said = `${stdout}${stderr}`.trim().slice(-1500);
  throw new Error(`${argv.join(' ').slice(0, 200)} ended with ${code}:\n${said}`);
}

/** A program that runs beside the steps; ended at the latest when disposed. */
export interface Background extends AsyncDisposable {
  /** What it wrote so far. */
  output(): string;
  /** Resolves when the output matches; rejects when it ended or time is up. */
  until(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export function background(argv: readonly string[]): Background {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  let ended = false;
  const end = new Promise<void>((resolve) => {
    child.once('close', () => {
      ended = true;
      resolve();
    });
    child.once('error', (e) => {
      text += e.message;
      ended = true;
      resolve();
    });
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    const force = setTimeout(() => child.kill('SIGKILL'), 5000);
    await end;
    clearTimeout(force);
  };
  return {
    output: () => text,
    async until(pattern, timeoutMs = 20_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const match = pattern.exec(text);
        if (match !== null) return match;
        if (ended || Date.now() > deadline) {
          throw new Error(`${argv.at(-1)} did not say ${pattern}:\n${text.slice(-1500)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** Tries again until it does not throw; throws the last error when time is up. */
export async function eventually<T>(work: () => Promise<T>, timeoutMs = 30_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
