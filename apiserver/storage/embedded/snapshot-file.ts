/** Copies the embedded store's file while it is written to. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backup, type DatabaseSync } from 'node:sqlite';

/** Pages copied at a time; writes go on in between. */
const pagesPerStep = 256;

/**
 * Writes a consistent copy of a database to `path`, which appears only when it is complete and on
 * disk. The copy is one of the state at the end: what is written meanwhile is in it.
 */
export async function snapshotTo(db: DatabaseSync, path: string): Promise<void> {
  const partial = `${path}.partial`;
  await rm(partial, { force: true });
  try {
    await (await open(partial, 'wx', 0o600)).close();
    await backup(db, partial, { rate: pagesPerStep });
    await sync(partial);
    await rename(partial, path);
    await sync(dirname(path));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function sync(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}
