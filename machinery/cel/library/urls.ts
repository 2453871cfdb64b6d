/** `url("https://example.com/a").getHost()`: URLs in expressions, as Go reads them. */
import {
  escapedPath,
  type GoUrl,
  goUrlText,
  parseGoUrl,
  queryParameters,
  requestUriProblem,
  splitHostPort,
} from '../../meta/go-url.ts';
import type { FunctionDeclaration, Library } from '../library.ts';
import { ArrayList } from '../list-value.ts';
import { EntriesMap } from '../map-value.ts';
import { boolType, type CelType, listType, mapType, objectType, stringType } from '../types.ts';
import { CelError, noSuchOverload, ObjectValue, type Result, type Value } from '../values.ts';

export const urlType = objectType('kubernetes.URL');

/** A URL; two are the same when they are written the same. */
export class UrlValue extends ObjectValue {
  readonly url: GoUrl;

  constructor(url: GoUrl) {
    super();
    this.url = url;
  }

  override get type(): CelType {
    return urlType;
  }

  override equals(other: Value): boolean | CelError {
    return other instanceof UrlValue
      ? goUrlText(this.url) === goUrlText(other.url)
      : noSuchOverload;
  }

  override toString(): string {
    return goUrlText(this.url);
  }
}

/** The library of URLs. */
export const urlLibrary: Library = {
  name: 'kubernetes.urls',
  functions: [
    {
      name: 'url',
      overloads: [
        {
          id: 'string_to_url',
          params: [stringType],
          result: urlType,
          call: (text) => readUrl(text as string),
        },
      ],
    },
    {
      name: 'isURL',
      overloads: [
        {
          id: 'is_url_string',
          params: [stringType],
          result: boolType,
          call: (text) => requestUriProblem(text as string) === undefined,
        },
      ],
    },
    getter('getScheme', 'url_get_scheme', stringType, (url) => url.scheme),
    getter('getHost', 'url_get_host', stringType, (url) => url.host),
    getter('getHostname', 'url_get_hostname', stringType, (url) => splitHostPort(url).hostname),
    getter('getPort', 'url_get_port', stringType, (url) => splitHostPort(url).port),
    getter('getEscapedPath', 'url_get_escaped_path', stringType, escapedPath),
    getter('getQuery', 'url_get_query', mapType(stringType, listType(stringType)), (url) => {
      const entries = [...queryParameters(url)].map(
        ([key, values]) => [key, new ArrayList(values)] as const,
      );
      return new EntriesMap(entries);
    }),
  ],
};

function getter(
  name: string,
  id: string,
  result: CelType,
  read: (url: GoUrl) => Value,
): FunctionDeclaration {
  const call = (url: Value): Value => read((url as UrlValue).url);
  return { name, overloads: [{ id, member: true, params: [urlType], result, call }] };
}

/** Absolute URLs and paths from the root only. */
function readUrl(text: string): Result {
  const url = parseGoUrl(text);
  const problem = requestUriProblem(text) ?? ('problem' in url ? url.problem : undefined);
  if (problem === undefined && !('problem' in url)) return new UrlValue(url);
  return new CelError(`URL parse error during conversion from string: ${problem}`);
}
