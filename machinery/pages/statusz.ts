/** `/statusz`: what runs, since when, and where to look further (KEP-4827). */
import { formatTime } from '../meta/times.ts';
import type { ZPage } from './z-page.ts';

export interface StatuszSource {
  readonly component: string;
  /** When the process began. */
  readonly startedMs: number;
  /** What it runs on: `node26.1.0`. */
  readonly runtime: string;
  /** Paths that are answered; the page shows their first segments. */
  readonly paths: readonly string[];
  now(): number;
}

/** The release whose behaviour components have. */
const release = '1.36';
/** Paths of the API itself are not shown. */
const ofTheApi = ['/apis', '/api', '/openid', '/openapi', '/.well-known'];

export function statusz(source: StatuszSource): ZPage {
  const { component, startedMs, runtime } = source;
  const upSeconds = () => Math.max(0, Math.floor((source.now() - startedMs) / 1000));
  const paths = shown(source.paths);
  return {
    kind: 'Statusz',
    component,
    text: () =>
      [
        '',
        `Started: ${unixDate(startedMs)}`,
        `Up: ${uptime(upSeconds())}`,
        `Go version: ${runtime}`,
        `Binary version: ${release}`,
        `Emulation version: ${release}`,
        paths.length === 0 ? '' : `Paths: ${paths.join(' ')}`,
        '',
      ].join('\n'),
    fields: () => ({
      startTime: formatTime(startedMs),
      uptimeSeconds: upSeconds(),
      goVersion: runtime,
      binaryVersion: release,
      emulationVersion: release,
      ...(paths.length === 0 ? {} : { paths }),
    }),
  };
}

function shown(paths: readonly string[]): string[] {
  const first = paths.map((path) => `/${path.split('/')[1] ?? ''}`);
  return [...new Set(first)].filter((path) => path !== '/' && !ofTheApi.includes(path)).sort();
}

/** `3 hr 05 min 09 sec`. */
function uptime(seconds: number): string {
  const two = (n: number) => String(Math.floor(n) % 60).padStart(2, '0');
  return `${Math.floor(seconds / 3600)} hr ${two(seconds / 60)} min ${two(seconds)} sec`;
}

/** As the command `date` writes it: `Mon Nov  2 15:04:05 UTC 2026`. */
function unixDate(ms: number): string {
  // Mon, 02 Nov 2026 15:04:05 GMT
  const [weekday = '', day = '', month = '', year = '', time = ''] = new Date(ms)
    .toUTCString()
    .split(' ');
  return `${weekday.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${year}`;
}
