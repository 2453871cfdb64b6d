/**
 * What a connection asks for (PodExecOptions and the like): an object of the query for admission,
 * and the query again for who connects.
 */
import { kindType, type StructType, type TypeRef } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { Subresource } from '../registry/subresource.ts';
import type { ApiRequest } from '../server/api-request.ts';
import { boolOption } from '../subresources/query-options.ts';

type Fields = Record<string, unknown>;

/** The options as admission sees them; undefined for a kind that is not in the schema. */
export function connectOptions(
  { query, info }: Pick<ApiRequest, 'query' | 'info'>,
  { kind, apiVersion = 'v1' }: Pick<Subresource, 'kind' | 'apiVersion'>,
): KubeObject | undefined {
  const type = kindType(apiVersion, kind);
  if (type === undefined) return undefined;
  const out: Fields = { kind, apiVersion };
  for (const { name, type: ref } of type.fields) {
    // What follows in the path is the field `path`, which no parameter can set.
    const value = name === 'path' ? pathOf(info.rest) : fieldOf(query, name, ref);
    if (value !== undefined) out[name] = value;
  }
  return out as unknown as KubeObject;
}

function pathOf(rest: string): string | undefined {
  return rest === '' ? undefined : `/${rest}`;
}

function fieldOf(query: URLSearchParams, name: string, ref: TypeRef): unknown {
  if (!query.has(name)) return undefined;
  if (ref.kind === 'bool') return boolOption(query, name) || undefined;
  if (ref.kind !== 'list') return query.get(name) || undefined;
  const numbers = ref.of.kind === 'int32';
  // What is no number is for the subresource to refuse.
  const values = query.getAll(name).map((text) => (numbers ? Number(text) : text));
  return values.filter((v) => !Number.isNaN(v));
}

/** What admission made of the options, as a query and a path; undefined: it left them as they were. */
export interface ChangedOptions {
  readonly query: URLSearchParams;
  readonly rest: string | undefined;
}

/** Compares what admission has returned with what it was given, as text. */
export function changedOptions(
  { query }: Pick<ApiRequest, 'query'>,
  before: string | undefined,
  after: KubeObject | undefined,
): ChangedOptions | undefined {
  if (after === undefined || before === JSON.stringify(after)) return undefined;
  const type: StructType | undefined = kindType(after.apiVersion!, after.kind!);
  if (type === undefined) return undefined;
  const fields = after as unknown as Fields;
  const next = new URLSearchParams(query);
  let rest: string | undefined;
  for (const { name } of type.fields) {
    const value = fields[name];
    if (name === 'path') {
      rest = typeof value === 'string' ? value : '';
      continue;
    }
    next.delete(name);
    for (const v of [value ?? []].flat()) next.append(name, String(v));
  }
  return { query: next, rest };
}
