/** Wiring of the API server: from options to a listening process. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import type { Duplex } from 'node:stream';
import { pino } from 'pino';
import { HealthSlis } from '../machinery/pages/health-slis.ts';
import { createAdmission, type ResourceName } from './admission/admission.ts';
import { admissionPlugins } from './admission/plugins.ts';
import { resourceForms } from './admission/resource-forms.ts';
import { presentObject, watchedObjects } from './admission/watched-objects.ts';
import { defaultAdvertiseAddress, reachableAddress } from './advertise-address.ts';
import { createAudit } from './audit/audit.ts';
import { auditMetrics } from './audit/audit-metrics.ts';
import { authMetrics } from './auth/auth-metrics.ts';
import { createAuthentication } from './auth/authentication.ts';
import { type AuthorizationSetup, createAuthorization } from './auth/authorization.ts';
import type { AccessAttributes, Authorizer } from './auth/authorizer.ts';
import { claimStatusPermission } from './auth/claim-status-permission.ts';
import { escalationCheck } from './auth/escalation.ts';
import { Impersonation } from './auth/impersonation/impersonation.ts';
import { refusal } from './auth/refusal.ts';
import { ServerAddresses } from './bootstrap/server-addresses.ts';
import { ensureBootstrapObjects, keepBootstrapObjects } from './bootstrap.ts';
import { componentChecks } from './component-checks.ts';
import { checkFeatureGates } from './feature-gates.ts';
import { setUpLimits } from './flow-control/setup.ts';
import { Reloads } from './metrics/reloads.ts';
import { serverMetrics } from './metrics/server-metrics.ts';
import type { ApiServerOptions } from './options.ts';
import { followAuthorities } from './pki/follow-authorities.ts';
import { prepareCertificates } from './pki/server-certificates.ts';
import { Catalog } from './registry/catalog.ts';
import { allowPrivileged } from './registry/core/pod/privileges.ts';
import { builtinGroups } from './registry/groups.ts';
import { serverAccess } from './registry/server-access.ts';
import { builtinSubresources } from './registry/subresources.ts';
import { builtinReviews } from './reviews/reviews.ts';
import { createChain } from './server/chain.ts';
import { Deadlines } from './server/deadlines.ts';
import { healthChecks } from './server/health-checks.ts';
import { serverIdentity } from './server/identity.ts';
import { ended, listen } from './server/life.ts';
import { createListener } from './server/listener.ts';
import { morePaths } from './server/more-paths.ts';
import { ownPages } from './server/own-pages.ts';
import { rootPaths, servePath } from './server/paths.ts';
import { dispatch } from './server/resource-dispatch.ts';
import { disabledApis } from './server/runtime-config.ts';
import { snapshotAnswer } from './server/snapshot.ts';
import { handleUpgrade } from './server/upgrade.ts';
import { versionInfo } from './server/version.ts';
import { collectStartGarbage } from './start-garbage.ts';
import { Cacher } from './storage/cache/cacher.ts';
import { keepCompacting } from './storage/compactor.ts';
import { KmsMetrics } from './storage/encryption/kms/kms-metrics.ts';
import { withEncryption } from './storage/encryption/setup.ts';
import { openStorage } from './storage/open.ts';

/** A running API server. */
export interface ApiServer {
  /** Where it listens. */
  readonly url: string;
  /** Resolves when everything has ended. */
  readonly ended: Promise<void>;
}

/**
 * Starts the server and resolves when it answers; ends when `signal` aborts.
 * Throws an Error with one line for people when it cannot start.
 */
export async function run(given: ApiServerOptions, signal: AbortSignal): Promise<ApiServer> {
  const advertiseAddress = given.advertiseAddress || defaultAdvertiseAddress(given.bindAddress);
  const options = { ...given, advertiseAddress };
  checkFeatureGates(options.featureGates);
  allowPrivileged(options.allowPrivileged);
  const log = pino({ level: options.logLevel, name: 'apiserver' });
  const onProblem = (what: string, err: unknown) => log.warn({ err }, what);
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const certificates = await prepareCertificates(options);
  // What has been opened is closed again when the start fails.
  await using opened = new AsyncDisposableStack();
  const { dataDir, ...elsewhere } = options;
  const inEtcd = options.etcdServers.length > 0;
  const groups = builtinGroups({
    serviceClusterIpRange: options.serviceClusterIpRange,
    nodePortRange: options.serviceNodePortRange,
    eventTtlSeconds: options.eventTtlSeconds,
  });
  const identity = serverIdentity(hostname());
  const reloads = {
    authentication: new Reloads('authentication', identity, Date.now),
    authorization: new Reloads('authorization', identity, Date.now),
    encryption: new Reloads('encryption', identity, Date.now),
  };
  const kmsMetrics = new KmsMetrics(identity, Date.now);
  const encryption = await withEncryption(
    opened.use(await openStorage(inEtcd ? elsewhere : { dataDir })),
    options,
    { groups, signal, kmsMetrics, onProblem, reloads: reloads.encryption },
  );
  const { storage } = opened.use(encryption);
  const cacher = new Cacher({
    storage,
    root: `${options.etcdPrefix}/`,
    onProblem: (err) => log.warn({ err }, 'the watch of the store broke; starting it again'),
  });
  let catalog: Catalog;
  const access = serverAccess(() => catalog);
  const disabled = disabledApis(options.runtimeConfig, groups);
  const authorizer: Authorizer = {
    name: 'union',
    authorize: (a) => authorization.authorizer.authorize(a),
    rules: (user, namespace) => authorization.authorizer.rules!(user, namespace),
  };
  const authentication = createAuthentication({
    options,
    certificates,
    access,
    fresh: () => cacher.fresh(),
    onProblem,
    reloads: reloads.authentication,
  });
  catalog = new Catalog({
    groups,
    subresources: builtinSubresources({
      options,
      certificates,
      authentication,
      authorizer,
      access,
      catalog: () => catalog,
    }),
    storage,
    cacher,
    now: () => Date.now(),
    ...(disabled === undefined ? {} : { disabled }),
  });
  await cacher.start();
  const authorization: AuthorizationSetup = createAuthorization(
    options,
    catalog,
    onProblem,
    reloads.authorization,
  );
  const life = new AbortController();
  const following = Promise.all([
    cacher.run(life.signal),
    authentication.run(life.signal),
    authorization.run(life.signal),
    followAuthorities(options, certificates, onProblem, life.signal),
  ]);
  opened.defer(async () => {
    life.abort();
    await following;
  });
  const authorize = async (a: AccessAttributes) =>
    (await authorizer.authorize(a)).decision === 'allow';
  const version = versionInfo();
  const metrics = serverMetrics(catalog, version);
  const plugins = admissionPlugins(options, {
    access,
    fresh: () => cacher.fresh(),
    now: () => Date.now(),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    authorize,
    decide: (a) => authorizer.authorize(a),
    resourcesOf: (apiVersion, kind) => resourcesOfKind(catalog, apiVersion, kind),
    forms: resourceForms(() => catalog),
    watched: (resource) => watchedObjects(catalog, resource),
    present: (resource, namespace, name) => presentObject(catalog, resource, namespace, name),
    metrics: metrics.registry,
  });
  const { rbac } = authorization;
  const admission = createAdmission([
    ...plugins,
    escalationCheck({ rbac, authorize }),
    claimStatusPermission(authorizer),
  ]);
  const services = {
    components: componentChecks(storage),
    admission,
    access,
    reviews: builtinReviews({ authorizer, authentication, catalog }),
    async checkCreate(attributes: AccessAttributes) {
      const answer = await authorizer.authorize(attributes);
      if (answer.decision !== 'allow') throw refusal(attributes, answer.reason);
    },
  };
  let ready = false;
  const checks = healthChecks(() => ready, storage, signal, options, encryption.checks);
  const limits = setUpLimits(options, { catalog, access, signal: life.signal, onProblem });
  const { authentication: who, authorization: what, encryption: how } = reloads;
  metrics.registry.add(...limits.metrics, ...who.metrics, ...what.metrics, ...how.metrics);
  if (options.encryptionProviderConfig !== undefined) metrics.registry.add(...kmsMetrics.metrics);
  const slis = new HealthSlis(performance.timeOrigin);
  const paths = {
    catalog,
    checks,
    version,
    serverAddress: `${options.externalHostname ?? options.advertiseAddress}:${options.securePort}`,
    more: morePaths({
      options,
      catalog,
      authentication,
      metrics: metrics.registry,
      page: limits.page,
      zPages: ownPages(options.flags, `node${process.version}`, rootPaths({ catalog, checks })),
      slis,
      snapshot: inEtcd ? undefined : snapshotAnswer(storage, dataDir),
    }),
    slis,
  };
  const audit = createAudit(options, auditMetrics(metrics.registry), onProblem);
  if (audit !== undefined) opened.use(audit);
  const identification = {
    audit,
    metrics: authMetrics(metrics.registry),
    authenticators: authentication.authenticators,
    anonymous: authentication.anonymous,
    withhold: authentication.withhold,
    impersonation: new Impersonation(authorizer, () => Date.now()),
  };
  const chain = createChain({
    identification,
    authorizer,
    deadlines: new Deadlines(options.requestTimeoutMs, options.minRequestTimeoutSeconds * 1000),
    gate: limits.gate,
    log,
    metrics: metrics.requests,
    resources: (request) => dispatch(request, catalog, services),
    paths: (request) => servePath(request, paths),
  });
  const serve: RequestListener = (request, response) => void chain(request, response);
  const server = createListener(options, certificates, serve, { signal, onProblem });
  // Connections that were taken over are no longer the HTTP server's to close.
  const takenOver = new Set<Duplex>();
  server.on('upgrade', (request, socket, head) => {
    takenOver.add(socket);
    socket.once('close', () => takenOver.delete(socket));
    void handleUpgrade(request, socket, head, {
      identification,
      authorizer,
      gate: limits.gate,
      catalog,
      services,
      options,
      log,
    });
  });
  // When the start fails from here on, nobody is answered any more.
  opened.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  await listen(server, options);
  const bootstrap = {
    access,
    options,
    certificates,
    identity: { name: identity, holder: `${identity}_${randomUUID()}`, hostname: hostname() },
    // Servers that have the embedded store have it for themselves.
    servers:
      inEtcd && options.endpointReconcilerType === 'lease'
        ? new ServerAddresses(storage, options.etcdPrefix, options.advertiseAddress)
        : undefined,
    fresh: () => cacher.fresh(),
    now: () => Date.now(),
    onProblem,
  };
  await ensureBootstrapObjects(bootstrap);
  limits.keepConditions();
  if (inEtcd) {
    keepCompacting(storage, options.etcdCompactionIntervalMs, signal, (e) =>
      onProblem('the history of etcd could not be compacted', e),
    );
  }
  const keeping = keepBootstrapObjects(bootstrap, signal);
  opened.defer(() => keeping);
  ready = true;
  collectStartGarbage();
  const { port } = server.address() as AddressInfo;
  log.info({ port }, 'serving');
  return {
    url: `https://${reachableAddress(options.bindAddress)}:${port}`,
    ended: ended(
      {
        server,
        takenOver,
        opened: opened.move(),
        delayMs: options.shutdownDelayDurationMs,
        log,
      },
      signal,
    ),
  };
}

function resourcesOfKind(catalog: Catalog, apiVersion: string, kind: string): ResourceName[] {
  const [group = '', version = ''] = apiVersion.includes('/')
    ? apiVersion.split('/')
    : ['', apiVersion];
  return catalog
    .inGroupVersion(group, version)
    .filter(({ definition }) => definition.kind === kind)
    .map(({ definition: { plural, namespaced } }) => ({ group, version, plural, namespaced }));
}
