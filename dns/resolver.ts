/** From a message to its answer: the cluster's own names first, others by asking upstream. */
import { type Answer, decode, encode } from 'dns-packet';
import { answer, followsAlias, type Outcome, type Reply, type Zone } from './answer.ts';
import type { Forwarder } from './forwarder.ts';
import {
  encodeRefusal,
  encodeResponse,
  parseQuery,
  type Query,
  type Rcode,
  udpLimitBytes,
} from './message.ts';
import type { DnsMetrics } from './metrics.ts';
import type { View } from './records.ts';

export interface ResolverOptions {
  readonly view: View;
  readonly zone: () => Zone;
  /** Undefined: other names are refused. */
  readonly forwarder: Forwarder | undefined;
  readonly metrics: DnsMetrics;
  /** False while the view is not complete: answers would be wrong. */
  readonly isReady: () => boolean;
  /** Sees names of other zones before they are forwarded; true: it is ours, drop it. */
  readonly isProbe: (name: string) => boolean;
}

const tcpLimitBytes = 65_535;
const none = { answers: [], authorities: [], additionals: [] };

export class Resolver {
  readonly #options: ResolverOptions;
  #turn = 0;

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /** The bytes to send back; undefined: nothing is sent. Never rejects. */
  async resolve(message: Buffer, protocol: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    const query = parseQuery(message);
    if (query === undefined) return undefined;
    if ('refuse' in query) return encodeRefusal(query.id, query.refuse);
    const end = this.#options.metrics.started(protocol, query.question.type);
    let code: Rcode = 'SERVFAIL';
    try {
      if (!this.#options.isReady()) return this.#fail(query, protocol, code);
      const outcome = answer(query.question, this.#options.view, this.#options.zone());
      if (outcome === 'elsewhere') {
        const forwarded = await this.#forward(message, query, protocol);
        if (forwarded !== undefined) code = codeOf(forwarded);
        return forwarded;
      }
      const reply = this.#rotate(await this.#follow(query, outcome));
      code = reply.code;
      const response = { ...reply, authoritative: true, recursive: this.#recursive };
      return encodeResponse(query, response, limitOf(query, protocol));
    } catch {
      return this.#fail(query, protocol, 'SERVFAIL');
    } finally {
      end(code);
    }
  }

  /** Clients tend to take the first address: each gets another one. */
  #rotate(reply: Reply): Reply {
    const { answers } = reply;
    const plain = answers.every((a) => a.type === 'A' || a.type === 'AAAA');
    if (answers.length < 2 || !plain) return reply;
    this.#turn = (this.#turn + 1) % answers.length;
    return { ...reply, answers: [...answers.slice(this.#turn), ...answers.slice(0, this.#turn)] };
  }

  get #recursive(): boolean {
    return this.#options.forwarder !== undefined;
  }

  #fail(query: Query, protocol: 'udp' | 'tcp', code: Rcode): Buffer {
    const response = { code, authoritative: false, recursive: this.#recursive, ...none };
    return encodeResponse(query, response, limitOf(query, protocol));
  }

  async #forward(
    message: Buffer,
    query: Query,
    protocol: 'udp' | 'tcp',
  ): Promise<Buffer | undefined> {
    const { forwarder, isProbe } = this.#options;
    if (isProbe(query.question.name)) return undefined;
    if (forwarder === undefined) return this.#fail(query, protocol, 'REFUSED');
    const found = await forwarder.ask(message, protocol === 'tcp');
    return found ?? this.#fail(query, protocol, 'SERVFAIL');
  }

  /** Adds the addresses behind an alias, as far as they can be had. */
  async #follow(query: Query, reply: Reply): Promise<Reply> {
    const { alias } = reply;
    if (alias === undefined || !followsAlias(query.question.type)) return reply;
    const question = { ...query.question, name: alias, class: 'IN' as const };
    const own: Outcome = answer(question, this.#options.view, this.#options.zone());
    if (own !== 'elsewhere') return { ...reply, answers: [...reply.answers, ...own.answers] };
    const { forwarder } = this.#options;
    if (forwarder === undefined) return reply;
    const flags = 0x0100;
    const sent = encode({ type: 'query', id: 0, flags, questions: [question] });
    const found = await forwarder.ask(sent, true);
    if (found === undefined) return reply;
    return { ...reply, answers: [...reply.answers, ...usableRecords(found)] };
  }
}

function usableRecords(message: Buffer): Answer[] {
  try {
    const records = decode(message).answers ?? [];
    return records.filter((r) => r.type === 'A' || r.type === 'AAAA' || r.type === 'CNAME');
  } catch {
    // An answer that cannot be read adds nothing.
    return [];
  }
}

function limitOf(query: Query, protocol: 'udp' | 'tcp'): number {
  return protocol === 'tcp' ? tcpLimitBytes : udpLimitBytes(query);
}

const names: readonly Rcode[] = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

function codeOf(message: Buffer): Rcode {
  return names[message.readUInt8(3) & 0xf] ?? 'SERVFAIL';
}
