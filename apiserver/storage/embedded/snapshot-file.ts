/** Copies the embedded store's file while it is written to. */
import { backup, type DatabaseSync } from 'node:sqlite';
import { writeAtomically } from '../atomic-file.ts';

/** Pages copied at a time; writes go on in between. */
const pagesPerStep = 64;

/**
 * Writes a consistent copy of a database to `path`: one of the state at the end, with what is
 * written meanwhile.
 */
export async function snapshotTo(db: DatabaseSync, path: string): Promise<void> {
  await writeAtomically(path, async (partial) => {
    await backup(db, partial, { rate: pagesPerStep });
  });
}
