/** Whether the kubelet is well: on its own port for who has no credentials, and on the main one. */
import { createServer, type ServerResponse } from 'node:http';
import type { HealthSlis } from '../../machinery/pages/health-slis.ts';
import { sendText } from './http-answer.ts';

/** Checks by name; a text is a failure. */
export type HealthChecks = Readonly<Record<string, () => string | undefined>>;

/** Answers `/healthz` (all checks, of which `slis` is told) or `/healthz/NAME`. */
export function answerHealth(
  res: ServerResponse,
  checks: HealthChecks,
  only: string | undefined,
  slis: Pick<HealthSlis, 'observe'>,
): void {
  const names = only === undefined ? Object.keys(checks) : [only];
  if (names.some((n) => checks[n] === undefined)) {
    sendText(res, 404, '404: Page Not Found\n');
    return;
  }
  const failures = names.flatMap((n) => {
    const failure = checks[n]!();
    if (only === undefined) slis.observe(n, 'healthz', failure === undefined);
    return failure === undefined ? [] : [`[-]${n} failed: ${failure}`];
  });
  if (failures.length === 0) sendText(res, 200, 'ok');
  else sendText(res, 500, `${failures.join('\n')}\nhealthz check failed\n`);
}

/** Listens for probes of the kubelet itself, without TLS; close what is returned. */
export function listenHealth(
  checks: HealthChecks,
  slis: Pick<HealthSlis, 'observe'>,
  host: string,
  port: number,
): Promise<{ close(): void }> {
  const server = createServer((req, res) => {
    const [, first, only, ...more] = (req.url ?? '').split(/[?#]/)[0]!.split('/');
    if (first !== 'healthz' || more.length > 0) sendText(res, 404, '404: Page Not Found\n');
    else answerHealth(res, checks, only || undefined, slis);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const close = (): void => {
        server.close();
        server.closeAllConnections();
      };
      resolve({ close });
    });
  });
}
