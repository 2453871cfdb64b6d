/** GET and LIST of component statuses, which are not stored: the components are asked. */
import { methodNotSupported, notFound } from '../../machinery/meta/status-error.ts';
import { type ComponentCheck, readComponentStatuses } from '../registry/core/component-statuses.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { type RenderContext, renderValue, renderValues } from '../server/rendering.ts';
import { listOptions } from './list-options.ts';
import { selectionOf } from './selection.ts';

/** Asks those of `checks` that the request is about, all at once. */
export async function readComponents(
  { info, query, signal }: ApiRequest,
  c: RenderContext,
  checks: Readonly<Record<string, ComponentCheck>>,
): Promise<ApiResponse> {
  if (info.verb === 'get') {
    const check = Object.hasOwn(checks, info.name) ? checks[info.name] : undefined;
    if (check === undefined) throw notFound({ group: '', resource: 'componentstatus' }, info.name);
    const [status] = await readComponentStatuses({ [info.name]: check }, signal);
    return renderValue(c, status!, 200);
  }
  const { group, definition } = c.resource;
  if (info.verb !== 'list') {
    throw methodNotSupported({ group, resource: definition.plural }, info.verb);
  }
  const { labels, fields } = selectionOf(c.resource, '', '', listOptions(query));
  const selected = Object.entries(checks).filter(
    ([name]) => labels.matches({}) && fields.matches({ 'metadata.name': name }),
  );
  return renderValues(c, await readComponentStatuses(Object.fromEntries(selected), signal), {});
}
