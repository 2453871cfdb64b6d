/** A copy of the embedded store as it is, for who may read everything: `GET /k8ts/snapshot`. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Storage } from '../storage/storage.ts';
import type { StreamResponse } from './api-response.ts';

/**
 * Where it is: not below /debug, which some may read who must not read secrets.
 */
export const snapshotPath = '/k8ts/snapshot';

/** Writes the copy beside the store, in a folder for this server alone, and sends it. */
export function snapshotAnswer(
  storage: Pick<Storage, 'snapshot'>,
  dataDir: string,
): StreamResponse {
  return {
    async stream(response) {
      const folder = await mkdtemp(join(dataDir, 'snapshot-'));
      try {
        const path = join(folder, 'k8ts.db');
        await storage.snapshot(path);
        const { size } = await stat(path);
        response.writeHead(200, {
          'Cache-Control': 'no-store',
          'Content-Type': 'application/vnd.sqlite3',
          'Content-Length': String(size),
        });
        await pipeline(createReadStream(path), response);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
