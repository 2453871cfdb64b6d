/** The DNS server's metrics, under the names dashboards of cluster DNS know. */
import { Counter, Histogram, Registry } from 'prom-client';
import type { Rcode } from './message.ts';

const knownTypes = new Set(['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT']);

export class DnsMetrics {
  readonly registry = new Registry();
  readonly #requests: Counter<'proto' | 'type'>;
  readonly #responses: Counter<'rcode'>;
  readonly #seconds: Histogram;

  constructor() {
    const registers = [this.registry];
    this.#requests = new Counter({
      name: 'coredns_dns_requests_total',
      help: 'Questions, by protocol and type.',
      labelNames: ['proto', 'type'],
      registers,
    });
    this.#responses = new Counter({
      name: 'coredns_dns_responses_total',
      help: 'Answers, by response code.',
      labelNames: ['rcode'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'coredns_dns_request_duration_seconds',
      help: 'Time until a question was answered.',
      buckets: Array.from({ length: 16 }, (_, i) => 0.000_25 * 2 ** i),
      registers,
    });
  }

  /** Counts a question; the function it returns counts the answer. */
  started(proto: 'udp' | 'tcp', type: string): (code: Rcode) => void {
    this.#requests.inc({ proto, type: knownTypes.has(type) ? type : 'other' });
    const startMs = performance.now();
    return (rcode) => {
      this.#responses.inc({ rcode });
      this.#seconds.observe((performance.now() - startMs) / 1000);
    };
  }
}
