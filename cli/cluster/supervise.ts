/**
 * The supervisor's process, which `k8ts up` turns into: it loads little, since it runs for as long
 * as the cluster does. The one argument is the data directory.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { pathToFileURL } from 'node:url';
import { reportingFailure } from '../report.ts';
import { rootSignal } from '../signals.ts';
import { runCluster } from './cluster.ts';
import { takeDataDir } from './control-socket.ts';
import { type ClusterSettings, Layout } from './layout.ts';

/** Turns this process into the supervisor: same pid, same terminal. Does not return. */
export function becomeSupervisor(settings: ClusterSettings, layout: Layout): never {
  writeFileSync(layout.settings, `${JSON.stringify(settings, null, 2)}\n`);
  // What was compiled here is not compiled again there.
  flushCompileCache();
  const { execPath, execArgv, env } = process;
  if (process.execve === undefined) throw new Error('k8ts up needs Linux and Node 24 or newer');
  return process.execve(execPath, [execPath, ...execArgv, import.meta.filename, layout.root], env);
}

async function supervise(dataDir: string): Promise<void> {
  const signal = rootSignal();
  const layout = new Layout(dataDir);
  const settings = JSON.parse(readFileSync(layout.settings, 'utf8')) as ClusterSettings;
  const asked = new AbortController();
  const stop = AbortSignal.any([signal, asked.signal]);
  await using control = await takeDataDir(layout, () => asked.abort());
  writeFileSync(layout.pid('supervisor'), `${process.pid}\n`);
  // A terminal that went away must not end the cluster half-way.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    await runCluster(settings, layout, stop, (line) => {
      console.log(line);
      control.tell(line);
    });
  } finally {
    rmSync(layout.pid('supervisor'), { force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await reportingFailure(() => supervise(process.argv[2] ?? ''));
}
