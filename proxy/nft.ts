/** Running the tools of the kernel's packet filter: one short process per batch of changes. */
import { spawn } from 'node:child_process';

/** What came of a process. */
export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in this process's network namespace. */
export type RunTool = (
  program: string,
  args: readonly string[],
  input?: string,
) => Promise<ToolResult>;

const timeoutMs = 60_000;
const limitOutputBytes = 64 * 1024 * 1024;

/** Runs a real process; rejects when it cannot be started. */
export const runTool: RunTool = (program, args, input) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (chunk: string) => {
        if (output[name].length < limitOutputBytes) output[name] += chunk;
      });
    }
    child.once('error', reject);
    // A tool that fails early closes its input; its exit code tells.
    child.stdin.on('error', () => {});
    child.once('close', (code) => resolve({ code: code ?? -1, ...output }));
    child.stdin.end(input ?? '');
  });

/** Loads a script in one transaction; throws with what nft says. */
export async function loadScript(run: RunTool, script: string): Promise<void> {
  const { code, stderr } = await run('nft', ['-f', '-'], script);
  if (code !== 0) throw new Error(`nft failed (${code}): ${stderr.trim().slice(0, 2000)}`);
}

/** The path of a program in $PATH, as the shell finds it; undefined when it is not there. */
export async function isInstalled(run: RunTool, program: string): Promise<boolean> {
  try {
    await run(program, ['--version']);
    return true;
  } catch {
    return false;
  }
}
