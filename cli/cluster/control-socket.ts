/**
 * The supervisor's socket: holding it means owning the data directory, and `k8ts down` asks
 * through it. A supervisor that was killed leaves a socket nobody answers on.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Layout } from './layout.ts';
import { isOurs } from './supervisor.ts';

/** The longest path of a UNIX socket (unix(7)), without the ending zero. */
const maxSocketPath = 107;

export interface ControlSocket extends AsyncDisposable {
  /** Sends a line to those who asked for the end. */
  tell(line: string): void;
}

/** Rejects with a line for people when the directory cannot be taken. */
export async function checkDataDir(layout: Layout): Promise<void> {
  if (`${layout.containerdSocket}.ttrpc`.length > maxSocketPath) {
    throw new Error(
      `the path ${layout.root} is too long for the sockets below it: choose a shorter --data-dir`,
    );
  }
  const other = await connectTo(layout);
  if (other === undefined) return;
  other.destroy();
  throw new Error(
    `a cluster already runs on ${layout.root}: stop it with 'k8ts down', or use another --data-dir`,
  );
}

/**
 * Takes the data directory; rejects with a line for people when another supervisor has it.
 * `onDown` is called when somebody asks to stop.
 */
export async function takeDataDir(layout: Layout, onDown: () => void): Promise<ControlSocket> {
  mkdirSync(dirname(layout.control), { recursive: true, mode: 0o700 });
  const asking = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => asking.delete(socket));
    socket.on('close', () => asking.delete(socket));
    socket.once('data', () => {
      asking.add(socket);
      onDown();
    });
  });
  if (!(await listen(server, layout.control))) {
    await checkDataDir(layout);
    rmSync(layout.control, { force: true });
    if (!(await listen(server, layout.control))) {
      throw new Error(`another 'k8ts up' starts on ${layout.root} at this moment`);
    }
  }
  return {
    tell(line) {
      for (const socket of asking) socket.write(`${line}\n`);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of asking) socket.end();
      // Closing removes the socket's file: what waits for the end waits for that.
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        setTimeout(() => {
          for (const s of asking) s.destroy();
        }, 500).unref();
      });
    },
  };
}

/**
 * Asks a running supervisor to stop and shows what it says until it has. False when none runs.
 */
export async function askDown(layout: Layout, print: (line: string) => void): Promise<boolean> {
  const pidFile = layout.pid('supervisor');
  const socket = await connectTo(layout);
  if (socket === undefined) return false;
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
  socket.setEncoding('utf8');
  socket.write('down\n');
  let rest = '';
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) print(line);
  });
  await new Promise<void>((resolve) => {
    // A supervisor that is killed meanwhile ends the connection too.
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
  });
  // Its last act is to end itself.
  while (isOurs(pid, layout)) await sleep(10);
  return true;
}

/** True when this process is the one that listens now. */
function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(path, () => {
      server.removeAllListeners('error');
      resolve(true);
    });
  });
}

function connectTo(layout: Layout): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(layout.control);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(undefined));
  });
}
