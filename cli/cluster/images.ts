/** Image archives imported into the cluster's containerd at start: a node without a registry. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Layout } from './layout.ts';

const run = promisify(execFile);
const limitBytes = 16 * 1024 * 1024;

/** The archives of a folder; throws with a line for people when there is none. */
export function imageArchives(folder: string): string[] {
  const archives = existsSync(folder)
    ? readdirSync(folder).filter((name) => /\.tar(\.gz)?$/.test(name))
    : [];
  if (archives.length === 0) throw new Error(`no image archives (*.tar) in ${folder}`);
  return archives.sort().map((name) => join(folder, name));
}

/** Imports what the runtime does not have yet; returns how many archives were imported. */
export async function importImages(layout: Layout, archives: readonly string[]): Promise<number> {
  const ctr = (...args: string[]) =>
    run('ctr', ['-a', layout.containerdSocket, '-n', 'k8s.io', 'images', ...args], {
      maxBuffer: limitBytes,
    });
  const present = new Set((await ctr('ls', '-q')).stdout.split('\n'));
  let imported = 0;
  for (const archive of archives) {
    const names = await imageNames(archive);
    if (names.length > 0 && names.every((name) => present.has(name))) continue;
    await ctr('import', archive);
    imported++;
  }
  return imported;
}

/** Names that an archive gives its images: an OCI layout's, or those of `docker save`. */
async function imageNames(archive: string): Promise<string[]> {
  const text = async (member: string) => {
    try {
      return (await run('tar', ['-xOf', archive, member], { maxBuffer: limitBytes })).stdout;
    } catch {
      // The archive is of the other kind.
      return undefined;
    }
  };
  const index = await text('index.json');
  if (index !== undefined) return namesOfIndex(JSON.parse(index));
  const manifest = await text('manifest.json');
  if (manifest === undefined) return [];
  return (JSON.parse(manifest) as { RepoTags?: string[] }[]).flatMap((m) => m.RepoTags ?? []);
}

interface OciIndex {
  manifests?: { annotations?: Record<string, string> }[];
}

/** Full image names of an OCI layout's index, as containerd reads them. */
export function namesOfIndex(index: OciIndex): string[] {
  return (index.manifests ?? []).flatMap(({ annotations }) => {
    const name = annotations?.['io.containerd.image.name'];
    return name === undefined ? [] : [name];
  });
}
