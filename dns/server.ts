/** The sockets: UDP and TCP on each address (RFC 1035, 7766). */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, isIP, type Server, type Socket } from 'node:net';

/** Where to listen. */
export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/** Answers a message; undefined: no answer. Never rejects. */
export type Resolve = (message: Buffer, protocol: 'udp' | 'tcp') => Promise<Buffer | undefined>;

const limitConnections = 500;
const idleMs = 10_000;
/** Questions of one connection under way at most; reading waits for the rest. */
const limitPipelined = 64;

/** Both sockets of one address; `port` is the one really taken. */
export interface DnsListener extends AsyncDisposable {
  readonly port: number;
}

/** Listens; rejects when the address is not there or the port is taken. */
export async function listen(at: ListenAddress, resolve: Resolve): Promise<DnsListener> {
  const tcp = createServer((socket) => serveConnection(socket, resolve));
  tcp.maxConnections = limitConnections;
  await listening(tcp, () => tcp.listen(at.port, at.address));
  const taken = (tcp.address() as { port: number }).port;
  const udp = createSocket(isIP(at.address) === 6 ? 'udp6' : 'udp4');
  try {
    await listening(udp, () => udp.bind(taken, at.address));
  } catch (e) {
    tcp.close();
    throw e;
  }
  const connections = new Set<Socket>();
  tcp.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  udp.on('error', () => {});
  udp.on('message', (message, from) => {
    void resolve(message, 'udp').then((answer) => {
      if (answer !== undefined) send(udp, answer, from.port, from.address);
    });
  });
  let closed = false;
  const close = (): Promise<void> => {
    if (closed) return Promise.resolve();
    closed = true;
    udp.close();
    for (const socket of connections) socket.destroy();
    return new Promise((done) => tcp.close(() => done()));
  };
  return { port: taken, [Symbol.asyncDispose]: close };
}

function send(udp: UdpSocket, answer: Buffer, port: number, address: string): void {
  try {
    udp.send(answer, port, address, () => {});
  } catch {
    // Closed meanwhile: the client asks again.
  }
}

function listening(socket: Server | UdpSocket, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('listening', () => {
      socket.removeListener('error', reject);
      resolve();
    });
    start();
  });
}

function serveConnection(socket: Socket, resolve: Resolve): void {
  let received: Buffer = Buffer.alloc(0);
  let underWay = 0;
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => {});
  const answered = (answer: Buffer | undefined) => {
    underWay--;
    if (answer !== undefined && !socket.destroyed) {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length, 0);
      socket.write(Buffer.concat([length, answer]));
    }
    if (underWay < limitPipelined) socket.resume();
  };
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    while (received.length >= 2) {
      const end = 2 + received.readUInt16BE(0);
      if (received.length < end) break;
      underWay++;
      void resolve(received.subarray(2, end), 'tcp').then(answered);
      received = received.subarray(end);
    }
    if (underWay >= limitPipelined) socket.pause();
  });
}
