/** `k8ts snapshot`: saves the embedded store, of a server that runs or not, and restores it. */
import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { snapshotPath } from '../../apiserver/server/snapshot.ts';
import { EmbeddedStorage } from '../../apiserver/storage/embedded/embedded.ts';
import { storePath } from '../../apiserver/storage/embedded/store-file.ts';
import { restoreSnapshot } from '../../apiserver/storage/snapshot.ts';
import { HttpTransport } from '../../client/http-transport.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import type { Start } from '../command.ts';

/** A server that sends nothing for so long is not waited for. */
const idleTimeoutMs = 60_000;
const maxReasonBytes = 4096;

interface SaveFlags {
  readonly dataDir?: string;
  readonly kubeconfig?: string;
}

export function define(command: Command, run: (start: Start) => Promise<void>): void {
  command
    .command('save <file>')
    .description('write all that is stored to a file')
    .option('--kubeconfig <file>', 'of a server that runs; its user may read everything')
    .option('--data-dir <dir>', 'of a server that does not run')
    .action((file: string, flags: SaveFlags) => run((signal) => save(file, flags, signal)));
  command
    .command('restore <file>')
    .description('make a store from a snapshot, in a data directory that has none')
    .requiredOption('--data-dir <dir>', 'for the API server')
    .action((file: string, { dataDir }: { dataDir: string }) =>
      run(async () => {
        const { keys, snapshotRevision, revision } = await restoreSnapshot(file, dataDir);
        console.log(`restored ${keys} keys of revision ${snapshotRevision}`);
        console.log(`the store in ${resolve(dataDir)} goes on at revision ${revision}`);
      }),
    );
}

async function save(file: string, flags: SaveFlags, signal: AbortSignal): Promise<void> {
  const { dataDir, kubeconfig } = flags;
  if ((dataDir === undefined) === (kubeconfig === undefined)) {
    throw new Error(
      'either --kubeconfig of a server that runs, or --data-dir of one that does not',
    );
  }
  if (existsSync(file)) throw new Error(`${file} is there already`);
  if (kubeconfig !== undefined) await fetchSnapshot(kubeconfig, file, signal);
  else {
    if (!existsSync(storePath(dataDir!))) throw new Error(`no store in ${dataDir}`);
    await using storage = await EmbeddedStorage.open({ dataDir: dataDir! });
    await storage.snapshot(file);
  }
  console.log(`saved to ${resolve(file)}`);
}

async function fetchSnapshot(kubeconfig: string, file: string, signal: AbortSignal): Promise<void> {
  const transport = new HttpTransport(loadKubeconfig(kubeconfig), Date.now);
  const partial = `${file}.partial`;
  try {
    const answer = await transport.send({
      method: 'GET',
      path: snapshotPath,
      headers: {},
      signal,
      idleTimeoutMs,
    });
    if (answer.statusCode !== 200) {
      let reason = '';
      for await (const chunk of answer) {
        reason += String(chunk);
        if (reason.length > maxReasonBytes) break;
      }
      throw new Error(`the server answers ${answer.statusCode}: ${reasonOf(reason)}`);
    }
    // It holds all secrets.
    await pipeline(answer, createWriteStream(partial, { mode: 0o600, flags: 'wx' }));
    await rename(partial, file);
  } catch (e) {
    await rm(partial, { force: true });
    throw e;
  } finally {
    transport.close();
  }
}

/** The message of a Status; another text as it is. */
function reasonOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text.trim();
  } catch {
    return text.trim();
  }
}
