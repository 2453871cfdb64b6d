/** Lists in all forms and with all parameters, and what the answers should be. */
import { decodeProtobuf } from '../../machinery/codec/protobuf.ts';
import type { Api, ApiObject } from './api.ts';
import type { ListedItem, ListModel } from './list-model.ts';
import { pathOf, type Selection } from './selection.ts';
import type { Form } from './watch-stream.ts';

export interface ListQuery {
  readonly selection: Selection;
  readonly form: Form;
  readonly resourceVersion: string;
  readonly match: string;
  readonly limit: number;
}

export interface Page {
  readonly status: number;
  readonly reason: string;
  readonly revision: number;
  readonly items: readonly ListedItem[];
  readonly continue: string;
  readonly remaining: number | undefined;
}

/** One answer to a list, with all its pages. `known` was acknowledged before it was asked for. */
export interface Listing {
  readonly query: ListQuery;
  readonly pages: readonly Page[];
  readonly known: number;
}

const accepts: Readonly<Record<Form, string>> = {
  json: 'application/json',
  protobuf: 'application/vnd.kubernetes.protobuf',
  Table: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  PartialObjectMetadata: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
};

/** Reads all pages; `between` runs before each but the first. */
export async function readList(
  api: Api,
  model: ListModel,
  query: ListQuery,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<Listing> {
  const { resourceVersion, match, limit } = query;
  const known = model.revision;
  const paging: Record<string, string> = limit === 0 ? {} : { limit: String(limit) };
  let page = await readPage(api, query, {
    ...paging,
    ...(resourceVersion === '' ? {} : { resourceVersion }),
    ...(match === '' ? {} : { resourceVersionMatch: match }),
  });
  const pages = [page];
  while (page.continue !== '') {
    await between();
    page = await readPage(api, query, { ...paging, continue: page.continue });
    pages.push(page);
  }
  return { query, pages, known };
}

/** One page with these parameters. */
export async function readPage(
  api: Api,
  { selection, form }: Pick<ListQuery, 'selection' | 'form'>,
  parameters: Record<string, string>,
): Promise<Page> {
  const headers = { accept: accepts[form] };
  const answer = await api.send('GET', pathOf(selection, parameters), { headers });
  const list =
    form === 'protobuf'
      ? (decodeProtobuf(answer.body).object as unknown as ApiObject)
      : (JSON.parse(answer.body.toString()) as ApiObject);
  const rows = (list as { rows?: { object: ApiObject }[] }).rows?.map((r) => r.object);
  return {
    status: answer.status,
    reason: list.reason ?? '',
    revision: Number(list.metadata.resourceVersion ?? 0),
    continue: list.metadata.continue ?? '',
    remaining: list.metadata.remainingItemCount,
    items: (rows ?? list.items ?? []).map(({ metadata }) => ({
      key: `${metadata.namespace}/${metadata.name}`,
      revision: Number(metadata.resourceVersion),
      serial: metadata.annotations?.['serial'] ?? '',
    })),
  };
}

/**
 * What is wrong with a listing; undefined: nothing. Rules: "Resource versions" and "Retrieving large
 * results sets in chunks" of the API concepts. `gone`: history before this revision is compacted.
 */
export function listProblem(listing: Listing, model: ListModel, gone = 0): string | undefined {
  const { query, pages } = listing;
  const { selection, form, resourceVersion, match, limit } = query;
  const where = `${form} ${pathOf(selection)} rv=${resourceVersion} match=${match} limit=${limit}`;
  const problem = problemOf(listing, model, gone);
  return problem === undefined ? undefined : `${where}, ${pages.length} pages: ${problem}`;
}

function problemOf({ query, pages, known }: Listing, model: ListModel, gone: number) {
  const { selection, resourceVersion, match } = query;
  // A list of any state ignores its limit, as the real server's does.
  const limit = resourceVersion === '0' ? 0 : query.limit;
  const first = pages[0]!;
  const wanted = expectedStatus(query, known);
  const asked = Number(resourceVersion);
  // Of a single object that is read by its key, a limit does not make a revision exact.
  const single = selection.scopeOfName !== undefined;
  const exact = match === 'Exact' || (match === '' && limit > 0 && asked > 0 && !single);
  if (wanted === 200 && exact && asked < gone && first.status === 410) return undefined;
  if (first.status !== wanted) return `answered ${first.status} ${first.reason}, not ${wanted}`;
  if (wanted !== 200) return first.reason === '' && wanted !== 500 ? 'no reason' : undefined;
  const { revision } = first;
  if (exact && revision !== asked) return `state of ${revision}`;
  if (resourceVersion === '' && revision < known) return `state of ${revision}, ${known} is known`;
  if (asked > 0 && revision < asked) return `state of ${revision}`;
  const expected = model.at(selection, revision);
  let sent = 0;
  for (const [i, page] of pages.entries()) {
    if (page.status !== 200) return `page ${i}: ${page.status} ${page.reason}`;
    if (page.revision !== revision) return `page ${i} is of ${page.revision}, not of ${revision}`;
    const last = page.continue === '';
    const due = expected.slice(sent, last ? undefined : sent + limit);
    const difference = differenceOf(page.items, due);
    if (difference !== undefined) return `page ${i} of revision ${revision}: ${difference}`;
    if (limit > 0 && page.items.length > limit) return `page ${i} has ${page.items.length} items`;
    sent += page.items.length;
    const more = limit > 0 && moreToLookAt(selection, i > 0, page, limit, model);
    if (more === last) return `page ${i} ${last ? 'is the last' : 'is not the last'}`;
    const remaining = last || !selection.everything ? undefined : expected.length - sent;
    if (page.remaining !== remaining) {
      return `page ${i}: remainingItemCount ${page.remaining}, not ${remaining}`;
    }
  }
  return undefined;
}

/**
 * Whether a page must name another: when it is full, and something follows that could be selected.
 * What does is not looked at.
 */
function moreToLookAt(
  selection: Selection,
  continued: boolean,
  page: Page,
  limit: number,
  model: ListModel,
): boolean {
  const last = page.items.at(-1);
  if (last === undefined || page.items.length < limit) return false;
  if (!continued && selection.scopeOfName !== undefined) return false;
  const scope = continued ? selection.namespace : selection.scope;
  const among = { ...selection, matches: scope === '' ? () => true : inNamespace(scope) };
  return model.at(among, page.revision).some((o) => o.key > last.key);
}

function inNamespace(namespace: string): Selection['matches'] {
  return (o) => o.namespace === namespace;
}

function expectedStatus({ resourceVersion, match }: ListQuery, known: number): number {
  const given = resourceVersion !== '';
  if (match !== '' && (!given || !['Exact', 'NotOlderThan'].includes(match))) return 422;
  if (match === 'Exact' && resourceVersion === '0') return 422;
  if (given && !/^\d+$/.test(resourceVersion)) return 400;
  // Far beyond what exists.
  if (Number(resourceVersion) > known + 100_000) return 504;
  return 200;
}

function differenceOf(
  items: readonly ListedItem[],
  expected: readonly ListedItem[],
): string | undefined {
  for (let i = 0; i < Math.max(items.length, expected.length); i++) {
    const [a, b] = [items[i], expected[i]];
    if (a?.key === b?.key && a?.revision === b?.revision && a?.serial === b?.serial) continue;
    const text = (o: ListedItem | undefined) => o && `${o.key}@${o.revision}#${o.serial}`;
    return `item ${i} is ${text(a)}, not ${text(b)}`;
  }
  return undefined;
}
