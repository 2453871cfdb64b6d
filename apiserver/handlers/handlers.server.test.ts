/** Answers that need a whole server, in the order in which they are asked for. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject, ManagedFieldsEntry } from '../../machinery/schema/wire.ts';
import { adminToken, startTestServer, type TestServer } from '../test-server.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

describe('answers of a server', () => {
  let server: TestServer;

  before(async () => {
    server = await startTestServer((dir) => {
      const tokenAuthFile = join(dir, 'tokens');
      writeFileSync(tokenAuthFile, `${adminToken},admin,1,"system:masters"\n`);
      return { tokenAuthFile };
    });
  });

  after(() => server[Symbol.asyncDispose]());

  const ask = (method: string, path: string, body?: unknown, type = 'application/json') =>
    server.ask(path, {
      method,
      token: adminToken,
      headers: { 'Content-Type': type, 'User-Agent': 'test/1' },
      ...(body === undefined ? {} : { body }),
    });
  const managers = (fields: readonly ManagedFieldsEntry[] | undefined) =>
    fields?.map((m) => `${m.manager} ${m.operation} ${m.subresource ?? ''}`.trim());

  it('forget owners when a patch empties their list, and selfLink always', async () => {
    const patches: [type: string, body: unknown][] = [
      ['application/merge-patch+json', { metadata: { managedFields: [], selfLink: '/x' } }],
      [
        'application/json-patch+json',
        [{ op: 'replace', path: '/metadata/managedFields', value: [] }],
      ],
    ];
    for (const [type, body] of patches) {
      const name = type.slice(12, 16);
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
      await ask('POST', configMaps, { ...object, data: { a: 'b' } });
      const answer = await ask('PATCH', `${configMaps}/${name}`, body, type);
      const { metadata } = answer.json<KubeObject>();
      assert.equal(metadata?.managedFields, undefined, type);
      assert.equal(metadata?.selfLink, undefined, type);
    }
  });

  it('refuse a patch that takes the version away', async () => {
    const merge = 'application/merge-patch+json';
    const answer = await ask('PATCH', `${configMaps}/json`, { apiVersion: null }, merge);
    assert.equal(answer.code, 400);
    assert.match(answer.text, /the name of the object \(json based on URL\) was undeterminable/);
    assert.match(String(answer.headers['warning']), /unknown field \\"data\\".*\\"metadata\\"/);
  });

  it('take no data for an empty map, and no binary data for none', async () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'fixed' } };
    await ask('POST', configMaps, { ...object, immutable: true });
    const apply = 'application/apply-patch+yaml';
    const merge = 'application/merge-patch+json';
    const path = `${configMaps}/fixed`;
    const data = { ...object, data: {} };
    assert.equal((await ask('PATCH', `${path}?fieldManager=m`, data, apply)).code, 200);
    assert.equal((await ask('PATCH', path, { binaryData: {} }, merge)).code, 422);
  });

  it('take preconditions of a delete from the query', async () => {
    const refused = await ask('DELETE', `${configMaps}/json?uid=u`);
    assert.equal(refused.code, 409);
    assert.match(refused.text, /the UID in the precondition \(u\) does not match/);
    assert.equal((await ask('DELETE', `${configMaps}?resourceVersion=0`)).code, 409);
    const namespace = await ask('DELETE', '/api/v1/namespaces/kube-public?resourceVersion=1');
    assert.match(namespace.text, /Precondition failed: ResourceVersion in precondition: 1, /);
  });

  it('leave out parameters that cannot be read', async () => {
    const { code } = await ask('GET', `${configMaps}?labelSelector=%zz`);
    assert.equal(code, 200);
  });

  it('say once who may not create what an apply would', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] }];
    await ask('POST', `${rbac}/roles`, { metadata: { name: 'r' }, rules });
    await ask('POST', `${rbac}/rolebindings`, {
      metadata: { name: 'r' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'u' }],
    });
    const answer = await server.ask(`${configMaps}/z?fieldManager=m`, {
      method: 'PATCH',
      token: adminToken,
      headers: { 'Content-Type': 'application/apply-patch+yaml', 'Impersonate-User': 'u' },
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'z' } },
    });
    assert.equal(
      answer.json<{ message: string }>().message,
      'configmaps "z" is forbidden: User "u" cannot create resource "configmaps" ' +
        'in API group "" in the namespace "default"',
    );
  });

  it('show the metadata of a review in its order', async () => {
    const path = '/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews';
    const resourceAttributes = { namespace: 'default', verb: 'get', resource: 'pods' };
    const spec = { user: 'u', resourceAttributes };
    const { text } = await ask('POST', path, { metadata: { labels: { a: 'b' } }, spec });
    assert.match(text, /metadata: Invalid value: \{\\"namespace\\":\\"default\\",\\"labels\\"/);
  });

  it('show names as Go quotes them', async () => {
    const { text } = await ask('GET', `${configMaps}/a%00%22b`);
    assert.match(text, /configmaps \\"a\\\\x00\\\\\\"b\\" not found/);
  });

  it('give token requests owners', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await ask('POST', accounts, { metadata: { name: 'a' } });
    await ask('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 's' } });
    const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: 's' };
    const spec = { audiences: ['x'], boundObjectRef };
    const answer = await ask('POST', `${accounts}/a/token`, { spec });
    const { managedFields } = answer.json<KubeObject>().metadata!;
    assert.deepEqual(managers(managedFields), ['test Update token']);
    assert.deepEqual(managedFields?.[0]?.fieldsV1, {
      'f:spec': {
        'f:audiences': {},
        'f:boundObjectRef': { 'f:apiVersion': {}, 'f:kind': {}, 'f:name': {} },
        'f:expirationSeconds': {},
      },
    });
  });

  it('show who made what the server made', async () => {
    const cases: [path: string, expected: string][] = [
      ['/api/v1/namespaces/kube-system', 'kube-apiserver Update'],
      [
        '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations/exempt',
        'api-priority-and-fairness-config-producer-v1 Update',
      ],
    ];
    for (const [path, expected] of cases) {
      const { metadata } = (await ask('GET', path)).json<KubeObject>();
      assert.deepEqual(managers(metadata?.managedFields), [expected], path);
    }
  });

  it('ask components for their state', async () => {
    const path = '/api/v1/componentstatuses';
    const names = async (query: string) => {
      const { items } = (await ask('GET', path + query)).json<{ items: KubeObject[] }>();
      return items.map((o) => o.metadata?.name);
    };
    assert.deepEqual(await names(''), ['controller-manager', 'scheduler', 'etcd-0']);
    assert.deepEqual(await names('?fieldSelector=metadata.name%3Detcd-0'), ['etcd-0']);
    assert.deepEqual(await names('?labelSelector=a'), []);
    const { code, text } = await ask('GET', `${path}/x`);
    assert.equal(code, 404);
    assert.match(text, /componentstatus \\"x\\" not found/);
  });
});
