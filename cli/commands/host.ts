/**
 * `k8ts host -- scheduler --kubeconfig F -- proxy --kubeconfig F`: several components in one
 * process. Each Node process costs tens of megabytes before it does anything.
 */
import { Command } from 'commander';
import type { Start } from '../command.ts';
import { commands } from '../commands.ts';

/** Ends when one of the components fails, or when all have stopped. */
export function define(command: Command, run: (start: Start) => Promise<void>): void {
  command
    .argument('<components...>', 'each with its flags, set apart by --')
    .allowUnknownOption()
    .helpOption(false)
    .action(async () => {
      const starts: Start[] = [];
      for (const argv of groups(process.argv.slice(3))) {
        const [name = '', ...flags] = argv;
        const entry = commands[name];
        if (entry === undefined) throw new Error(`no component ${name}`);
        const hosted = new Command(name);
        (await entry[1]()).define(hosted, (start) => {
          starts.push(start);
          return Promise.resolve();
        });
        await hosted.parseAsync(flags, { from: 'user' });
      }
      await run(async (signal) => {
        await Promise.all(starts.map((start) => start(signal)));
      });
    });
}

function groups(argv: readonly string[]): string[][] {
  const out: string[][] = [];
  for (const arg of argv) {
    if (arg === '--') out.push([]);
    else if (out.length === 0) out.push([arg]);
    else out.at(-1)!.push(arg);
  }
  return out.filter((g) => g.length > 0);
}
