/** `/metrics/slis`: how the health checks of a component came out (KEP-3466). */

interface Check {
  readonly name: string;
  readonly type: string;
  /** How it came out last. */
  ok: boolean;
  success: number;
  error: number;
}

/** Kept apart from other metrics, so that they can be scraped often. */
export class HealthSlis {
  readonly #startedMs: number;
  readonly #checks = new Map<string, Check>();

  /** `startedMs`: when the process began. */
  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  /** `type`: the page that the check was made for, `readyz`. */
  observe(name: string, type: string, ok: boolean): void {
    const key = `${name} ${type}`;
    let check = this.#checks.get(key);
    if (check === undefined) {
      check = { name, type, ok, success: 0, error: 0 };
      this.#checks.set(key, check);
    }
    check.ok = ok;
    check[ok ? 'success' : 'error']++;
  }

  /** The text format of Prometheus. */
  text(): string {
    const checks = [...this.#checks.keys()].sort().map((key) => this.#checks.get(key)!);
    const last = checks.map(({ name, type, ok }) => line('', { name, type }, ok ? 1 : 0));
    const all = checks.flatMap(({ name, type, ...check }) =>
      (['error', 'success'] as const)
        .filter((status) => check[status] > 0)
        .map((status) => line('s_total', { name, status, type }, check[status])),
    );
    return [
      ...(checks.length === 0
        ? []
        : [
            '# HELP kubernetes_healthcheck How a health check came out last.',
            '# TYPE kubernetes_healthcheck gauge',
            ...last,
            '# HELP kubernetes_healthchecks_total How often a health check came out how.',
            '# TYPE kubernetes_healthchecks_total counter',
            ...all,
          ]),
      '# HELP process_start_time_seconds Start of the process, Unix time in seconds.',
      '# TYPE process_start_time_seconds gauge',
      `process_start_time_seconds ${this.#startedMs / 1000}`,
      '',
    ].join('\n');
  }
}

function line(suffix: string, labels: Readonly<Record<string, string>>, value: number): string {
  const text = Object.entries(labels).map(([name, v]) => `${name}=${quoted(v)}`);
  return `kubernetes_healthcheck${suffix}{${text.join(',')}} ${value}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
