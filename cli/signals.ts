/** The root signal of a process: aborts at the first SIGINT, SIGTERM or SIGHUP, exits at the second. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

export function rootSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Under nohup a terminal that goes away is no reason to stop.
    if (isIgnored(constants.signals[name])) continue;
    process.on(name, () => {
      if (controller.signal.aborted && name !== 'SIGHUP') process.exit(130);
      controller.abort(new Error(`stopped by ${name}`));
    });
  }
  return controller.signal;
}

/** True when the process was started with the signal ignored (proc(5), SigIgn). */
function isIgnored(signal: number): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return ((BigInt(`0x${mask ?? '0'}`) >> BigInt(signal - 1)) & 1n) === 1n;
  } catch {
    // No proc file system here.
    return false;
  }
}
