/**
 * Finds upstream servers that ask us in turn (a resolv.conf that leads back here), which would
 * make every question for an outside name go round until it times out.
 */
import { randomBytes } from 'node:crypto';
import { encode } from 'dns-packet';
import { errorFields, type Log } from '../client/log.ts';
import type { Forwarder } from './forwarder.ts';
import type { Upstream } from './resolv-conf.ts';

/** Asks each server once, at the start, for a name that nobody else can know. */
export class LoopProbe {
  readonly #names = new Map<string, Upstream>();
  readonly #forwarder: Forwarder;
  readonly #log: Log;

  constructor(forwarder: Forwarder, log: Log) {
    this.#forwarder = forwarder;
    this.#log = log;
  }

  /** True for a question of ours that came back; its server is not asked again. */
  isProbe(name: string): boolean {
    const upstream = this.#names.get(name.toLowerCase());
    if (upstream === undefined) return false;
    this.#forwarder.exclude(upstream);
    this.#log.error({ upstream: upstream.address }, 'DNS loop: this server asks us; left out');
    return true;
  }

  /** Sends the probes. Failures do not matter: a server that is down is no loop. */
  async run(): Promise<void> {
    for (const upstream of this.#forwarder.upstreams) {
      // The top-level name is reserved (RFC 6761), so that the question stays with the server.
      const name = `${randomBytes(12).toString('hex')}.invalid`;
      this.#names.set(name, upstream);
      const query = encode({ type: 'query', flags: 0x0100, questions: [{ type: 'A', name }] });
      try {
        await this.#forwarder.askOne(upstream, query, false);
      } catch (e) {
        this.#log.debug(errorFields(e), 'loop probe failed');
      }
      this.#names.delete(name);
    }
  }
}
