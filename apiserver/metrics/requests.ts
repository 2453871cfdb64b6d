/**
 * What the server counts of each request, under upstream's names and labels
 * (k8s.io/apiserver/pkg/endpoints/metrics), so that its dashboards and alerts read ours.
 */
import type { RequestInfo } from '../server/request-info.ts';
import { type Cell, Counter } from './counter.ts';
import { type Distribution, Histogram } from './histogram.ts';
import type { MetricRegistry } from './registry.ts';

/** A request as it is counted. */
export interface CountedRequest {
  readonly method: string;
  readonly info: RequestInfo;
  readonly queryText: string;
  header(name: string): string | undefined;
}

const labels = ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope'] as const;

const durationLimits = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
  60,
];

/** Verbs of a connection that lasts: counted while they run, and not as requests in flight. */
const longRunning = new Set(['WATCH', 'CONNECT']);

interface Series {
  readonly values: readonly string[];
  readonly duration: Distribution;
  readonly byCode: Map<number, Cell>;
  readonly running: Cell | undefined;
}

/** Counts requests; `began` and `ended` belong to the same request. */
export class RequestMetrics {
  readonly #total = new Counter(
    'apiserver_request_total',
    'Requests by verb, resource, scope and HTTP status code.',
    [...labels, 'component', 'code'],
  );
  readonly #duration = new Histogram(
    'apiserver_request_duration_seconds',
    'How long requests took, in seconds.',
    [...labels, 'component'],
    durationLimits,
  );
  readonly #longRunning = new Counter(
    'apiserver_longrunning_requests',
    'Long-running requests that are being served.',
    ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'],
    'gauge',
  );
  readonly #inFlight = new Counter(
    'apiserver_current_inflight_requests',
    'Requests that are being served, long-running ones aside.',
    ['request_kind'],
    'gauge',
  );
  readonly #reading = this.#inFlight.of('readOnly');
  readonly #mutating = this.#inFlight.of('mutating');
  readonly #series = new Map<string, Series>();
  #unknown: Series | undefined;

  readonly #serves: (info: RequestInfo) => boolean;

  /** `serves`: whether there is such a resource; names that clients make up make no series. */
  constructor(registry: MetricRegistry, serves: (info: RequestInfo) => boolean) {
    this.#serves = serves;
    registry.add(this.#total, this.#duration, this.#longRunning, this.#inFlight);
  }

  began(request: CountedRequest): void {
    const running = this.#seriesOf(request).running ?? this.#flying(request);
    running.value++;
  }

  ended(request: CountedRequest, code: number, seconds: number): void {
    const series = this.#seriesOf(request);
    const running = series.running ?? this.#flying(request);
    running.value--;
    series.duration.observe(seconds);
    let total = series.byCode.get(code);
    if (total === undefined) {
      total = this.#total.of(...series.values, 'apiserver', String(code));
      series.byCode.set(code, total);
    }
    total.value++;
  }

  #flying({ method }: CountedRequest): Cell {
    return method === 'GET' || method === 'HEAD' ? this.#reading : this.#mutating;
  }

  /** One lookup by a text that needs no array; the labels are worked out once a series. */
  #seriesOf(request: CountedRequest): Series {
    const { info, method } = request;
    const dry = request.queryText.includes('dryRun=All') ? 'd' : '';
    const apply = method === 'PATCH' && isApply(request) ? 'a' : '';
    const scope = info.name !== '' ? 'r' : info.namespace !== '' ? 'n' : '';
    const what = info.isResource
      ? `${info.group}/${info.version}/${info.resource}/${info.subresource}`
      : (nonResourceName(info.path) ?? '');
    const key = `${method} ${info.verb} ${scope}${dry}${apply} ${what}`;
    let series = this.#series.get(key);
    if (series !== undefined) return series;
    if (info.isResource && !this.#serves(info)) {
      series = this.#unknown ??= this.#make(other);
    } else {
      series = this.#make(labelsOf(request));
      this.#series.set(key, series);
    }
    return series;
  }

  #make(values: readonly string[]): Series {
    const [verb = '', , ...rest] = values;
    return {
      duration: this.#duration.of(...values, 'apiserver'),
      values,
      byCode: new Map(),
      running: longRunning.has(verb) ? this.#longRunning.of(verb, ...rest, 'apiserver') : undefined,
    };
  }
}

function isApply(request: CountedRequest): boolean {
  return request.header('content-type')?.startsWith('application/apply-patch') ?? false;
}

const other = ['OTHER', '', '', '', '', '', ''];

const connecting = new Set(['attach', 'exec', 'portforward', 'proxy']);

function labelsOf(request: CountedRequest): string[] {
  const { info } = request;
  const dryRun = /(?:^|&)dryRun=All(?:&|$)/.test(request.queryText) ? 'All' : '';
  if (!info.isResource) {
    const name = nonResourceName(info.path);
    const verb = name === undefined ? 'OTHER' : request.method;
    return [verb, dryRun, '', '', '', name ?? '', ''];
  }
  return [
    verbOf(request),
    dryRun,
    info.group,
    info.version,
    info.resource,
    info.subresource,
    scopeOf(info),
  ];
}

const verbs: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
};

function verbOf(request: CountedRequest): string {
  const { info } = request;
  if (connecting.has(info.subresource)) return 'CONNECT';
  if (info.verb === 'patch' && isApply(request)) return 'APPLY';
  return verbs[info.verb] ?? 'OTHER';
}

function scopeOf({ name, namespace }: RequestInfo): string {
  if (name !== '') return 'resource';
  return namespace !== '' ? 'namespace' : 'cluster';
}

/** Paths of the server's own; a client that makes up paths must not make up series. */
const ownPaths = /^\/(healthz|livez|readyz|version|metrics|api|apis|openapi\/v[23])(?=\/|$)/;

function nonResourceName(path: string): string | undefined {
  return path === '/' ? '/' : ownPaths.exec(path)?.[0];
}
