/** Arbitrary reads with all their parameters, and paths and headers of all sorts. */
import fc from 'fast-check';
import {
  type FuzzRequest,
  type FuzzResource,
  folderOf,
  namespace,
  wellFormed,
} from './fuzz-requests.ts';
import { anything } from './fuzz-values.ts';

const selectorTokens = [
  ...['a', 'b', '=', '==', '!=', '!', ',', ' in ', ' notin ', '(', ')', '>', '<', ' ', '\\'],
  ...[
    'metadata.name',
    'metadata.namespace',
    'spec.nodeName',
    'status.phase',
    'x.y/z',
    'é',
    '\u0000',
  ],
];
const selector = fc
  .array(fc.constantFrom(...selectorTokens), { maxLength: 9 })
  .map((tokens) => tokens.join(''));

const token = fc
  .record(
    {
      v: fc.oneof(fc.constant('meta.k8s.io/v1' as unknown), anything),
      rv: fc.oneof(fc.constantFrom<unknown>(1, 5, -1, 0, 0.5, 1e300, '1', 2 ** 53), anything),
      start: fc.oneof(
        fc.constantFrom<unknown>('a\u0000', '/a', '../x', '', 'fuzz/a\u0000', '\u0000', '//'),
        anything,
      ),
    },
    { requiredKeys: [] },
  )
  .map((t) => Buffer.from(JSON.stringify(t)).toString('base64url'));

const revision = fc.constantFrom(
  ...[
    '',
    '0',
    '1',
    '2',
    '50',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x1',
    'abc',
    ' 1',
    '18446744073709551615',
  ],
  ...['18446744073709551616', '9007199254740993', '999999999999', '٣'],
);
const small = fc.constantFrom(
  '',
  '0',
  '1',
  '2',
  '-1',
  '1e9',
  '9223372036854775807',
  '9'.repeat(30),
);
const bool = fc.constantFrom('', 'true', 'false', '1', '0', 'T', 'bogus');

const goodSelector = fc.constantFrom(
  'a=b',
  'a in (b,c)',
  '!a',
  'metadata.name=a',
  'metadata.name!=b',
);

/** A few parameters at a time: of many, one is always refused, and the others are never looked at. */
const listQuery = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.tuple(fc.constant('labelSelector'), fc.oneof(selector, goodSelector)),
        fc.tuple(fc.constant('fieldSelector'), fc.oneof(selector, goodSelector)),
        fc.tuple(fc.constant('resourceVersion'), revision),
        fc.tuple(
          fc.constant('resourceVersionMatch'),
          fc.constantFrom('', 'Exact', 'NotOlderThan', 'exact', 'é'),
        ),
        fc.tuple(fc.constant('limit'), small),
        fc.tuple(fc.constant('continue'), fc.oneof(token, wellFormed)),
        fc.tuple(fc.constant('timeoutSeconds'), fc.constantFrom('1', '-1', 'x')),
        fc.tuple(fc.constant('allowWatchBookmarks'), bool),
        fc.tuple(fc.constant('sendInitialEvents'), bool),
        fc.tuple(fc.constant('includeObject'), fc.constantFrom('None', 'Object', 'Metadata', 'x')),
        fc.tuple(fc.constant('pretty'), bool),
      ),
      { maxLength: 4 },
    ),
    fc.constantFrom(undefined, undefined, undefined, 'true', '1', 'bogus'),
  )
  .map(([parameters, watch]) => {
    const all = new URLSearchParams(parameters);
    // A watch must end by itself.
    if (watch !== undefined) {
      all.set('watch', watch);
      all.set('timeoutSeconds', '1');
    }
    return `?${all}`;
  });

const accept = fc.constantFrom(
  ...['', '*/*', 'application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'],
  ...['application/cbor', 'text/html', 'application/json;as=Table;g=meta.k8s.io;v=v1', ';;q=,,'],
  'application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1',
  'application/yaml;as=Table;g=meta.k8s.io;v=v1beta1',
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  'application/json;as=Table;g=meta.k8s.io;v=v9, application/json;q=0.1',
  'application/json;q=nonsense;as="Table";g=meta.k8s.io;v=v1',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
);

/** Lists, watches, gets and deletes of collections with all parameters. */
export function reads(resources: readonly FuzzResource[]): fc.Arbitrary<FuzzRequest> {
  return fc
    .tuple(
      fc.constantFrom(...resources),
      listQuery,
      accept,
      fc.constantFrom('GET', 'GET', 'GET', 'GET', 'DELETE'),
      fc.constantFrom('', '', '', '/a', '/default', '/a/status'),
      fc.boolean(),
    )
    .map(([r, query, type, method, name, everywhere]): FuzzRequest => {
      const folder = everywhere ? folderOf(r).replace(`/namespaces/${namespace}`, '') : folderOf(r);
      // Nothing but dry runs outside the test's own namespace.
      const dry = method === 'DELETE' ? '&dryRun=All' : '';
      return {
        method,
        path: `${folder}${name}${query}${dry}`,
        headers: type === '' ? {} : { accept: type },
        body: undefined,
      };
    });
}

const segments = fc.constantFrom(
  ...['api', 'apis', 'v1', 'apps', 'batch', 'namespaces', 'fuzz', 'pods', 'a', 'status', 'scale'],
  ...['watch', 'proxy', 'log', 'exec', 'binding', 'eviction', 'token', 'finalize', 'attach', 'x'],
  ...['..', '.', '', '%2e%2e', '%2f', '%00', '%ff', '%', '%zz', '%E2%82%AC', 'é', '~', ';a=b', '*'],
  ...['openapi', 'v2', 'v3', 'healthz', 'livez', 'readyz', 'version', 'metrics', '.well-known'],
  ...['selfsubjectaccessreviews', 'tokenreviews', 'z'.repeat(3000), '__proto__', 'constructor'],
  ...['authorization.k8s.io', 'rbac.authorization.k8s.io', 'nodes', 'services', 'http:a:80'],
);

const oddHeaders = fc.record(
  {
    accept,
    'content-type': fc.constantFrom('application/json', 'x', '', 'application/json; charset=ascii'),
    'impersonate-user': fc.constantFrom(
      'u',
      'system:serviceaccount:a:b',
      'system:serviceaccount:x',
      '',
    ),
    'impersonate-group': fc.constantFrom('g', 'system:masters', ''),
    'impersonate-uid': fc.constantFrom('1', ''),
    'impersonate-extra-%zz': fc.constantFrom('v'),
    'impersonate-extra-a%2fb': fc.constantFrom('v'),
    'if-none-match': fc.constantFrom('*', '""', 'x'),
    'accept-encoding': fc.constantFrom('gzip', 'br', 'gzip;q=0', 'x'),
    'user-agent': fc.constantFrom('', 'kubectl/v1', '/', 'x'.repeat(3000), '\u00e9'),
    'audit-id': fc.constantFrom('', 'x', '\u00e9'.repeat(100)),
    authorization: fc.constantFrom(
      'Bearer test',
      'Bearer',
      'Bearer a.b.c',
      'Basic dGVzdDo=',
      'Bearer ',
    ),
  },
  { requiredKeys: [] },
);

/** Paths of all sorts, with odd headers and methods. */
export const paths: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    fc.constantFrom('GET', 'GET', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
    fc.array(segments, { maxLength: 8 }),
    fc.oneof(
      listQuery,
      fc.constantFrom('', '?', '?&&==', '?a=%zz&%=1', '?verbose', '?exclude=etcd'),
    ),
    oddHeaders,
    anything,
  )
  .map(([method, parts, query, headers, value]): FuzzRequest => {
    const writes = !['GET', 'HEAD', 'OPTIONS'].includes(method);
    const odd = query.includes('watch') && !query.includes('timeoutSeconds');
    const dry = writes ? `${query === '' ? '?' : '&'}dryRun=All` : '';
    return {
      method,
      path:
        encodeURI(`/${parts.join('/')}`.toWellFormed()).replaceAll('%25', '%') +
        (odd ? '' : query) +
        dry,
      headers: { ...headers },
      body: writes ? Buffer.from(JSON.stringify(value)) : undefined,
    };
  });
