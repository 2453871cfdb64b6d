import { strict as assert } from 'node:assert';
import { gunzipSync } from 'node:zlib';
import { buildOpenApiV2 } from './document-v2.ts';
import { buildOpenApiV3, type ServedGroupVersion, type Texts } from './document-v3.ts';
import { OpenApi, type OpenApiRequest, packageTexts } from './openapi.ts';
import { operationsOf } from './operations.ts';
import type { Json } from './schemas.ts';

const all = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const core: ServedGroupVersion = {
  group: '',
  version: 'v1',
  resources: [
    {
      plural: 'configmaps',
      kind: 'ConfigMap',
      listKind: 'ConfigMapList',
      namespaced: true,
      verbs: all,
      deleteReturnsObject: false,
      subresources: [],
    },
    {
      plural: 'pods',
      kind: 'Pod',
      listKind: 'PodList',
      namespaced: true,
      verbs: all,
      deleteReturnsObject: true,
      subresources: [
        { name: 'eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
        {
          name: 'exec',
          group: '',
          version: 'v1',
          kind: 'PodExecOptions',
          verbs: ['create', 'get'],
        },
        { name: 'log', group: '', version: 'v1', kind: 'Pod', verbs: ['get'] },
        { name: 'proxy', group: '', version: 'v1', kind: 'PodProxyOptions', verbs: ['create'] },
        {
          name: 'status',
          group: '',
          version: 'v1',
          kind: 'Pod',
          verbs: ['get', 'patch', 'update'],
        },
      ],
    },
    {
      plural: 'nodes',
      kind: 'Node',
      listKind: 'NodeList',
      namespaced: false,
      verbs: all,
      deleteReturnsObject: false,
      subresources: [],
    },
  ],
};
const rbac: ServedGroupVersion = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resources: [
    {
      plural: 'roles',
      kind: 'Role',
      listKind: 'RoleList',
      namespaced: true,
      verbs: all,
      deleteReturnsObject: false,
      subresources: [],
    },
  ],
};

const noTexts: Texts = {
  type: () => ({ description: '', fields: new Map() }),
  parameter: () => '',
};
const request: OpenApiRequest = {
  accept: undefined,
  acceptEncoding: undefined,
  conditions: { method: 'GET', header: () => undefined },
  hash: '',
  nowMs: 0,
};

/** The value at a path of member names. */
function at(value: unknown, ...names: (string | number)[]): unknown {
  return names.reduce<unknown>((v, n) => (v as Record<string, unknown> | undefined)?.[n], value);
}

describe('OpenAPI operations', () => {
  const byId = new Map(operationsOf('', 'v1', core.resources).map((o) => [o.operationId, o]));
  const cases: [id: string, method: string, path: string, action: string][] = [
    ['listCoreV1NamespacedConfigMap', 'get', '/api/v1/namespaces/{namespace}/configmaps', 'list'],
    ['listCoreV1ConfigMapForAllNamespaces', 'get', '/api/v1/configmaps', 'list'],
    [
      'createCoreV1NamespacedConfigMap',
      'post',
      '/api/v1/namespaces/{namespace}/configmaps',
      'post',
    ],
    ['deleteCoreV1CollectionNode', 'delete', '/api/v1/nodes', 'deletecollection'],
    ['readCoreV1Node', 'get', '/api/v1/nodes/{name}', 'get'],
    ['watchCoreV1NodeList', 'get', '/api/v1/watch/nodes', 'watchlist'],
    [
      'watchCoreV1NamespacedPod',
      'get',
      '/api/v1/watch/namespaces/{namespace}/pods/{name}',
      'watch',
    ],
    [
      'patchCoreV1NamespacedPodStatus',
      'patch',
      '/api/v1/namespaces/{namespace}/pods/{name}/status',
      'patch',
    ],
    [
      'createCoreV1NamespacedPodEviction',
      'post',
      '/api/v1/namespaces/{namespace}/pods/{name}/eviction',
      'post',
    ],
    [
      'connectCoreV1PostNamespacedPodExec',
      'post',
      '/api/v1/namespaces/{namespace}/pods/{name}/exec',
      'connect',
    ],
    [
      'connectCoreV1HeadNamespacedPodProxyWithPath',
      'head',
      '/api/v1/namespaces/{namespace}/pods/{name}/proxy/{path}',
      'connect',
    ],
  ];
  for (const [id, method, path, action] of cases) {
    it(id, () => {
      const o = byId.get(id);
      assert.deepEqual([o?.method, o?.path, o?.action], [method, path, action]);
    });
  }

  it('names groups in titles', () => {
    const ids = operationsOf('rbac.authorization.k8s.io', 'v1', rbac.resources);
    assert.ok(ids.some((o) => o.operationId === 'readRbacAuthorizationV1NamespacedRole'));
  });
});

describe('OpenAPI documents', () => {
  const v3 = buildOpenApiV3(core, noTexts);
  const v2 = buildOpenApiV2([core, rbac], noTexts);
  const schema = (name: string) => at(v3, 'components', 'schemas', name);

  it('v3 schemas', () => {
    assert.deepEqual(schema('io.k8s.api.core.v1.ConfigMap'), {
      type: 'object',
      properties: {
        apiVersion: { type: 'string' },
        binaryData: { type: 'object', additionalProperties: { type: 'string', format: 'byte' } },
        data: { type: 'object', additionalProperties: { type: 'string' } },
        immutable: { type: 'boolean' },
        kind: { type: 'string' },
        metadata: {
          default: {},
          allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }],
        },
      },
      'x-kubernetes-group-version-kind': [{ group: '', kind: 'ConfigMap', version: 'v1' }],
    });
    assert.deepEqual(at(schema('io.k8s.api.core.v1.PodSpec'), 'properties', 'containers'), {
      type: 'array',
      items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
    });
    assert.deepEqual(at(schema('io.k8s.api.core.v1.PodSpec'), 'required'), ['containers']);
  });

  it('every reference has its definition', () => {
    for (const [document, section] of [
      [v3, at(v3, 'components', 'schemas')],
      [v2, at(v2, 'definitions')],
    ] as const) {
      const text = JSON.stringify(document);
      for (const [, name] of text.matchAll(/"#\/(?:components\/schemas|definitions)\/([^"]+)"/g)) {
        assert.ok(Object.hasOwn(section as object, name!), name!);
      }
    }
  });

  it('v3 operations say what kubectl looks for', () => {
    const path = '/api/v1/namespaces/{namespace}/pods/{name}';
    const patch = at(v3, 'paths', path, 'patch');
    assert.deepEqual(at(patch, 'x-kubernetes-group-version-kind'), {
      group: '',
      version: 'v1',
      kind: 'Pod',
    });
    const names = (at(patch, 'parameters') as { name: string }[]).map((p) => p.name);
    assert.deepEqual(names, ['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    const shared = (at(v3, 'paths', path, 'parameters') as { name: string }[]).map((p) => p.name);
    assert.deepEqual(shared, ['name', 'namespace', 'pretty']);
  });

  it('v2 refers to parameters and plain definitions', () => {
    const path = at(v2, 'paths', '/api/v1/namespaces/{namespace}/configmaps');
    assert.equal(at(path, 'post', 'operationId'), 'createCoreV1NamespacedConfigMap');
    for (const { $ref } of at(path, 'parameters') as { $ref: string }[]) {
      assert.ok(Object.hasOwn(at(v2, 'parameters') as object, $ref.slice('#/parameters/'.length)));
    }
    const sent = at(path, 'post', 'parameters') as { name?: string }[];
    assert.deepEqual(
      sent.map((p) => p.name),
      ['body', 'dryRun', undefined, 'fieldValidation'],
    );
    assert.deepEqual(at(v2, 'definitions', 'io.k8s.api.rbac.v1.Role', 'properties', 'metadata'), {
      $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
    });
  });

  it('custom kinds', () => {
    const custom: ServedGroupVersion = {
      group: 'stable.example.com',
      version: 'v1',
      resources: [
        { ...rbac.resources[0]!, plural: 'crontabs', kind: 'CronTab', listKind: 'CronTabList' },
      ],
      customs: new Map<string, Json>([
        ['CronTab', { type: 'object', properties: { spec: { type: 'object', nullable: true } } }],
      ]),
    };
    const own = buildOpenApiV3(custom, noTexts);
    const name = 'com.example.stable.v1.CronTab';
    assert.deepEqual(at(own, 'components', 'schemas', name, 'x-kubernetes-group-version-kind'), [
      { group: 'stable.example.com', version: 'v1', kind: 'CronTab' },
    ]);
    assert.deepEqual(
      at(own, 'components', 'schemas', `${name}List`, 'properties', 'items', 'items'),
      {
        $ref: `#/components/schemas/${name}`,
      },
    );
    const both = buildOpenApiV2([core, custom], noTexts);
    assert.deepEqual(at(both, 'definitions', name, 'properties', 'spec'), {});
  });
});

describe('OpenAPI service', () => {
  const api = new OpenApi(() => [core, rbac], noTexts);
  const url = (name: string) =>
    at(
      JSON.parse(api.index(request).body.toString()),
      'paths',
      name,
      'serverRelativeURL',
    ) as string;

  it('lists documents with hashes', () => {
    assert.match(url('api/v1'), /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{128}$/);
    assert.equal(api.index(request).contentType, 'text/plain; charset=utf-8');
    assert.equal(api.index(request).headers['Etag'], undefined);
  });

  it('orders the parameters of a path by their names', () => {
    const parameters = at(
      buildOpenApiV2([core], noTexts),
      'paths',
      '/api/v1/namespaces/{namespace}/configmaps/{name}',
      'parameters',
    ) as { name?: string; $ref?: string }[];
    const names = parameters.map((p) => p.name ?? p.$ref?.split('/').at(-1)?.split('-')[0]);
    assert.deepEqual(names, ['name', 'namespace', 'pretty']);
  });

  it('serves them, for ever under the right hash', () => {
    const plain = api.document('api/v1', request);
    assert.equal(plain.code, 200);
    assert.equal(at(JSON.parse(plain.body.toString()), 'openapi'), '3.0.0');
    const hash = url('api/v1').split('hash=')[1]!;
    const hashed = api.document('api/v1', { ...request, hash });
    assert.equal(hashed.headers['Cache-Control'], 'public, immutable');
    const moved = api.document('api/v1', { ...request, hash: 'old' });
    assert.deepEqual([moved.code, moved.headers['Location']], [301, url('api/v1')]);
    assert.equal(api.document('apis/none/v1', request).code, 404);
    const conditions = { method: 'GET', header: () => plain.headers['Etag'] };
    assert.equal(api.document('api/v1', { ...request, conditions }).code, 304);
  });

  it('has documents of the paths that are no resources', () => {
    const paths = at(JSON.parse(api.index(request).body.toString()), 'paths') as object;
    assert.deepEqual(Object.keys(paths), [
      '.well-known/openid-configuration',
      'api',
      'api/v1',
      'apis',
      'apis/rbac.authorization.k8s.io',
      'apis/rbac.authorization.k8s.io/v1',
      'openid/v1/jwks',
      'version',
    ]);
    const document = (name: string) =>
      JSON.parse(api.document(name, request).body.toString()) as Record<string, unknown>;
    const operation = (name: string) =>
      at(document(name), 'paths', `/${name}/`, 'get') as Record<string, unknown>;
    assert.equal(
      operation('apis/rbac.authorization.k8s.io')['operationId'],
      'getRbacAuthorizationAPIGroup',
    );
    assert.deepEqual(at(operation('openid/v1/jwks'), 'responses', '200', 'content'), {
      'application/jwk-set+json': { schema: { type: 'string' } },
    });
    const schemas = at(document('version'), 'components', 'schemas') as object;
    assert.deepEqual(Object.keys(schemas), ['io.k8s.apimachinery.pkg.version.Info']);
    const v2 = JSON.parse(api.documentV2(request).body.toString()) as Record<string, unknown>;
    assert.deepEqual(at(v2, 'paths', '/version/', 'get', 'consumes'), ['application/json']);
    assert.equal(at(v2, 'paths', '/openid/v1/jwks/', 'get', 'consumes'), undefined);
  });

  const forms: [accept: string, contentType: string | undefined][] = [
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
    [
      'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
      'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
    ],
    [
      'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
      'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
    ],
    [
      'application/json;q=0.1, application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
      'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
    ],
    ['text/html', undefined],
  ];
  for (const [accept, contentType] of forms) {
    it(`answers ${accept}`, () => {
      const a = api.document('api/v1', { ...request, accept });
      assert.equal(a.code, contentType === undefined ? 406 : 200);
      if (contentType !== undefined) assert.equal(a.contentType, contentType);
    });
  }

  it('compresses when it may', () => {
    const packed = api.documentV2({ ...request, acceptEncoding: 'gzip' });
    assert.equal(packed.headers['Content-Encoding'], 'gzip');
    assert.deepEqual(gunzipSync(packed.body), api.documentV2(request).body);
    assert.equal(at(JSON.parse(api.documentV2(request).body.toString()), 'swagger'), '2.0');
  });

  it('v2 as protobuf begins with the version and holds the definitions', () => {
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    const { body } = api.documentV2({ ...request, accept });
    assert.equal(body.subarray(0, 5).toString('latin1'), '\x0a\x032.0');
    assert.ok(body.includes('io.k8s.api.core.v1.ConfigMap'));
  });

  it('has descriptions', () => {
    const texts = packageTexts();
    assert.match(texts.type('core/v1.ConfigMap').description, /\S/);
    const of = (operationId: string, method: string, kind: string) =>
      [{ operationId, method, kind: { kind } }] as const;
    const list = of('listCoreV1Node', 'get', 'Node');
    assert.match(texts.parameter('dryRun', ...list), /\S/);
    assert.doesNotMatch(texts.parameter('pretty', ...list), /&#39;|\\/);
    assert.equal(texts.parameter('name', ...list), 'name of the Node');
    assert.match(texts.parameter('limit', ...list), /is true\.\n\nThe server/);
    const apply = of('patchCoreV1Node', 'patch', 'Node');
    assert.match(texts.parameter('fieldManager', ...apply), /required for apply requests/);
    const exec = of('connectCoreV1GetNamespacedPodExec', 'get', 'PodExecOptions');
    assert.match(texts.parameter('stdin', ...exec), /^Redirect/);
  });
});
