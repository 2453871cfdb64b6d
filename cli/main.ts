/** `k8ts`: picks the subcommand and loads only its code. */
import { Command } from 'commander';

/** Subcommands: a line of help and the module that defines it. Adding one is one line here. */
const commands: Readonly<Record<string, readonly [string, () => Promise<CommandModule>]>> = {
  apiserver: ['run the API server', () => import('./commands/apiserver.ts')],
};

/** What a module under commands/ exports. */
export interface CommandModule {
  /** Adds flags and the action to a command of its own. */
  define(command: Command): void;
}

const wanted = process.argv[2];
const program = new Command('k8ts').description(
  'Kubernetes API-compatible control plane and node agent',
);
for (const [name, [description, load]] of Object.entries(commands)) {
  const command = program.command(name).description(description);
  if (name === wanted) (await load()).define(command);
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
