/** /healthz, /livez and /readyz with their single checks. */
import type { HealthSlis } from '../../machinery/pages/health-slis.ts';
import { type BodyResponse, pageNotFound, plainText } from './api-response.ts';

/** A check: undefined when it passes, else why not. */
export interface HealthCheck {
  readonly name: string;
  check(): Promise<string | undefined> | string | undefined;
}

/** Whether the store answers a quorum read in time. */
export function storageCheck(
  name: string,
  storage: { currentRevision(): Promise<number> },
  timeoutMs: number,
): HealthCheck {
  return {
    name,
    check: () =>
      new Promise((resolve) => {
        const late = `no answer within ${timeoutMs}ms`;
        const timer = setTimeout(resolve, timeoutMs, late);
        const answer = (problem?: string) => {
          clearTimeout(timer);
          resolve(problem);
        };
        storage.currentRevision().then(
          () => answer(),
          (e: unknown) => answer(String(e)),
        );
      }),
  };
}

/**
 * Answers `/livez`, `/livez/NAME`, `?verbose`, `?exclude=NAME`. `kind`: healthz, livez, readyz;
 * `slis` is told how the checks of a whole page came out.
 */
export async function health(
  kind: string,
  name: string,
  query: URLSearchParams,
  checks: readonly HealthCheck[],
  slis: Pick<HealthSlis, 'observe'>,
): Promise<BodyResponse> {
  if (name !== '') {
    const one = checks.find((c) => c.name === name);
    if (one === undefined) return pageNotFound;
    const problem = await one.check();
    const { contentType } = plainText;
    if (problem === undefined) return { code: 200, contentType, body: 'ok' };
    return { code: 500, ...plainText, body: `internal server error: ${problem}\n` };
  }
  const excluded = new Set(query.getAll('exclude'));
  const lines: string[] = [];
  let failed = 0;
  for (const c of checks) {
    if (excluded.delete(c.name)) {
      lines.push(`[+]${c.name} excluded: ok`);
      continue;
    }
    const problem = await c.check();
    slis.observe(c.name, kind, problem === undefined);
    if (problem === undefined) lines.push(`[+]${c.name} ok`);
    else {
      failed++;
      lines.push(`[-]${c.name} failed: reason withheld`);
    }
  }
  if (excluded.size > 0) {
    const names = [...excluded].map((n) => JSON.stringify(n)).join(', ');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  if (failed > 0) {
    lines.push(`${kind} check failed`);
    return { code: 500, ...plainText, body: `${lines.join('\n')}\n` };
  }
  if (!query.has('verbose')) return { code: 200, ...plainText, body: 'ok' };
  lines.push(`${kind} check passed`);
  return { code: 200, ...plainText, body: `${lines.join('\n')}\n` };
}
