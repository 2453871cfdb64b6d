/**
 * Every encoding in and out, negotiated by headers, and what the server has no route for:
 *
 *   node conformance/api/encodings.ts [--filter TEXT]
 */
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { decodeCbor, encodeCbor } from '../../machinery/codec/cbor.ts';
import { decodeProtobuf, encodeProtobuf, readEnvelope } from '../../machinery/codec/protobuf.ts';
import { decodeYaml, encodeYaml } from '../../machinery/codec/yaml.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { Answer } from './api.ts';
import { ApiProcess } from './api-process.ts';
import { check, finish } from './report.ts';

await using server = await ApiProcess.start();
const { api } = server;

const folder = '/api/v1/namespaces/default/configmaps';
const protobuf = 'application/vnd.kubernetes.protobuf';
const partial = ';as=PartialObjectMetadata;v=v1;g=meta.k8s.io';

interface Codec {
  readonly encode: (value: KubeObject) => Buffer;
  readonly decode: (bytes: Buffer) => unknown;
}

const codecs: Record<string, Codec> = {
  'application/json': {
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(bytes.toString()),
  },
  'application/yaml': {
    encode: (value) => Buffer.from(encodeYaml(value)),
    decode: (bytes) => decodeYaml(bytes).value,
  },
  [protobuf]: {
    encode: (value) =>
      Buffer.from(encodeProtobuf(value, kindType(value.apiVersion!, value.kind!)!)),
    decode: (bytes) => {
      const { apiVersion, kind } = readEnvelope(bytes);
      return { apiVersion, kind, ...decodeProtobuf(bytes).object };
    },
  },
  'application/cbor': { encode: encodeCbor, decode: decodeCbor },
};

const get = (path: string, accept: string, more: Record<string, string> = {}): Promise<Answer> =>
  api.send('GET', path, { headers: { accept, ...more } });

/** The object of an answer, by its own Content-Type. */
function read(answer: Answer): KubeObject & Record<string, unknown> {
  const type = (answer.headers['content-type'] ?? '').split(';')[0]!;
  const codec = codecs[type];
  assert.ok(codec, `an answer as ${type}: ${answer.body.toString('utf8', 0, 200)}`);
  return codec.decode(answer.body) as KubeObject & Record<string, unknown>;
}

for (const [type, { encode }] of Object.entries(codecs)) {
  await check(`${type}: create, read, list, replace, delete`, async () => {
    const name = `of-${type.replace(/\W/g, '-')}`;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'ä' } };
    const headers = { 'content-type': type, accept: type };
    const created = await api.send('POST', folder, { body: encode(object), headers });
    assert.equal(created.status, 201, created.body.toString());
    assert.equal(created.headers['content-type'], type);
    const seen = read(created);
    assert.deepEqual(seen['data'], { a: 'ä' });
    assert.equal(seen.kind, 'ConfigMap');
    const list = read(await get(`${folder}?fieldSelector=metadata.name=${name}`, type));
    assert.equal(list.kind, 'ConfigMapList');
    assert.equal((list['items'] as KubeObject[])[0]?.metadata?.name, name);
    const next = { ...object, data: { a: 'b' } };
    const body = encode(next);
    const replaced = await api.send('PUT', `${folder}/${name}`, { body, headers });
    assert.deepEqual(read(replaced)['data'], { a: 'b' });
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'x' } };
    const refused = await api.send('DELETE', `${folder}/${name}`, {
      body: encode(options as KubeObject),
      headers,
    });
    assert.equal(refused.status, 409);
    assert.equal(read(refused).kind, 'Status');
    assert.equal((await api.send('DELETE', `${folder}/${name}`, { headers })).status, 200);
    const missing = await get(`${folder}/${name}`, type);
    assert.equal(missing.status, 404);
    assert.equal(missing.headers['content-type'], type);
    assert.equal(read(missing)['reason'], 'NotFound');
  });

  await check(`${type}: metadata only`, async () => {
    const one = await get('/api/v1/namespaces/default', `${type}${partial}`);
    assert.equal(read(one).kind, 'PartialObjectMetadata');
    const list = await get(
      '/api/v1/namespaces',
      `${type}${partial.replace('Metadata', 'MetadataList')}`,
    );
    assert.equal(read(list).kind, 'PartialObjectMetadataList');
    const mixed = await get('/api/v1/namespaces', `${type}${partial}`);
    assert.equal(mixed.status, 406);
    const text = 'the requested object is a list (*core.NamespaceList)';
    assert.ok(mixed.body.includes(text), mixed.body.toString());
  });
}

await check('apply as CBOR', async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' } };
  const body = encodeCbor({ ...object, data: { a: '1' } });
  const headers = { 'content-type': 'application/apply-patch+cbor' };
  const path = `${folder}/applied?fieldManager=m`;
  const answer = await api.send('PATCH', path, { body, headers });
  assert.equal(answer.status, 201, answer.body.toString());
  assert.deepEqual(read(answer)['data'], { a: '1' });
});

await check('watches: JSON lines, protobuf frames, a sequence of CBOR', async () => {
  const path = `/api/v1/namespaces?watch=1&fieldSelector=metadata.name=default&timeoutSeconds=1`;
  const json = await get(path, 'application/json;stream=watch');
  assert.equal(json.headers['content-type'], 'application/json');
  assert.equal(JSON.parse(json.body.toString()).type, 'ADDED');
  const frames = await get(path, `${protobuf};stream=watch`);
  assert.equal(frames.headers['content-type'], `${protobuf};stream=watch`);
  assert.equal(frames.body.readUInt32BE(0), frames.body.length - 4);
  const cbor = await get(path, 'application/cbor');
  assert.equal(cbor.headers['content-type'], 'application/cbor-seq');
  const event = decodeCbor(cbor.body) as { type: string; object: KubeObject };
  assert.deepEqual([event.type, event.object.metadata?.name], ['ADDED', 'default']);
});

await check('tables have no protobuf', async () => {
  const table = ';as=Table;v=v1;g=meta.k8s.io';
  const other = await get(
    '/api/v1/namespaces/default',
    `${protobuf}${table},application/json${table}`,
  );
  assert.equal(read(other).kind, 'Table');
  const refused = await get('/api/v1/namespaces/default', `${protobuf}${table}`);
  assert.equal(refused.status, 406);
  assert.match(read(refused)['message'] as string, /^only the following media types are accepted/);
  assert.equal(read(refused)['details'], undefined);
  const yaml = await get('/api/v1/namespaces/default', `application/yaml${table}`);
  assert.equal(read(yaml).kind, 'Table');
});

await check('indented JSON: by query, by user agent, by parameter', async () => {
  const path = '/api/v1/namespaces/default';
  const indented = async (p: string, accept: string, agent: string) =>
    (await get(p, accept, { 'user-agent': agent })).body.toString().startsWith('{\n  "');
  assert.equal(await indented(path, 'application/json', 'test'), false);
  assert.equal(await indented(`${path}?pretty=true`, 'application/json', 'test'), true);
  assert.equal(await indented(`${path}?pretty=0`, 'application/json', 'curl/8'), false);
  assert.equal(await indented(path, 'application/json', 'curl/8'), true);
  assert.equal(await indented(path, 'application/json;pretty=1', 'test'), true);
});

await check('large answers are compressed for those who take it', async () => {
  const data = { a: 'x'.repeat(200_000) };
  await api.send('POST', folder, { body: { metadata: { name: 'large' }, data } });
  const path = `${folder}/large`;
  const zipped = await get(path, 'application/json', { 'accept-encoding': 'deflate, gzip' });
  assert.equal(zipped.headers['content-encoding'], 'gzip');
  assert.equal(zipped.headers.vary, 'Accept-Encoding');
  assert.deepEqual(JSON.parse(gunzipSync(zipped.body).toString()).data, data);
  for (const accept of ['identity', 'gzip;q=0', '*']) {
    const plain = await get(path, 'application/json', { 'accept-encoding': accept });
    assert.equal(plain.headers['content-encoding'], undefined);
  }
  const small = await get('/api/v1/namespaces', 'application/json', { 'accept-encoding': 'gzip' });
  assert.equal(small.headers['content-encoding'], undefined);
});

await check('discovery: encodings, the aggregated form, ETags', async () => {
  const v2 = ';g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  for (const type of Object.keys(codecs).slice(0, 3)) {
    assert.equal(read(await get('/apis/apps/v1', type)).kind, 'APIResourceList');
    const aggregated = await get('/apis', `${type}${v2}`);
    assert.equal(aggregated.headers['content-type'], `${type}${v2}`);
    assert.equal(aggregated.headers['cache-control'], 'public');
    assert.equal(read(aggregated).kind, 'APIGroupDiscoveryList');
    const { etag = '' } = aggregated.headers;
    const again = await get('/apis', `${type}${v2}`, { 'if-none-match': etag });
    assert.deepEqual([again.status, again.body.length], [304, 0]);
    assert.equal(again.headers.vary, 'Accept');
  }
  assert.equal((await get('/apis', 'text/html')).status, 406);
});

await check('OpenAPI: both versions, hashes that stay, ETags', async () => {
  const gnostic = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const v2 = await get('/openapi/v2', gnostic, { 'accept-encoding': 'gzip' });
  assert.equal(
    v2.headers['content-type'],
    'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  );
  assert.equal(v2.headers['content-encoding'], 'gzip');
  const same = await get('/openapi/v2', gnostic, { 'if-none-match': v2.headers.etag ?? '' });
  assert.equal(same.status, 304);
  const index = JSON.parse((await get('/openapi/v3', '*/*')).body.toString());
  const url = index.paths['apis/apps/v1'].serverRelativeURL as string;
  const kept = await get(url, 'application/json');
  assert.equal(kept.headers['cache-control'], 'public, immutable');
  assert.ok(Date.parse(kept.headers.expires ?? '') > Date.now());
  const old = await get('/openapi/v3/apis/apps/v1?hash=ABC', 'application/json');
  assert.deepEqual([old.status, old.headers.location], [301, url]);
  const fresh = await get('/openapi/v3/apis/apps/v1', 'application/json');
  assert.equal(fresh.headers['cache-control'], 'no-cache, private');
});

await check('what there is no route for', async () => {
  const cases: [method: string, path: string, status: number][] = [
    ['GET', `${folder}/a/nothing`, 404],
    ['GET', `${folder}/a/status`, 404],
    ['GET', '/api/v1/namespaces/default/pods/a/log/more', 404],
    ['GET', '/api/v1/proxy/namespaces/default/pods/a', 404],
    ['GET', '/api/v1/watch/namespaces/default/pods/a/status', 404],
    ['DELETE', '/api/v1/watch/namespaces/default/pods', 405],
    ['GET', '/api/v1/pods/a', 404],
    ['PUT', '/api/v1/pods', 405],
    ['DELETE', '/api/v1/pods', 405],
    ['PUT', folder, 405],
    ['POST', `${folder}/a`, 405],
    ['HEAD', folder, 405],
    ['OPTIONS', folder, 405],
    ['PUT', '/api/v1/namespaces/default/pods/a/exec', 405],
    ['DELETE', '/api/v1/namespaces/default/pods/a/log', 405],
    ['GET', '/api/v1/namespaces/default/pods/a/eviction', 405],
    ['GET', '/api/v2', 404],
    ['GET', '/apis/apps/v9', 404],
    ['GET', '/apis/apps/v1/nothing', 404],
    ['GET', '/apis/none/v1', 404],
    ['GET', '/nothing', 404],
    ['POST', '/api/v1', 405],
    ['PUT', '/version', 405],
    ['GET', '/version/x', 404],
    ['GET', '/api/v1/watch/configmaps/a', 404],
    ['POST', '/api/v1/watch/configmaps/a', 404],
    ['GET', '/api/v1/bindings', 404],
    ['GET', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x', 404],
    ['GET', `${folder}/..`, 400],
    ['PUT', '/apis', 200],
  ];
  for (const [method, path, status] of cases) {
    const answer = await api.send(method, path);
    const what = `${method} ${path}: ${answer.status} ${answer.body}`;
    assert.equal(answer.status, status, what);
    if (method === 'HEAD') continue;
    const plain = path === '/nothing' || path.startsWith('/apis/none');
    if (plain) assert.equal(answer.body.toString(), '404 page not found\n', what);
    else if (status !== 200) {
      assert.equal(JSON.parse(answer.body.toString()).code, status, what);
    }
  }
});

finish();
