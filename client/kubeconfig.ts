/**
 * Where the API server is and who we are: read from a kubeconfig file or from what a pod finds
 * mounted. Written here because the config module of @kubernetes/client-node costs 79 MB and half
 * a second to load.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

/** What a client needs to connect; PEM texts, not paths. */
export interface ClientConfig {
  /** `https://host:port`, without a trailing slash. */
  readonly server: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  /** Read again each minute: tokens in pods rotate. Preferred over `token`. */
  readonly tokenFile?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly tlsServerName?: string;
  /** The context's namespace. */
  readonly namespace?: string;
}

interface Cluster {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
}

interface User {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

interface Context {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly clusters?: readonly { name?: string; cluster?: Cluster }[];
  readonly users?: readonly { name?: string; user?: User }[];
  readonly contexts?: readonly { name?: string; context?: Context }[];
}

/** Settings that would change who we are or where we go, and that are not acted on. */
const refused = {
  cluster: ['proxy-url'],
  user: ['exec', 'auth-provider', 'username', 'password', 'as', 'as-uid', 'as-groups'],
};

/**
 * Reads a kubeconfig file. Relative paths in it are relative to its folder.
 * Throws when the file or the context is missing or asks for what is not supported.
 */
export function loadKubeconfig(path: string, context?: string): ClientConfig {
  return parseKubeconfig(readFileSync(path, 'utf8'), dirname(resolve(path)), context);
}

/** Like loadKubeconfig, for a text; `folder` is what relative paths start from. */
export function parseKubeconfig(text: string, folder: string, context?: string): ClientConfig {
  const config = (parse(text) ?? {}) as Kubeconfig;
  const name = context ?? config['current-context'] ?? '';
  const chosen = config.contexts?.find((c) => c.name === name)?.context;
  if (chosen === undefined) throw new Error(`kubeconfig: no context "${name}"`);
  const cluster = config.clusters?.find((c) => c.name === chosen.cluster)?.cluster;
  if (cluster?.server === undefined || cluster.server === '') {
    throw new Error(
      `kubeconfig: context "${name}": no server in cluster "${chosen.cluster ?? ''}"`,
    );
  }
  const user = config.users?.find((u) => u.name === chosen.user)?.user ?? {};
  refuse('cluster', cluster);
  refuse('user', user);

  const pem = (data: string | undefined, file: string | undefined): string | undefined => {
    if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString();
    return file === undefined || file === ''
      ? undefined
      : readFileSync(resolve(folder, file), 'utf8');
  };
  const ca = pem(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const cert = pem(user['client-certificate-data'], user['client-certificate']);
  const key = pem(user['client-key-data'], user['client-key']);
  return {
    server: cluster.server.replace(/\/+$/, ''),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(user.token === undefined ? {} : { token: user.token }),
    ...(user.tokenFile === undefined ? {} : { tokenFile: resolve(folder, user.tokenFile) }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecureSkipTlsVerify: true } : {}),
    ...(cluster['tls-server-name'] === undefined
      ? {}
      : { tlsServerName: cluster['tls-server-name'] }),
    ...(chosen.namespace === undefined ? {} : { namespace: chosen.namespace }),
  };
}

const podFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What a pod finds: the service account's files and the API server's address in `env`. */
export function inClusterConfig(
  env: Readonly<Record<string, string | undefined>>,
  folder: string = podFolder,
): ClientConfig {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '';
  if (host === '' || port === '') {
    throw new Error(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and ' +
        'KUBERNETES_SERVICE_PORT must be defined',
    );
  }
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: readFileSync(`${folder}/ca.crt`, 'utf8'),
    tokenFile: `${folder}/token`,
    namespace: readFileSync(`${folder}/namespace`, 'utf8'),
  };
}

function refuse(part: keyof typeof refused, value: object): void {
  for (const setting of refused[part]) {
    if (setting in value)
      throw new Error(`kubeconfig: ${part} setting "${setting}" is not supported`);
  }
}
