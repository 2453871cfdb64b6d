/** Wiring of the proxy process: informers, the sync loop, health and metrics ports. */
import { readFile, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { allowManyListeners } from '../client/abort.ts';
import type { Client } from '../client/client.ts';
import { InformerFactory } from '../client/informer.ts';
import { errorFields, type Log } from '../client/log.ts';
import { OwnPages } from '../client/own-pages.ts';
import * as resources from '../client/resources.ts';
import { TaskGroup } from '../client/task-group.ts';
import { systemClock } from '../machinery/meta/clock.ts';
import type { ListenAddress, ProxyConfiguration } from './config/configuration.ts';
import { renderConfiguration } from './config/render-configuration.ts';
import { rulesConfigs } from './config/rules-config.ts';
import { type Page, ProxyHealth, servePages } from './health/proxy-health.ts';
import { ServiceHealth } from './health/service-health.ts';
import { ProxyMetrics } from './metrics.ts';
import { isInstalled, type RunTool, runTool } from './nft.ts';
import { Proxier } from './proxier.ts';
import { SyncRunner } from './sync-runner.ts';

/** What a proxy process runs with. */
export interface ProxyProcessOptions {
  readonly client: Client;
  readonly configuration: ProxyConfiguration;
  readonly log: Log;
  /** What `/flagz` shows. */
  readonly flags?: Readonly<Record<string, string>>;
  /** The name of the nftables table; `k8ts` unless told. */
  readonly table?: string;
  /** Takes the table away at the end; else services keep working while the proxy is down. */
  readonly cleanUpOnExit?: boolean;
  /** How nft and conntrack are run; the default runs them in this network namespace. */
  readonly runTool?: RunTool;
}

const component = 'kube-proxy';
const ownPaths = ['/healthz', '/metrics', '/proxyMode'];

/** The table's name unless told otherwise. */
export const defaultTable = 'k8ts';

/** Services of other proxies and headless ones are of no use here. */
const withoutOthers = { labelSelector: '!service.kubernetes.io/service-proxy-name' };
const withoutHeadless = {
  labelSelector: '!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name',
};
const leftoverMs = 5000;

/** Runs until the signal aborts and everything started has ended; rejects when a part fails. */
export async function run(options: ProxyProcessOptions, signal: AbortSignal): Promise<void> {
  const { client, configuration, log } = options;
  const run = options.runTool ?? runTool;
  allowManyListeners(signal);
  const clock = systemClock;
  const nodeName = (configuration.hostnameOverride ?? hostname()).trim().toLowerCase();
  const table = options.table ?? defaultTable;
  const metrics = new ProxyMetrics(clock);
  const health = new ProxyHealth(clock);
  if (!(await isInstalled(run, 'nft'))) throw new Error('the proxy needs nft (nftables) in $PATH');
  const conntrack = await isInstalled(run, 'conntrack');
  if (!conntrack) log.warn({}, 'no conntrack tool: UDP flows to endpoints that are gone live on');
  await applySysctls(configuration, log);

  const pages = new OwnPages({
    component,
    flags: options.flags ?? {},
    configz: () => renderConfiguration(configuration),
    paths: ownPaths,
  });
  await using tasks = new TaskGroup(signal);
  const machine = { nodeName, table, addresses: interfaceAddresses };
  const proxier = new Proxier({
    nodeName,
    table,
    run,
    clock,
    log,
    metrics,
    conntrack,
    configure: (node, cidrs) => rulesConfigs(configuration, machine, node, cidrs),
  });
  await using serviceHealth = new ServiceHealth(log, () => health.healthy);
  let cancelTidying: (() => void) | undefined;
  const work = async () => {
    serviceHealth.update(await proxier.sync());
    health.updated();
    cancelTidying?.();
    cancelTidying = proxier.hasLeftovers
      ? clock.after(leftoverMs, () => runner.trigger())
      : undefined;
  };
  const runner = new SyncRunner(work, {
    clock,
    minMs: configuration.minSyncPeriodMs,
    retryMs: Math.max(1000, configuration.minSyncPeriodMs),
    everyMs: configuration.syncPeriodMs,
    onError: (e) => log.error(errorFields(e), 'could not load the rules'),
  });
  const informers = new InformerFactory(client, { clock, log });
  feed(informers, proxier, nodeName);
  tasks.start('informers', (s) => informers.run(s));
  await using _pages = await serve(configuration, health, metrics, proxier, pages);
  tasks.start('proxy', async (s) => {
    try {
      await informers.synced(s);
      proxier.onChange = () => {
        health.queued();
        metrics.queued();
        runner.trigger();
      };
      proxier.onChange();
      log.info({ nodeName, table }, 'proxying services');
      await aborted(s);
    } finally {
      cancelTidying?.();
      await runner.close();
      if (options.cleanUpOnExit === true) await proxier.cleanUp();
    }
  });
  await tasks.wait();
}

/** Removes the tables of a proxy that is not running (`--cleanup`). */
export async function cleanUp(table = defaultTable, run: RunTool = runTool): Promise<void> {
  for (const ip of ['ip', 'ip6']) {
    const script = `table ${ip} ${table}\ndelete table ${ip} ${table}\n`;
    const { code, stderr } = await run('nft', ['-f', '-'], script);
    if (code !== 0) throw new Error(`nft failed (${code}): ${stderr.trim()}`);
  }
}

function feed(informers: InformerFactory, proxier: Proxier, nodeName: string): void {
  informers.for(resources.services, withoutOthers).addHandler({
    added: (service) => proxier.setService(service),
    updated: (_old, service) => proxier.setService(service),
    deleted: (service) => proxier.deleteService(service),
  });
  informers.for(resources.endpointSlices, withoutHeadless).addHandler({
    added: (slice) => proxier.setSlice(slice),
    updated: (old, slice) => {
      const moved =
        old.metadata?.labels?.['kubernetes.io/service-name'] !==
        slice.metadata?.labels?.['kubernetes.io/service-name'];
      if (moved) proxier.deleteSlice(old);
      proxier.setSlice(slice);
    },
    deleted: (slice) => proxier.deleteSlice(slice),
  });
  const ownNode = { fieldSelector: `metadata.name=${nodeName}` };
  informers.for(resources.nodes, ownNode).addHandler({
    added: (node) => proxier.setNode(node),
    updated: (_old, node) => proxier.setNode(node),
    deleted: () => proxier.setNode(undefined),
  });
  const cidrs = informers.for(resources.serviceCidrs);
  const update = () =>
    proxier.setServiceCidrs(
      cidrs.store
        .list()
        .flatMap((cidr) => cidr.spec?.cidrs ?? [])
        .sort(),
    );
  cidrs.addHandler({ added: update, updated: update, deleted: update });
}

async function serve(
  configuration: ProxyConfiguration,
  health: ProxyHealth,
  metrics: ProxyMetrics,
  proxier: Proxier,
  pages: OwnPages,
): Promise<AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const open = async ({ host, port }: ListenAddress, pages: Parameters<typeof servePages>[2]) => {
    if (port !== 0) stack.use(await servePages(host, port, pages));
  };
  const page = (name: string, report: () => { code: number; body: object }) => () => {
    const { code, body } = report();
    pages.slis.observe('proxy', name, code === 200);
    return { code, type: 'application/json', body: JSON.stringify(body) };
  };
  const text = (body: () => string | Promise<string>) => () => ({
    code: 200,
    type: 'text/plain; charset=utf-8',
    body: body(),
  });
  const own: (path: string) => Page =
    (path) =>
    ({ headers }) => {
      const page = pages.answer(path, headers.accept, headers['user-agent'])!;
      return { ...page, type: page.headers['Content-Type'] ?? '' };
    };
  try {
    await open(configuration.healthz, {
      '/healthz': page('healthz', () => health.report({ now: proxier.node })),
      '/livez': page('livez', () => health.report()),
    });
    await open(configuration.metrics, {
      '/metrics': text(() => metrics.registry.metrics()),
      '/healthz': text(() => 'ok'),
      '/proxyMode': text(() => 'nftables'),
      '/metrics/slis': own('/metrics/slis'),
      '/configz': own('/configz'),
      '/flagz': own('/flagz'),
      '/statusz': own('/statusz'),
    });
  } catch (e) {
    await stack.disposeAsync();
    throw e;
  }
  return stack;
}

/**
 * Pods behind a bridge reach services on their own node only when bridged packets pass the
 * packet filter; and what the configuration asks for.
 */
async function applySysctls(configuration: ProxyConfiguration, log: Log): Promise<void> {
  const wanted = new Map(configuration.sysctls);
  for (const name of ['bridge-nf-call-iptables', 'bridge-nf-call-ip6tables']) {
    wanted.set(`net/bridge/${name}`, '1');
  }
  for (const [name, value] of wanted) {
    const path = `/proc/sys/${name}`;
    try {
      if ((await readFile(path, 'utf8')).trim() === value) continue;
      await writeFile(path, value);
    } catch (e) {
      // Without the bridge module there are no bridged packets to look at.
      const missing = (e as NodeJS.ErrnoException).code === 'ENOENT';
      if (!missing) log.warn({ name, ...errorFields(e) }, 'could not set a kernel setting');
    }
  }
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((address) => !address.internal)
    .map((address) => address.address);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
