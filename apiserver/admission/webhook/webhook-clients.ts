/** Connections to webhooks: one set for all webhooks with the same client configuration. */
import {
  escapedPath,
  type GoUrl,
  parseGoUrl,
  splitHostPort,
} from '../../../machinery/meta/go-url.ts';
import type { Service } from '../../../machinery/schema/wire.ts';
import type { Endpoint } from '../../webhook/post.ts';
import { type Address, TlsAgent } from '../../webhook/tls-agent.ts';
import { joinHostPort } from '../../webhook/transport-error.ts';
import type { CredentialsFor } from '../../webhook/webhook-users.ts';
import type { Declared } from './hook.ts';
import { serviceAddress } from './service-address.ts';

type ClientConfig = Declared['clientConfig'];

/** Finds a service as it stands now. */
export type FindService = (namespace: string, name: string) => Service | undefined;

/** So many configurations keep their connections; those that were not used for longest lose them. */
const maxClients = 200;
const userAgent = 'kube-apiserver-admission';
const defaultPort = 443;

export class WebhookClients {
  readonly #credentials: CredentialsFor;
  readonly #services: FindService;
  /** In the order of use. */
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #ofConfig = new WeakMap<ClientConfig, string>();

  constructor(credentials: CredentialsFor, services: FindService) {
    this.#credentials = credentials;
    this.#services = services;
  }

  /** Where a webhook is asked. Throws an Error when nothing can be made of the configuration. */
  endpoint(config: ClientConfig): Endpoint {
    let key = this.#ofConfig.get(config);
    if (key === undefined) {
      key = JSON.stringify(config);
      this.#ofConfig.set(config, key);
    }
    let endpoint = this.#endpoints.get(key);
    if (endpoint === undefined) {
      endpoint = this.#make(config);
      // Its connections may be in use; they end by themselves.
      if (this.#endpoints.size === maxClients) {
        this.#endpoints.delete(this.#endpoints.keys().next().value!);
      }
    } else this.#endpoints.delete(key);
    this.#endpoints.set(key, endpoint);
    return endpoint;
  }

  #make({ url, service, caBundle }: ClientConfig): Endpoint {
    if (service) {
      const { name, namespace, port = defaultPort, path = '' } = service;
      const host = `${name}.${namespace}.svc`;
      return this.#endpoint(`${host}:${port}`, path, host, caBundle, () =>
        serviceAddress(this.#services(namespace, name), name, port),
      );
    }
    const parsed = parseGoUrl(url!);
    if ('problem' in parsed) throw new Error(`Unparsable URL: ${parsed.problem}`);
    const { hostname, port } = splitHostPort(parsed);
    const address = { host: hostname, port: port === '' ? defaultPort : Number(port) };
    return this.#endpoint(parsed.host, parsed.path, hostname, caBundle, () => address);
  }

  #endpoint(
    host: string,
    path: string,
    serverName: string,
    caBundle: string | undefined,
    address: () => Address,
  ): Endpoint {
    const hostPort = /:\d+$/.test(host) ? host : joinHostPort(serverName, defaultPort);
    const { cert, key, authorization } = this.#credentials(hostPort);
    const agent = new TlsAgent({
      ...(caBundle ? { ca: Buffer.from(caBundle, 'base64').toString('utf8') } : {}),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      serverName,
      address,
    });
    return {
      url: `https://${host}${encodePath(path)}`,
      agent,
      userAgent,
      ...(authorization === undefined ? {} : { authorization }),
    };
  }
}

const root: GoUrl = {
  scheme: 'https',
  opaque: '',
  user: undefined,
  host: '',
  path: '/',
  rawPath: '',
  query: '',
  emptyQuery: false,
  hostLeftOut: false,
  fragment: '',
  rawFragment: '',
};

/** A path without empty and dot segments, encoded as Go's URLs are. */
export function encodePath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(segment);
  }
  return escapedPath({ ...root, path: `/${kept.join('/')}` });
}
