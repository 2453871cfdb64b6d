/**
 * What a request path and method mean, by the rules of the real server
 * (k8s.io/apiserver/pkg/endpoints/request: RequestInfo).
 */
export interface RequestInfo {
  readonly isResource: boolean;
  readonly path: string;
  /** get, list, watch, create, update, patch, delete, deletecollection, or the HTTP method. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** The name stands in the path; otherwise it can come of a field selector. */
  readonly named: boolean;
  /** What follows the subresource (`proxy/a/b` -> `a/b`), without a leading slash. */
  readonly rest: string;
  /** The old `/watch/` form of a path. */
  readonly legacyWatch: boolean;
}

const verbOfMethod: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** These stand under a namespace path without being namespaced objects themselves. */
const namespaceSubresources = new Set(['status', 'finalize']);

/**
 * Parses a decoded path (without query). `selectsOneName` is the value of a
 * `metadata.name=` field selector, which makes a list a request for that name.
 */
export function parseRequestInfo(
  method: string,
  path: string,
  query: { watch: boolean; selectedName: string | undefined },
): RequestInfo {
  const parts = split(path);
  const nonResource: RequestInfo = {
    isResource: false,
    path,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    named: false,
    rest: '',
    legacyWatch: false,
  };
  let at: number;
  let group = '';
  if (parts[0] === 'api' && parts.length >= 3) at = 1;
  else if (parts[0] === 'apis' && parts.length >= 4) {
    group = parts[1]!;
    at = 2;
  } else return nonResource;
  const version = parts[at++]!;
  let verb = verbOfMethod[method] ?? '';
  let legacyWatch = false;
  if (parts[at] === 'watch' || parts[at] === 'proxy') {
    if (parts.length === at + 1) return nonResource;
    verb = parts[at]!;
    legacyWatch = verb === 'watch';
    at++;
  }
  let namespace = '';
  if (parts[at] === 'namespaces') {
    if (parts.length > at + 1) {
      namespace = parts[at + 1]!;
      // namespaces/x/pods is about pods, namespaces/x and namespaces/x/status are about x.
      if (parts.length > at + 2 && !namespaceSubresources.has(parts[at + 2]!)) at += 2;
    }
  }
  const resource = parts[at] ?? '';
  let name = parts[at + 1] ?? '';
  const subresource = parts[at + 2] ?? '';
  const rest = parts.slice(at + 3).join('/');
  const named = name !== '';
  if (name === '' && verb === 'get') verb = query.watch ? 'watch' : 'list';
  if ((verb === 'list' || verb === 'watch') && name === '' && query.selectedName !== undefined) {
    name = query.selectedName;
  }
  if (name === '' && verb === 'delete') verb = 'deletecollection';
  return {
    isResource: true,
    path,
    verb,
    group,
    version,
    namespace,
    resource,
    subresource,
    name,
    named,
    rest,
    legacyWatch,
  };
}

function split(path: string): string[] {
  let start = 0;
  let end = path.length;
  while (start < end && path.charCodeAt(start) === 47) start++;
  while (end > start && path.charCodeAt(end - 1) === 47) end--;
  return start === end ? [] : path.slice(start, end).split('/');
}
