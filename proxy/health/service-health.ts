/**
 * Answers load balancers that ask whether this node has endpoints of a service (port
 * `healthCheckNodePort`, traffic policy Local).
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { errorFields, type Log } from '../../client/log.ts';
import type { HealthTargets } from '../proxier.ts';

interface Listening {
  readonly port: number;
  readonly server: Server;
  endpoints: number;
}

export class ServiceHealth implements AsyncDisposable {
  readonly #listening = new Map<string, Listening>();
  readonly #log: Log;
  readonly #isHealthy: () => boolean;

  /** `isHealthy`: whether the proxy itself keeps up. */
  constructor(log: Log, isHealthy: () => boolean) {
    this.#log = log;
    this.#isHealthy = isHealthy;
  }

  /** Opens and closes ports so that each service that wants one has it. */
  update({ services }: HealthTargets): void {
    for (const [key, { port, server }] of this.#listening) {
      if (services.get(key)?.port === port) continue;
      close(server);
      this.#listening.delete(key);
    }
    for (const [key, { port, endpoints }] of services) {
      const known = this.#listening.get(key);
      if (known !== undefined) known.endpoints = endpoints;
      else this.#listening.set(key, { port, endpoints, server: this.#listen(key, port) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { server } of this.#listening.values()) close(server);
    this.#listening.clear();
  }

  #listen(key: string, port: number): Server {
    const server = createServer((_request, response) => this.#answer(key, response));
    server.on('error', (e) => {
      this.#log.error({ service: key, port, ...errorFields(e) }, 'health check port failed');
      // The next update tries again.
      if (this.#listening.get(key)?.server === server) this.#listening.delete(key);
    });
    server.listen(port);
    return server;
  }

  #answer(key: string, response: ServerResponse): void {
    const [namespace, name] = key.split('/');
    const endpoints = this.#listening.get(key)?.endpoints ?? 0;
    const healthy = this.#isHealthy();
    response.writeHead(endpoints > 0 && healthy ? 200 : 503, {
      'Content-Type': 'application/json',
      'X-Content-Type-Options': 'nosniff',
      'X-Load-Balancing-Endpoint-Weight': String(endpoints),
    });
    const body = {
      service: { namespace, name },
      localEndpoints: endpoints,
      serviceProxyHealthy: healthy,
    };
    response.end(JSON.stringify(body, null, '\t'));
  }
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}
