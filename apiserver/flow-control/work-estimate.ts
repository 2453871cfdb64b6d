/**
 * How many seats a request takes: a list by the bytes that it holds in memory, a write by the
 * watches that it will be shown to (KEP-1040, "Width of requests").
 */
import type { RequestInfo } from '../server/request-info.ts';
import type { Work } from './queued-request.ts';

/** What is stored of a resource. */
export interface ObjectStats {
  readonly count: number;
  readonly averageBytes: number;
}

export interface WorkSources {
  /** Undefined: no such resource here. */
  objects(group: string, resource: string): ObjectStats | undefined;
  watchers(info: RequestInfo): number;
}

export interface WorkEstimate {
  readonly work: Work;
  /** For writes: the watches that were found. */
  readonly watchers: number | undefined;
}

const bytesPerSeat = 100_000;
/** Lists from the cache are written in pieces: no more of one is held at once. */
const streamedBytes = 1_000_000;
const listSeatsLimit = 100;
const writeSeatsLimit = 10;
const watchesPerSeat = 10;
const eventMs = 5;

/** One seat for as long as it takes. */
export const oneSeat: Work = { initialSeats: 1, finalSeats: 0, lingerMs: 0 };
const simple: WorkEstimate = { work: oneSeat, watchers: undefined };

/** `maxSeats` is that of the priority level, 0 when it has none. */
export function estimateWork(
  info: RequestInfo,
  query: () => URLSearchParams,
  sources: WorkSources,
  maxSeats: number,
): WorkEstimate {
  switch (info.verb) {
    case 'list':
    case 'watch': {
      const seats = listSeats(info, query(), sources, atMost(listSeatsLimit, maxSeats));
      return { work: { ...oneSeat, initialSeats: seats }, watchers: undefined };
    }
    case 'create':
    case 'update':
    case 'patch':
    case 'delete':
      return writeEstimate(info, sources, atMost(writeSeatsLimit, maxSeats));
    default:
      return simple;
  }
}

function atMost(limit: number, maxSeats: number): number {
  return maxSeats === 0 ? limit : Math.min(limit, maxSeats);
}

function listSeats(
  info: RequestInfo,
  query: URLSearchParams,
  sources: WorkSources,
  maxSeats: number,
): number {
  const limit = whole(query.get('limit'));
  // What cannot be read is refused later on.
  if (limit === undefined) return maxSeats;
  const watch = info.verb === 'watch';
  const resourceVersion = query.get('resourceVersion') ?? '';
  if (watch) {
    const sends = query.get('sendInitialEvents');
    const old = resourceVersion === '' || resourceVersion === '0';
    if (!old && (sends === null || sends === 'false' || sends === '0')) return 1;
  }
  const stats = sources.objects(info.group, info.resource);
  if (stats === undefined) return 1;
  const fromCache = watch || isFromCache(query, resourceVersion, limit);
  const limited = limit > 0 && limit < stats.count ? limit : stats.count;
  const selects = (query.get('labelSelector') ?? '') + (query.get('fieldSelector') ?? '') !== '';
  let objects = limited;
  if (info.name !== '') objects = 1;
  else if (!fromCache && selects) objects = Math.max(limited, Math.floor(stats.count / 2));
  const bytes = objects * stats.averageBytes;
  const held = fromCache ? Math.min(bytes, streamedBytes) : bytes;
  return Math.max(1, Math.min(maxSeats, Math.ceil(held / bytesPerSeat)));
}

/** Only states of the past are asked of the store. */
function isFromCache(query: URLSearchParams, resourceVersion: string, limit: number): boolean {
  const match = query.get('resourceVersionMatch') ?? '';
  if (match === 'NotOlderThan') return true;
  if (match !== '' || (query.get('continue') ?? '') !== '') return false;
  return !(limit > 0 && resourceVersion !== '' && resourceVersion !== '0');
}

function whole(text: string | null): number | undefined {
  if (text === null || text === '') return 0;
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function writeEstimate(info: RequestInfo, sources: WorkSources, maxSeats: number): WorkEstimate {
  // A token is no event.
  if (info.resource === 'serviceaccounts' && info.subresource === 'token') return simple;
  const watchers = sources.watchers(info);
  if (watchers < watchesPerSeat) return { work: oneSeat, watchers };
  const wanted = Math.ceil(watchers / watchesPerSeat);
  const finalSeats = Math.min(wanted, maxSeats);
  // The same work with fewer seats takes longer.
  const lingerMs = (wanted * eventMs) / finalSeats;
  return { work: { initialSeats: 1, finalSeats, lingerMs }, watchers };
}
