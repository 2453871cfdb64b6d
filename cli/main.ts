/** `k8ts`: picks the subcommand and loads only its code. */
import { Command } from 'commander';
import type { Start } from './command.ts';
import { commands } from './commands.ts';
import { rootSignal } from './signals.ts';

const wanted = process.argv[2];
const program = new Command('k8ts').description(
  'Kubernetes API-compatible control plane and node agent',
);
const run = (start: Start) => start(rootSignal());
for (const [name, [description, load]] of Object.entries(commands)) {
  const command = program.command(name).description(description);
  if (name === wanted) (await load()).define(command, run);
}
program.showHelpAfterError("(try 'k8ts --help')");
try {
  await program.parseAsync();
} catch (e) {
  // One line for people; the whole story for those who ask for it.
  console.error(`k8ts: ${e instanceof Error ? e.message : String(e)}`);
  if (process.env['K8TS_DEBUG'] !== undefined) console.error(e);
  process.exitCode = 1;
}
