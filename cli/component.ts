/** What every component but the API server is started with: its client and its log. */
import { type Logger, pino } from 'pino';
import { inClusterConfig, loadKubeconfig } from '../client/kubeconfig.ts';
import { createClient, type RestClient } from '../client/rest-client.ts';

/** A client for a kubeconfig file, or for the pod's own account without one. */
export function componentClient(
  kubeconfig: string | undefined,
  component: string,
): RestClient & Disposable {
  const config =
    kubeconfig === undefined ? inClusterConfig(process.env) : loadKubeconfig(kubeconfig);
  const client = createClient(config, { component });
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

export function componentLog(name: string, level = 'info'): Logger {
  return pino({ name, level });
}
