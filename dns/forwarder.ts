/**
 * Asks other servers for names the cluster does not own. Queries and answers pass as bytes, with
 * the id exchanged; each goes out from a port of its own with a random id (RFC 5452).
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIP } from 'node:net';
import type { Clock } from '../machinery/meta/clock.ts';
import type { Upstream } from './resolv-conf.ts';

export interface ForwarderOptions {
  readonly clock: Clock;
  /** Asked in this order; one that failed lately comes last. */
  readonly upstreams: readonly Upstream[];
  /** How long one server may take. */
  readonly timeoutMs: number;
}

/** Questions under way at most; further ones are turned down. */
const limitUnderWay = 1000;
/** A server that failed is not asked first for so long. */
const distrustMs = 10_000;

export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #failedAtMs = new Map<Upstream, number>();
  /** Servers whose questions come back to us. */
  readonly #loops = new Set<Upstream>();
  #underWay = 0;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  get upstreams(): readonly Upstream[] {
    return this.#options.upstreams.filter((one) => !this.#loops.has(one));
  }

  /** Never asks this server again: it asks us. */
  exclude(upstream: Upstream): void {
    this.#loops.add(upstream);
  }

  /**
   * The answer to the query, with the query's id; undefined when no server answered, or too many
   * questions are under way. `tcp`: the client came by TCP, so that answers may be long.
   */
  async ask(query: Buffer, tcp: boolean): Promise<Buffer | undefined> {
    if (this.#underWay >= limitUnderWay) return undefined;
    this.#underWay++;
    try {
      for (const upstream of this.#order()) {
        const answer = await this.askOne(upstream, query, tcp);
        if (answer !== undefined) {
          this.#failedAtMs.delete(upstream);
          return answer;
        }
        this.#failedAtMs.set(upstream, this.#options.clock.now());
      }
      return undefined;
    } finally {
      this.#underWay--;
    }
  }

  /** Asks one server; undefined when it does not answer in time. */
  async askOne(upstream: Upstream, query: Buffer, tcp: boolean): Promise<Buffer | undefined> {
    const sent = Buffer.from(query);
    const id = randomInt(0x1_0000);
    sent.writeUInt16BE(id, 0);
    const { timeoutMs } = this.#options;
    let answer = await (tcp ? askTcp : askUdp)(upstream, sent, id, timeoutMs);
    const truncated = answer !== undefined && (answer.readUInt16BE(2) & 0x0200) !== 0;
    // Over UDP the client is told and comes back by TCP; over TCP there is no more to say.
    if (truncated && tcp) answer = undefined;
    if (answer === undefined) return undefined;
    const result = Buffer.from(answer);
    query.copy(result, 0, 0, 2);
    return result;
  }

  #order(): Upstream[] {
    const now = this.#options.clock.now();
    const distrusted = (one: Upstream) =>
      now - (this.#failedAtMs.get(one) ?? -Infinity) < distrustMs;
    const usable = this.upstreams;
    return [...usable.filter((one) => !distrusted(one)), ...usable.filter(distrusted)];
  }
}

/** True for the answer to the question sent: same id, and marked as an answer. */
function isAnswer(bytes: Buffer, sent: Buffer, id: number): boolean {
  if (bytes.length < 12 || bytes.readUInt16BE(0) !== id) return false;
  if ((bytes.readUInt16BE(2) & 0x8000) === 0) return false;
  // Servers repeat the question as it was; one that leaves it out is believed by its id.
  if (bytes.readUInt16BE(4) === 0) return true;
  let end = 12;
  while (end < sent.length && sent[end] !== 0) end += sent[end]! + 1;
  const question = sent.subarray(12, end + 5);
  const repeated = bytes.subarray(12, end + 5);
  return question.toString('latin1').toLowerCase() === repeated.toString('latin1').toLowerCase();
}

function askUdp(
  { address, port }: Upstream,
  query: Buffer,
  id: number,
  timeoutMs: number,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(address.split('%', 1)[0]!) === 6 ? 'udp6' : 'udp4');
    const done = (answer: Buffer | undefined) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => done(undefined), timeoutMs);
    socket.on('error', () => done(undefined));
    socket.on('message', (bytes) => {
      if (isAnswer(bytes, query, id)) done(bytes);
    });
    // Connected: only this server's datagrams come in, and its refusals are errors.
    socket.connect(port, address, () => socket.send(query));
  });
}

function askTcp(
  { address, port }: Upstream,
  query: Buffer,
  id: number,
  timeoutMs: number,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    let received: Buffer = Buffer.alloc(0);
    const done = (answer: Buffer | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => done(undefined), timeoutMs);
    socket.on('error', () => done(undefined));
    socket.on('close', () => done(undefined));
    socket.on('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length, 0);
      socket.write(Buffer.concat([length, query]));
    });
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2) return;
      const end = 2 + received.readUInt16BE(0);
      if (received.length < end) return;
      const answer = received.subarray(2, end);
      done(isAnswer(answer, query, id) ? answer : undefined);
    });
  });
}
