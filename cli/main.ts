/** `k8ts`: picks the subcommand and loads only its code. */
import { Command } from 'commander';
import type { Start } from './command.ts';
import { commands } from './commands.ts';
import { freeMemory } from './free-memory.ts';
import { reportingFailure } from './report.ts';
import { rootSignal } from './signals.ts';

const wanted = process.argv[2];
const program = new Command('k8ts').description(
  'Kubernetes API-compatible control plane and node agent',
);
const run = (start: Start) => {
  freeMemory();
  return start(rootSignal());
};
for (const [name, [description, load]] of Object.entries(commands)) {
  const command = program.command(name).description(description);
  if (name === wanted) (await load()).define(command, run);
}
program.showHelpAfterError("(try 'k8ts --help')");
await reportingFailure(() => program.parseAsync());
