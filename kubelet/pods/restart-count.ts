/** The restart count of a container of which the runtime has nothing: by the logs it left. */
import { readdir } from 'node:fs/promises';

/** One more than the highest `<n>.log…` in the folder; 0 when there is none. */
export async function restartCountByLogs(folder: string): Promise<number> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  const counts = names.map((n) => /^(\d+)\.log(?:\..*)?$/.exec(n)?.[1]).filter((n) => n);
  return counts.reduce((max, n) => Math.max(max, Number(n) + 1), 0);
}
