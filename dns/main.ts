/**
 * Wiring of the DNS server.
 *
 * What a cluster needs to use it: the server listens on addresses that pods reach without a
 * service (the node's address, or the address of the pod bridge); with `publish` it creates the
 * Service that holds the cluster's DNS address and an EndpointSlice that leads to this server, so
 * that the service proxy does the rest; kubelets give that address to pods (`clusterDNS`).
 */
import { readFile } from 'node:fs/promises';
import { allowManyListeners, sleep } from '../client/abort.ts';
import type { Client } from '../client/client.ts';
import { InformerFactory } from '../client/informer.ts';
import { errorFields, type Log } from '../client/log.ts';
import * as resources from '../client/resources.ts';
import { TaskGroup } from '../client/task-group.ts';
import { systemClock } from '../machinery/meta/clock.ts';
import { Forwarder } from './forwarder.ts';
import { LoopProbe } from './loop-probe.ts';
import { DnsMetrics } from './metrics.ts';
import { servePages } from './pages.ts';
import { type Publication, publish, withdraw } from './publish.ts';
import { Records } from './records.ts';
import { parseResolvConf, type Upstream } from './resolv-conf.ts';
import { Resolver } from './resolver.ts';
import { type DnsListener, type ListenAddress, listen, type Resolve } from './server.ts';

/** What a DNS server process runs with. */
export interface DnsProcessOptions {
  readonly client: Client;
  readonly log: Log;
  /** `cluster.local` */
  readonly clusterDomain: string;
  /** An address that does not exist yet is waited for. */
  readonly listen: readonly ListenAddress[];
  readonly ttlSeconds: number;
  /** Servers for other names, or the file that names them; neither: other names are refused. */
  readonly upstreams: readonly Upstream[] | { readonly resolvConf: string } | undefined;
  /** Makes the server known to the cluster, see above; left out: somebody else does. */
  readonly publish?: Omit<Publication, 'address' | 'port' | 'metricsPort'>;
  /** 0: off. Served on all addresses, as probes expect. */
  readonly healthPort: number;
  readonly readyPort: number;
  readonly metricsPort: number;
}

/** What holds unless told otherwise; ports as cluster DNS has them. */
export const dnsDefaults = {
  clusterDomain: 'cluster.local',
  ttlSeconds: 5,
  healthPort: 8080,
  readyPort: 8181,
  metricsPort: 9153,
} as const;

const upstreamTimeoutMs = 2000;
const retryMs = 1000;

/** Runs until the signal aborts and everything started has ended; rejects when a part fails. */
export async function run(options: DnsProcessOptions, signal: AbortSignal): Promise<void> {
  const { client, log } = options;
  allowManyListeners(signal);
  const clock = systemClock;
  const metrics = new DnsMetrics();
  const records = new Records(Math.floor(clock.now() / 1000));
  const upstreams = await upstreamsOf(options);
  const forwarder =
    upstreams.length === 0
      ? undefined
      : new Forwarder({ clock, upstreams, timeoutMs: upstreamTimeoutMs });
  const probe = forwarder === undefined ? undefined : new LoopProbe(forwarder, log);
  let ready = false;
  const serverIps = [
    ...new Set(options.publish?.clusterIps ?? options.listen.map((at) => at.address)),
  ];
  const zone = {
    name: options.clusterDomain.toLowerCase().replace(/\.$/, ''),
    ttlSeconds: options.ttlSeconds,
    serverIps,
  };
  const resolver = new Resolver({
    view: records,
    zone: () => zone,
    forwarder,
    metrics,
    isReady: () => ready,
    isProbe: (name) => probe?.isProbe(name) ?? false,
  });

  await using tasks = new TaskGroup(signal);
  const informers = new InformerFactory(client, { clock, log });
  feed(informers, records);
  tasks.start('informers', (s) => informers.run(s));
  await using pages = new AsyncDisposableStack();
  const ok = (good: boolean, text: string) => ({
    code: good ? 200 : 503,
    body: good ? 'OK' : text,
  });
  for (const [port, path, page] of [
    [options.healthPort, '/health', () => ok(true, '')],
    [options.readyPort, '/ready', () => ok(ready, 'kubernetes')],
    [options.metricsPort, '/metrics', () => ({ code: 200, body: metrics.registry.metrics() })],
  ] as const) {
    if (port !== 0) pages.use(await servePages(port, { [path]: page }));
  }
  tasks.start('answers', async (s) => {
    await informers.synced(s);
    ready = true;
    log.info({ domain: zone.name, upstreams: upstreams.length }, 'answering');
  });
  for (const at of options.listen) {
    tasks.start(`listener on ${at.address}`, (s) =>
      keepListening(at, (message, protocol) => resolver.resolve(message, protocol), options, s),
    );
  }
  if (probe !== undefined) tasks.start('loop probe', () => probe.run());
  await tasks.wait();
}

async function upstreamsOf(options: DnsProcessOptions): Promise<readonly Upstream[]> {
  const { upstreams } = options;
  if (upstreams === undefined) return [];
  if (!('resolvConf' in upstreams)) return upstreams;
  const own = new Set(options.listen.map((at) => at.address));
  for (const ip of options.publish?.clusterIps ?? []) own.add(ip);
  return parseResolvConf(await readFile(upstreams.resolvConf, 'utf8'), own);
}

/** Listens as soon as the address is there, and makes itself known for as long as it does. */
async function keepListening(
  at: ListenAddress,
  resolve: Resolve,
  options: DnsProcessOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client, log } = options;
  const listener = await listenWhenPossible(at, resolve, log, signal);
  if (listener === undefined) return;
  await using _closing = listener;
  log.info({ address: at.address, port: listener.port }, 'listening');
  const first = options.listen[0];
  if (options.publish === undefined || at !== first) {
    await aborted(signal);
    return;
  }
  const publication = {
    ...options.publish,
    address: at.address,
    port: listener.port,
    metricsPort: options.metricsPort,
  };
  while (!signal.aborted) {
    try {
      await publish(client, publication);
      break;
    } catch (e) {
      log.warn(errorFields(e), 'could not publish the DNS service');
      await sleep(systemClock, retryMs, signal);
    }
  }
  await aborted(signal);
  try {
    await withdraw(client, publication);
  } catch (e) {
    // The API server may have gone before us.
    log.debug(errorFields(e), 'could not withdraw the DNS service');
  }
}

async function listenWhenPossible(
  at: ListenAddress,
  resolve: Resolve,
  log: Log,
  signal: AbortSignal,
): Promise<DnsListener | undefined> {
  let told = false;
  while (!signal.aborted) {
    try {
      return await listen(at, resolve);
    } catch (e) {
      // Network devices may come later than we do; a port in use is a mistake.
      if ((e as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') throw e;
      if (!told) log.warn({ address: at.address }, 'waiting for the address to listen on');
      told = true;
      await sleep(systemClock, retryMs, signal);
    }
  }
  return undefined;
}

function feed(informers: InformerFactory, records: Records): void {
  informers.for(resources.namespaces).addHandler({
    added: (namespace) => records.setNamespace(namespace.metadata?.name ?? ''),
    deleted: (namespace) => records.deleteNamespace(namespace.metadata?.name ?? ''),
  });
  informers.for(resources.services).addHandler({
    added: (service) => records.setService(service),
    updated: (_old, service) => records.setService(service),
    deleted: ({ metadata }) =>
      records.deleteService(metadata?.namespace ?? '', metadata?.name ?? ''),
  });
  informers.for(resources.endpointSlices).addHandler({
    added: (slice) => records.setSlice(slice),
    updated: (old, slice) => {
      const moved =
        old.metadata?.labels?.['kubernetes.io/service-name'] !==
        slice.metadata?.labels?.['kubernetes.io/service-name'];
      if (moved) records.deleteSlice(old);
      records.setSlice(slice);
    },
    deleted: (slice) => records.deleteSlice(slice),
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
