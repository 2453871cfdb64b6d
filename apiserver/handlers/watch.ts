/** WATCH: from which state a client's stream begins; `watch-session.ts` is the stream. */
import { expired, StatusError } from '../../machinery/meta/status-error.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { checkStreams } from '../server/output-form.ts';
import { includeObject, type RenderContext } from '../server/rendering.ts';
import { parseRevision, reached } from './list.ts';
import type { ListOptions } from './list-options.ts';
import { type Selection, selected } from './selection.ts';
import { WatchEncoder } from './watch-encoder.ts';
import { WatchSession } from './watch-session.ts';

/**
 * Answers a WATCH; throws for parameters that are refused before the stream starts. What goes wrong
 * with a revision is told in the stream.
 */
export async function watch(
  request: ApiRequest,
  c: RenderContext,
  selection: Selection,
  options: ListOptions,
): Promise<ApiResponse> {
  const { cacher, cache } = c.resource.store;
  const asked = parseRevision(options.resourceVersion);
  // A watch from no revision or 0 shows the present state first, by old custom.
  const initial = options.sendInitialEvents ?? (asked === undefined || asked === 0);
  if (asked === undefined) await cacher.fresh();
  const problem =
    initial && asked !== undefined
      ? await notReached(c, asked, options.resourceVersion)
      : undefined;
  checkStreams(c.form);
  const encoder = new WatchEncoder(c, c.form.as === 'Table' ? includeObject(c.query) : 'Metadata');
  return {
    async stream(response) {
      const session = new WatchSession({
        c,
        selection,
        options,
        encoder,
        response,
        minTimeoutMs: request.watchMs,
      });
      // No await between reading the state and subscribing: nothing may come in between.
      if (problem !== undefined) session.fail(problem);
      else if (initial) {
        session.begin([...selected(c.resource, selection)]);
      } else {
        const from = asked || cacher.revision;
        const past = cache.since(from);
        if (past !== undefined) session.resume(past, from);
        else session.fail(expired(`too old resource version: ${from} (${cache.oldestRevision})`));
      }
      request.started?.();
      await session.run(request.signal);
    },
  };
}

/** Why a state cannot be shown that is to be no older than a revision. */
async function notReached(
  c: RenderContext,
  revision: number,
  named: string,
): Promise<StatusError | undefined> {
  try {
    await reached(c.resource, revision, named);
    return undefined;
  } catch (e) {
    if (e instanceof StatusError) return e;
    throw e;
  }
}
