/**
 * The last words of a container: what it wrote to its termination message file, or the end of its
 * log where the policy says so.
 */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ContainerStatus } from '../cri/messages.ts';
import { readLog } from '../logs/read-log.ts';
import type { ContainerNotes } from './labels.ts';

/** Of the file, and of the log taken instead of it (API reference, terminationMessagePath). */
const maxBytes = 4096;
const maxLogBytes = 2048;
const maxLogLines = 80;

async function readStart(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(maxBytes);
    const { bytesRead } = await file.read(buffer, 0, maxBytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function readLogEnd(path: string): Promise<string> {
  let end = Buffer.alloc(0);
  const options = { tailLines: maxLogLines };
  const never = new AbortController().signal;
  for await (const part of readLog(path, options, async () => false, never)) {
    end = Buffer.concat([end, part]).subarray(-maxLogBytes);
  }
  return end.toString('utf8');
}

/** '' when there is none. Trouble with reading becomes the message, as upstream does it. */
export async function terminationMessage(
  status: ContainerStatus,
  notes: ContainerNotes,
): Promise<string> {
  const logsOnError =
    notes.messagePolicy === 'FallbackToLogsOnError' &&
    status.exitCode !== 0 &&
    status.reason !== 'ContainerCannotRun';
  const path = notes.messagePath === '' ? '' : resolve('/', notes.messagePath);
  const mount = status.mounts.find((m) => path !== '' && m.containerPath === path);
  if (mount !== undefined) {
    try {
      const written = await readStart(mount.hostPath);
      if (written !== '' || !logsOnError) return written;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        return `Error on reading termination log ${mount.hostPath}: ${(error as Error).message}`;
      }
    }
  }
  if (!logsOnError) return '';
  try {
    return await readLogEnd(status.logPath);
  } catch (error) {
    return `Error on reading termination message from logs: ${(error as Error).message}`;
  }
}
