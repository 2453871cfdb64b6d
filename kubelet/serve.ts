/** Starts the kubelet's servers over the parts that answer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OwnPages } from '../client/own-pages.ts';
import type { TaskGroup } from '../client/task-group.ts';
import type { Base, PodParts } from './assembly.ts';
import type { KubeletConfiguration } from './config/configuration.ts';
import { renderConfiguration } from './config/render-configuration.ts';
import type { NodeIdentity } from './node/node-status.ts';
import { Authentication } from './server/authentication.ts';
import { Authorization } from './server/authorization.ts';
import { listenHealth } from './server/health.ts';
import { KubeletServer, type KubeletServerOptions } from './server/kubelet-server.ts';
import { fileStamp, ownCertificate, readServingCertificate } from './server/serving-certificate.ts';
import type { TlsOptions } from './server/tls-options.ts';
import { cadvisorMetrics, kubeletMetrics, probeMetrics, resourceMetrics } from './stats/metrics.ts';
import { nodeUsage } from './stats/node-usage.ts';
import { statsSummary } from './stats/summary.ts';
import type { UsageReader } from './stats/usage.ts';

export interface ServeOptions {
  readonly base: Base;
  readonly parts: PodParts;
  readonly identity: NodeIdentity;
  readonly certDir: string;
  readonly rootDir: string;
  readonly checks: KubeletServerOptions['checks'];
  readonly usage: UsageReader;
  /** What `/flagz` shows. */
  readonly flags: Readonly<Record<string, string>>;
}

const ownPaths = ['/configz', '/healthz', '/metrics', '/pods', '/stats/summary'];
/** How often certificate files are looked at for a change. */
const reloadMs = 60_000;

/** Listens until the group closes. */
export async function serve(options: ServeOptions, tasks: TaskGroup): Promise<void> {
  const { base, checks } = options;
  const pages = new OwnPages({ component: 'kubelet', flags: options.flags, paths: ownPaths });
  const { configuration } = base;
  if (configuration.healthzPort > 0) {
    const { healthzBindAddress, healthzPort } = configuration;
    const health = await listenHealth(checks, pages.slis, healthzBindAddress, healthzPort);
    tasks.signal.addEventListener('abort', () => health.close(), { once: true });
  }
  if (!configuration.enableServer) return;
  const server = new KubeletServer(serverOptions(options, pages));
  const tls = await tlsOptions(configuration, options);
  await server.listen(tls, configuration.address, configuration.port);
  tasks.signal.addEventListener('abort', () => server.close(), { once: true });
  if (configuration.tlsCertFile === '' && configuration.authentication.clientCaFile === '') return;
  const { clock } = base;
  let cancel = (): void => undefined;
  let stamp = stampOf(configuration);
  const reload = (): void => {
    const now = stampOf(configuration);
    if (now !== stamp) {
      stamp = now;
      void tlsOptions(configuration, options).then(
        (fresh) => server.renew(fresh),
        (error: unknown) => base.log.error({ err: error }, 'certificates not read again'),
      );
    }
    cancel = clock.after(reloadMs, reload);
  };
  cancel = clock.after(reloadMs, reload);
  tasks.signal.addEventListener('abort', () => cancel(), { once: true });
}

function stampOf({ tlsCertFile, tlsPrivateKeyFile, authentication }: KubeletConfiguration): string {
  return fileStamp(tlsCertFile, tlsPrivateKeyFile, authentication.clientCaFile);
}

async function tlsOptions(
  configuration: KubeletConfiguration,
  { identity, certDir, rootDir }: ServeOptions,
): Promise<TlsOptions> {
  const { tlsCertFile, tlsPrivateKeyFile, authentication } = configuration;
  const pair =
    tlsCertFile === ''
      ? await ownCertificate(certDir || join(rootDir, 'pki'), identity.name, identity.ips)
      : readServingCertificate(tlsCertFile, tlsPrivateKeyFile);
  const { clientCaFile } = authentication;
  return {
    ...pair,
    clientCa: clientCaFile === '' ? '' : readFileSync(clientCaFile, 'utf8'),
    minVersion: configuration.tlsMinVersion,
    ciphers: configuration.tlsCipherSuites,
  };
}

function serverOptions(options: ServeOptions, pages: OwnPages): KubeletServerOptions {
  const { base, parts, identity, rootDir, checks, usage } = options;
  const { client, clock, log, configuration, runtime, machine } = base;
  const { manager, deps } = parts;
  const { authentication, authorization } = configuration;
  return {
    log,
    runtime,
    authentication: new Authentication({
      client,
      clock,
      webhook: authentication.webhook,
      cacheMs: authentication.webhookCacheMs,
      anonymous: authentication.anonymous,
    }),
    authorization: new Authorization({ client, clock, ...authorization, nodeName: identity.name }),
    debuggingHandlers: configuration.enableDebuggingHandlers,
    idleMs: configuration.streamingConnectionIdleTimeoutMs,
    find: (namespace, name, uid) => manager.find(namespace, name, uid),
    pods: () => manager.all().map((w) => w.pod),
    statusOf: (uid) => deps.status.get(uid),
    pages,
    configz: () => ({ kubeletconfig: renderConfiguration(configuration) }),
    checks,
    metrics: {
      '': async () => kubeletMetrics(identity.name, manager.all()),
      resource: async () =>
        resourceMetrics(await usage.read(), await nodeUsage(rootDir), clock.now()),
      cadvisor: async () =>
        cadvisorMetrics(await usage.read(), await nodeUsage(rootDir), machine.cpus, clock.now()),
      probes: async () => probeMetrics(deps.probes),
    },
    statsSummary: async (onlyCpuAndMemory) => {
      const node = await nodeUsage(rootDir);
      const { images } = await runtime.call('ListImages', {});
      return statsSummary({
        nodeName: identity.name,
        nowMs: clock.now(),
        node,
        nodeNanoCores: usage.rate('node', node.cpuNanoseconds),
        pods: await usage.read(),
        imageBytes: images.reduce((sum, i) => sum + i.size, 0),
        onlyCpuAndMemory,
      });
    },
  };
}
