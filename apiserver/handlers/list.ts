/** LIST: from the watch cache where it shows the state asked for, from the store's history else. */
import { badRequest, expired, StatusError } from '../../machinery/meta/status-error.ts';
import type { ListMeta } from '../../machinery/schema/wire.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { type RenderContext, renderList } from '../server/rendering.ts';
import { StoredObject } from '../storage/cache/stored-object.ts';
import { CompactedError, FutureRevisionError } from '../storage/storage.ts';
import { ContinueExpiredError, decodeContinue, encodeContinue } from './continue-token.ts';
import type { ListOptions } from './list-options.ts';
import { candidates, type Selection, selectedName } from './selection.ts';

/** How long a list waits for a resourceVersion that the cache has not reached. */
const waitMs = 3000;

/** Keys that are read from the store at once. */
const maxPageKeys = 1000;

export interface Page {
  readonly items: readonly StoredObject[];
  readonly meta: ListMeta;
}

/** Answers a LIST. */
export async function list(
  c: RenderContext,
  selection: Selection,
  options: ListOptions,
): Promise<ApiResponse> {
  const page = await listPage(c.resource, selection, options);
  return renderList(c, page.items, page.meta);
}

/** The objects of a list request; throws Expired, Timeout and BadRequest. */
export async function listPage(
  resource: ServedResource,
  selection: Selection,
  options: ListOptions,
): Promise<Page> {
  const { cacher } = resource.store;
  if (options.continue !== '') {
    const { startKey, revision } = decodeContinue(options.continue);
    if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    if (revision < 0) {
      await cacher.fresh();
      return fromCache(resource, selection, options, startKey);
    }
    await reached(resource, revision);
    return exactly(resource, selection, options, revision, startKey);
  }
  const revision = revisionOf(options.resourceVersion);
  // As the real server's watch cache has it: any state, and then all of it.
  const uncached = hasNoCache(resource);
  if (revision === 0 && !uncached) return fromCache(resource, selection, { ...options, limit: 0 });
  if (revision === undefined || revision === 0) {
    await cacher.fresh();
    return fromCache(resource, selection, options);
  }
  const { resourceVersionMatch: match } = options;
  const exact = match === 'Exact' || (match === '' && options.limit > 0);
  if (!exact && !uncached) {
    await reached(resource, revision, options.resourceVersion);
    return fromCache(resource, selection, options);
  }
  // The store is asked, which waits for nothing.
  await cacher.fresh();
  if (revision > cacher.revision) throw tooLarge(options.resourceVersion, cacher.revision, 0);
  // One object is read where a limit does not make a revision exact.
  const one = match !== 'Exact' && selectedName(resource, selection) !== undefined;
  if (!exact || one) return fromCache(resource, selection, options);
  return exactly(resource, selection, options, revision, undefined);
}

/** Kinds whose objects expire are read from the store on the real server. */
function hasNoCache({ definition }: ServedResource): boolean {
  return definition.ttlSeconds !== undefined;
}

/** Waits for a revision that a client named, and as it did; throws 504 when it does not come. */
export async function reached(
  resource: ServedResource,
  revision: number,
  named = String(revision),
): Promise<void> {
  const { cacher } = resource.store;
  if (!(await cacher.reaches(revision, waitMs))) throw tooLarge(named, cacher.revision, 1);
}

/** As parseRevision, with the 400 that lists alone give. */
function revisionOf(text: string): number | undefined {
  try {
    return parseRevision(text);
  } catch (e) {
    if (!(e instanceof StatusError)) throw e;
    throw badRequest(`invalid resource version: ${e.message}`);
  }
}

/** undefined for ''. Throws the real server's 500 for what is not a number. */
export function parseRevision(text: string): number | undefined {
  if (text === '') return undefined;
  const problem = uintProblem(text);
  if (problem === undefined) return Number(text);
  const quoted = JSON.stringify(text);
  throw new StatusError('', `resourceVersion: Invalid value: ${quoted}: ${problem}`);
}

/** What Go's ParseUint says of a text that is no 64-bit number. */
function uintProblem(text: string): string | undefined {
  const parsing = `strconv.ParseUint: parsing ${JSON.stringify(text)}`;
  if (!/^\d+$/.test(text)) return `${parsing}: invalid syntax`;
  return BigInt(text) < 2n ** 64n ? undefined : `${parsing}: value out of range`;
}

/** 504 for a resourceVersion that lies in the future. */
function tooLarge(asked: string, current: number, retryAfterSeconds: number): StatusError {
  const exact = /^\d+$/.test(asked) ? BigInt(asked) : asked;
  const what = 'Too large resource version';
  return new StatusError('Timeout', `Timeout: ${what}: ${exact}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: what }],
    ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
  });
}

function fromCache(
  resource: ServedResource,
  selection: Selection,
  options: ListOptions,
  startKey?: string,
  revision = resource.store.cacher.revision,
): Page {
  const { limit } = options;
  const { cache } = resource.store;
  const items: StoredObject[] = [];
  const { objects, narrowed } = candidates(resource, selection, startKey);
  let more = false;
  for (const o of objects) {
    if (limit > 0 && items.length === limit) {
      // Whether what follows is selected is not looked at, as on the real server.
      more = true;
      break;
    }
    if (selection.matches(o)) items.push(o);
  }
  const last = items.at(-1);
  if (last === undefined || limit === 0 || items.length < limit || (!more && !narrowed)) {
    return page(resource, selection, items, revision, false, 0);
  }
  // Only an unselective list tells how many remain; what an index left out remains, too.
  const scope = startKey === undefined ? selection.scope : selection.namespace;
  const after = `${last.key.slice(listPrefix(resource, scope).length)}\0`;
  const remaining = cache.countFrom(scope, after);
  return page(resource, selection, items, revision, remaining > 0, remaining);
}

/** The state of a revision that has been: from the store, unless it is the present one. */
async function exactly(
  resource: ServedResource,
  selection: Selection,
  options: ListOptions,
  revision: number,
  startKey: string | undefined,
): Promise<Page> {
  const { cache, cacher, storage } = resource.store;
  if (cache.changedRevision <= revision && cacher.revision >= revision) {
    return fromCache(resource, selection, options, startKey, revision);
  }
  const name = startKey === undefined ? selectedName(resource, selection) : undefined;
  const scope = startKey === undefined ? selection.scope : selection.namespace;
  // Of the keys that begin with a whole key, that one comes first.
  const prefix = listPrefix(resource, scope) + (name ?? '');
  const limit = name === undefined ? options.limit : 1;
  const items: StoredObject[] = [];
  let after = startKey === undefined ? undefined : prefix + startKey.replace(/\0$/, '');
  try {
    let pageKeys = limit > 0 ? limit : maxPageKeys;
    for (;;) {
      const read = await storage.range(prefix, {
        revision,
        limit: Math.min(pageKeys, maxPageKeys),
        ...(after === undefined ? {} : { after }),
      });
      // A selection of few among many is not looked for a few at a time.
      pageKeys *= 2;
      let taken = 0;
      for (const kv of read.kvs) {
        if (limit > 0 && items.length === limit) break;
        taken++;
        const o = new StoredObject(cache.spec, kv.key, kv.modRevision, kv.value);
        if (selection.matches(o)) items.push(o);
      }
      if (name !== undefined) return page(resource, selection, items, revision, false, 0);
      const left = read.count - taken;
      after = read.kvs[taken - 1]?.key ?? after;
      if ((limit > 0 && items.length === limit) || left <= 0 || read.kvs.length === 0) {
        return page(resource, selection, items, revision, left > 0, left);
      }
    }
  } catch (e) {
    if (e instanceof FutureRevisionError) throw tooLarge(String(revision), e.currentRevision, 0);
    if (!(e instanceof CompactedError)) throw e;
    if (startKey === undefined) {
      throw expired('The resourceVersion for the provided list is too old.');
    }
    throw new ContinueExpiredError(
      after === undefined ? startKey : `${after.slice(prefix.length)}\0`,
    );
  }
}

function page(
  resource: ServedResource,
  selection: Selection,
  items: readonly StoredObject[],
  revision: number,
  more: boolean,
  remaining: number,
): Page {
  const last = items.at(-1);
  const meta: ListMeta = { resourceVersion: String(revision) };
  if (more && last !== undefined) {
    const prefix = listPrefix(resource, selection.namespace);
    meta.continue = encodeContinue(last.key.slice(prefix.length), revision);
    if (selection.everything) meta.remainingItemCount = remaining;
  }
  return { items, meta };
}

function listPrefix(resource: ServedResource, namespace: string): string {
  const { storagePrefix, namespaced } = resource.definition;
  return namespaced && namespace !== '' ? `${storagePrefix}/${namespace}/` : `${storagePrefix}/`;
}
