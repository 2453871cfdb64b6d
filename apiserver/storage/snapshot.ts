/** Restores the embedded store from a snapshot that `Storage.snapshot` has written. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { writeAtomically } from './atomic-file.ts';
import { EmbeddedStorage } from './embedded/embedded.ts';
import { StoreFileError, storePath } from './embedded/store-file.ts';

/**
 * A restored store goes on so many revisions later, so that none is given out twice with other
 * content: clients may have seen some after the snapshot was taken.
 */
const revisionsAhead = 1_000_000_000;

export interface RestoredStore {
  readonly keys: number;
  /** The revision of the snapshot. */
  readonly snapshotRevision: number;
  /** The revision that the restored store starts with. */
  readonly revision: number;
}

/**
 * Makes a store in `dataDir` from a snapshot, after checking that the snapshot is whole. Throws
 * StoreFileError with one line that says what is wrong; an existing store is never overwritten.
 */
export async function restoreSnapshot(snapshot: string, dataDir: string): Promise<RestoredStore> {
  const path = storePath(dataDir);
  if (existsSync(path)) throw new StoreFileError(`${dataDir} already holds a store`);
  await checkSnapshot(snapshot);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeAtomically(path, (partial) => copyFile(snapshot, partial));
  let snapshotRevision: number;
  {
    await using storage = await EmbeddedStorage.open({ dataDir });
    snapshotRevision = await storage.currentRevision();
  }
  const minRevision = snapshotRevision + revisionsAhead;
  await using storage = await EmbeddedStorage.open({ dataDir, minRevision });
  const { count } = await storage.range('', { limit: 1 });
  return { keys: count, snapshotRevision, revision: await storage.currentRevision() };
}

/** Reads the whole file: a damaged snapshot must not become a store. */
async function checkSnapshot(path: string): Promise<void> {
  let problem: string | undefined;
  try {
    if ((await stat(path)).size === 0) problem = 'it is empty';
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      const [result] = db.prepare('PRAGMA integrity_check(1)').all();
      if (result?.['integrity_check'] !== 'ok') problem ??= String(result?.['integrity_check']);
    } finally {
      db.close();
    }
  } catch (error) {
    problem ??= error instanceof Error ? error.message : String(error);
  }
  if (problem !== undefined) throw new StoreFileError(`cannot restore ${path}: ${problem}`);
}
