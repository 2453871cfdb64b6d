/** How the API server asks the components of its cluster whether they are well. */
import { request } from 'node:https';
import type { ComponentCheck, ComponentHealth } from './registry/core/component-statuses.ts';
import { storageCheck } from './server/health.ts';
import { dialProblem } from './subresources/proxying/dial-problem.ts';

/** How long one of them may take. */
const timeoutMs = 20_000;
const address = '127.0.0.1';

/**
 * Checks by component name: the controller manager and the scheduler where they listen on the same
 * machine, the store as `etcd-0` whatever it is.
 */
export function componentChecks(storage: {
  currentRevision(): Promise<number>;
}): Record<string, ComponentCheck> {
  const store = storageCheck('etcd', storage, timeoutMs);
  return {
    'controller-manager': healthOf(10257),
    scheduler: healthOf(10259),
    async 'etcd-0'() {
      const error = await store.check();
      return error === undefined
        ? { health: 'healthy', message: 'ok' }
        : { health: 'unhealthy', error };
    },
  };
}

/** Asks `/healthz` at a port of this machine, whose certificate nobody vouches for. */
function healthOf(port: number): ComponentCheck {
  const url = `https://${address}:${port}/healthz`;
  return (signal) =>
    new Promise<ComponentHealth>((resolve) => {
      const failed = (message: string) => resolve({ health: 'unhealthy', message });
      const asking = request(url, { rejectUnauthorized: false, signal, timeout: timeoutMs });
      asking.once('timeout', () => asking.destroy(new Error('i/o timeout')));
      asking.once('error', (e) => failed(`Get "${url}": ${dialProblem(e, address, port)}`));
      asking.once('response', (answer) => {
        let message = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          if (message.length < maxMessage) message += chunk;
        });
        answer.once('error', (e) => failed(e.message));
        answer.once('end', () => {
          const code = answer.statusCode ?? 0;
          if (code >= 200 && code < 400) resolve({ health: 'healthy', message });
          else failed(`HTTP probe failed with statuscode: ${code}`);
        });
      });
      asking.end();
    });
}

/** As much of an answer as is kept. */
const maxMessage = 10 * 1024;
