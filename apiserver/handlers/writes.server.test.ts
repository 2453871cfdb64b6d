/** Requests in a row and what is answered to each: seen at a v1.36 server. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { adminToken, startTestServer, type TestServer } from '../test-server.ts';

interface Step {
  readonly method?: string;
  readonly path: string;
  readonly type?: string;
  readonly accept?: string;
  readonly body?: unknown;
  readonly code: number;
  /** What the answer says, or the part of it that counts. */
  readonly says?: RegExp;
  readonly lacks?: RegExp;
}

const apply = 'application/apply-patch+yaml';
const merge = 'application/merge-patch+json';
const jsonPatch = 'application/json-patch+json';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const maps = '/api/v1/namespaces/default/configmaps';
const map = (name: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
});
const quotas = '/api/v1/namespaces/default/resourcequotas';
const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const claims = '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims';
const policies = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles';
const services = '/apis/apiregistration.k8s.io/v1/apiservices';
const addresses = '/apis/networking.k8s.io/v1/ipaddresses';

const traces: Readonly<Record<string, readonly Step[]>> = {
  'an update forgets the selfLink': [
    { path: maps, body: map('link'), code: 201 },
    {
      method: 'PUT',
      path: `${maps}/link`,
      body: map('link', { selfLink: '/x' }),
      code: 200,
      lacks: /selfLink/,
    },
  ],
  'what is not there is missing before its uid is looked at': [
    { method: 'PUT', path: `${maps}/none`, body: map('none', { uid: 'x' }), code: 404 },
    {
      method: 'PUT',
      path: `${leases}/none`,
      body: { metadata: { name: 'none', uid: 'x' } },
      code: 409,
      says: /Key: \/registry\/leases\/default\/none, ResourceVersion: 0, /,
    },
  ],
  'what is not there is missing before the patch is read': [
    { method: 'PATCH', path: `${maps}/none`, type: jsonPatch, body: { op: 'add' }, code: 404 },
    { method: 'PATCH', path: `${maps}/none`, type: merge, body: [], code: 404 },
  ],
  'an apply of a status creates nothing': [
    {
      method: 'PATCH',
      path: `${quotas}/none/status?fieldManager=m`,
      type: apply,
      body: { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none' } },
      code: 404,
    },
  ],
  'lists sent empty are owned, whatever else gets defaults': [
    {
      path: slices,
      body: {
        metadata: { name: 'a' },
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        addressType: 'IPv4',
        endpoints: [],
        ports: [{ port: 80 }],
      },
      code: 201,
      says: /"f:endpoints":\{\}.*"endpoints":null,"ports":\[\{"name":""/,
    },
  ],
  'namespaces look at the conditions first, and wait once they are marked': [
    { path: '/api/v1/namespaces', body: { metadata: { name: 'going' } }, code: 201 },
    {
      method: 'DELETE',
      path: '/api/v1/namespaces/going',
      body: { preconditions: { resourceVersion: '1' } },
      code: 409,
      says: /Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: \d/,
    },
    { method: 'DELETE', path: '/api/v1/namespaces/going', code: 200 },
    {
      method: 'DELETE',
      path: '/api/v1/namespaces/going?propagationPolicy=Orphan',
      code: 200,
      lacks: /orphan/,
    },
  ],
  'cluster-wide kinds with field labels of their own have no namespace': [
    {
      path: '/api/v1/nodes?fieldSelector=metadata.namespace%3Dx',
      code: 400,
      says: /field label not supported: metadata.namespace/,
    },
    { path: '/api/v1/persistentvolumes?fieldSelector=metadata.namespace%3Dx', code: 200 },
    { path: '/api/v1/secrets?fieldSelector=metadata.namespace%3Dx', code: 200 },
  ],
  'not every status has a table': [
    { path: claims, body: { metadata: { name: 'c' }, spec: {} }, code: 201 },
    { path: `${claims}/c`, accept: table, code: 200, says: /"kind":"Table"/ },
    { path: `${claims}/c/status`, accept: table, code: 200, says: /"kind":"ResourceClaim"/ },
    { path: '/api/v1/nodes', body: { metadata: { name: 'n' } }, code: 201 },
    { path: '/api/v1/nodes/n/status', accept: table, code: 200, says: /"kind":"Table".*\}\n$/ },
  ],
  'metadata of a list of events is refused under the name of the core kind': [
    {
      path: '/apis/events.k8s.io/v1/events',
      accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
      code: 406,
      says: /is a list \(\*core\.EventList\)/,
    },
  ],
  'the name of an APIService follows from its spec': [
    {
      path: services,
      body: {
        metadata: { generateName: 'x-', finalizers: ['orphan', 'foregroundDeletion'] },
        spec: { group: 'g.io', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
      },
      code: 422,
      says: /invalid: \[metadata\.generateName: .*metadata\.name: .*metadata\.finalizers: /,
    },
  ],
  'a name that is taken beside a generateName may be tried again': [
    { path: maps, body: map('taken'), code: 201 },
    { path: maps, body: map('taken'), code: 409, lacks: /retryAfterSeconds/ },
    {
      path: maps,
      body: map('taken', { generateName: 'x-' }),
      code: 409,
      says: /\\"taken\\" already exists, the server was not able to generate a unique name .*"retryAfterSeconds":1/,
    },
  ],
  'labels that a job takes from its template stand where labels do': [
    {
      path: '/apis/batch/v1/namespaces/default/jobs?dryRun=All',
      body: {
        metadata: { name: 'j' },
        spec: {
          template: { spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } },
        },
      },
      code: 201,
      says: /"creationTimestamp":"[^"]*","labels":\{"batch.kubernetes.io/,
    },
  ],
  'an empty list of what can be allocated stands for all there is': [
    {
      path: '/api/v1/nodes?dryRun=All',
      body: { metadata: { name: 'e' }, status: { capacity: { cpu: '4' }, allocatable: {} } },
      code: 201,
      says: /"status":\{"capacity":\{"cpu":"4"\},"allocatable":\{"cpu":"4"\}/,
    },
  ],
  'labels of a template that were sent empty are shown so': [
    {
      path: '/apis/apps/v1/namespaces/default/deployments',
      body: {
        metadata: { name: 'd' },
        spec: {
          selector: { matchLabels: { a: 'b' } },
          template: {
            metadata: { labels: {} },
            spec: { containers: [{ name: 'c', image: 'i' }] },
          },
        },
      },
      code: 422,
      says: /spec\.template\.metadata\.labels: Invalid value: \{\}: /,
    },
  ],
  'a list that is sent empty is a change of some kinds': [
    { path: policies, body: { metadata: { name: 'p' }, spec: { podSelector: {} } }, code: 201 },
    {
      method: 'PUT',
      path: `${policies}/p`,
      body: { metadata: { name: 'p' }, spec: { podSelector: {}, ingress: [] } },
      code: 200,
      says: /"generation":2/,
    },
    {
      method: 'PUT',
      path: `${policies}/p`,
      body: { metadata: { name: 'p' }, spec: { podSelector: {} } },
      code: 200,
      says: /"generation":2/,
    },
  ],
  'a name that cannot stand in a path is refused where it is looked up': [
    {
      path: '/api/v1/namespaces/default/serviceaccounts',
      body: { metadata: { name: 'default' } },
      code: 201,
    },
    ...['', 'a/b'].map((runtimeClassName) => ({
      path: '/api/v1/namespaces/default/pods',
      body: {
        metadata: { name: 'p' },
        spec: { containers: [{ name: 'c', image: 'i' }], runtimeClassName },
      },
      code: 500,
      says: /resource name may not be empty|invalid resource name \\"a\/b\\": \[may not contain '\/'\]/,
    })),
  ],
  'versions that are none are so before a PUT creates': [
    {
      method: 'PUT',
      path: `${leases}/none`,
      body: { metadata: { name: 'none', resourceVersion: 'x' } },
      code: 500,
      says: /strconv.ParseUint: parsing \\"x\\": invalid syntax/,
    },
  ],
  'what is immutable is no longer the same when it is sent empty': [
    { path: maps, body: { ...map('fixed'), immutable: true }, code: 201 },
    {
      method: 'PUT',
      path: `${maps}/fixed`,
      body: { ...map('fixed'), immutable: true, binaryData: {} },
      code: 422,
      says: /binaryData: Forbidden: field is immutable when `immutable` is set/,
    },
  ],
  'a name may be selected with an escape': [
    { path: `${maps}?fieldSelector=metadata.name%3Da%5C%2Cb`, code: 200 },
  ],
  'all but 0 and false is true': [
    { path: `${maps}?watch=fAlSe`, code: 200, says: /"kind":"ConfigMapList"/ },
    { path: `${maps}?watch=0`, code: 200, says: /"kind":"ConfigMapList"/ },
    { path: `${maps}?watch=f&timeoutSeconds=1&resourceVersion=0`, code: 200, lacks: /List/ },
  ],
  'a version in the future is refused at once where it is to be exact': [
    {
      path: `${maps}?resourceVersion=99999999&resourceVersionMatch=Exact`,
      code: 504,
      says: /"Timeout: Too large resource version: 99999999, current: \d+"/,
      lacks: /retryAfterSeconds/,
    },
  ],
  'rules are owned as a whole: one that was sent with an empty list is another': [
    {
      path: roles,
      body: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'r' },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
      },
      code: 201,
    },
    {
      method: 'PATCH',
      path: `${roles}/r?fieldManager=second`,
      type: jsonPatch,
      body: [{ op: 'add', path: '/rules/0/resourceNames', value: [] }],
      code: 200,
      says: /"managedFields":\[\{"manager":"second"[^[]*"f:rules":\{\}\}\}\]/,
    },
  ],
  'what its type does not describe cannot be applied to': [
    {
      path: '/api/v1/namespaces/default/serviceaccounts',
      body: {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 's' },
        secrets: [{ kind: 'x' }],
      },
      code: 201,
      lacks: /managedFields/,
    },
    {
      method: 'PATCH',
      path: '/api/v1/namespaces/default/serviceaccounts/s?fieldManager=m',
      type: apply,
      body: { apiVersion: 'v1', kind: 'ServiceAccount' },
      code: 500,
      says: /failed to create manager for existing fields: failed to convert new object \(default\/s; \/v1, Kind=ServiceAccount\) to smd typed: \.secrets: element 0: associative/,
    },
  ],
  'no name is made for an IPAddress': [
    {
      path: addresses,
      body: {
        metadata: { generateName: '192.0.2.9' },
        spec: { parentRef: { resource: 'services', name: 's' } },
      },
      code: 201,
      says: /"name":"192\.0\.2\.9"/,
    },
  ],
  'what an event does not say is left out where it need not be there': [
    {
      path: '/api/v1/namespaces/default/events',
      body: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'e', namespace: 'default' },
        involvedObject: { namespace: 'default' },
      },
      code: 201,
      says: /"reportingComponent":""/,
    },
    {
      method: 'GET',
      path: '/apis/events.k8s.io/v1/namespaces/default/events/e',
      code: 200,
      lacks: /"reporting/,
    },
  ],
  "fields that another group wrote are nobody's": [
    {
      path: '/api/v1/namespaces/default/events?fieldManager=first',
      body: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'f', namespace: 'default' },
        involvedObject: { namespace: 'default' },
        reason: 'R',
      },
      code: 201,
      says: /"manager":"first"/,
    },
    {
      method: 'PATCH',
      path: '/apis/events.k8s.io/v1/namespaces/default/events/f?fieldManager=second',
      type: 'application/merge-patch+json',
      body: { metadata: { labels: { a: 'b' } } },
      code: 200,
      says: /"manager":"second"/,
      lacks: /"manager":"first"/,
    },
  ],
  'a behavior that came through v1 gets what v2 presets': [
    {
      path: '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers',
      body: {
        metadata: {
          name: 'h',
          annotations: {
            'autoscaling.alpha.kubernetes.io/behavior':
              '{"ScaleUp":{"StabilizationWindowSeconds":5,"Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":1}]}}',
            'autoscaling.alpha.kubernetes.io/metrics': '[{"type":5}]',
          },
        },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
          maxReplicas: 3,
        },
      },
      code: 201,
      says: /\\"SelectPolicy\\":\\"Max\\".*\\"ScaleDown\\":\{/,
    },
    {
      method: 'GET',
      path: '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/h',
      code: 200,
      says: /"scaleDown":\{"selectPolicy":"Max"/,
    },
  ],
  'unknown fields of a patched object are told in the order of its text': [
    {
      path: '/api/v1/namespaces/default/configmaps',
      body: { metadata: { name: 'unknown' }, data: { a: 'b' } },
      code: 201,
    },
    {
      method: 'PATCH',
      path: '/api/v1/namespaces/default/configmaps/unknown?fieldValidation=Strict',
      type: 'application/merge-patch+json',
      body: { metadata: { odd: 1 }, bogus: 1 },
      code: 422,
      says: /unknown field \\"bogus\\", unknown field \\"metadata\.odd\\"/,
    },
    {
      method: 'PATCH',
      path: '/api/v1/namespaces/default/configmaps/unknown?fieldValidation=Strict',
      type: jsonPatch,
      body: [
        { op: 'add', path: '/metadata/odd', value: 1 },
        { op: 'add', path: '/bogus', value: 1 },
      ],
      code: 422,
      says: /unknown field \\"bogus\\", unknown field \\"metadata\.odd\\"/,
    },
  ],
  'ranges that were sent empty are told from none': [
    {
      path: '/apis/networking.k8s.io/v1/servicecidrs',
      body: { metadata: { name: 'range' }, spec: { cidrs: ['10.99.0.0/16'] } },
      code: 201,
    },
    {
      method: 'PUT',
      path: '/apis/networking.k8s.io/v1/servicecidrs/range',
      body: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'ServiceCIDR',
        metadata: { name: 'range' },
        spec: { cidrs: [] },
      },
      code: 422,
      says: /spec\.cidrs: Invalid value: \[\]: field is immutable/,
    },
    {
      method: 'PUT',
      path: '/apis/networking.k8s.io/v1/servicecidrs/range',
      body: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'ServiceCIDR',
        metadata: { name: 'range' },
        spec: {},
      },
      code: 422,
      says: /spec\.cidrs: Invalid value: null: field is immutable/,
    },
  ],
};

describe('requests in a row', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer((dataDir) => {
      const tokenAuthFile = join(dataDir, 'tokens');
      writeFileSync(tokenAuthFile, `${adminToken},admin,1,system:masters\n`);
      return { tokenAuthFile };
    });
  });
  after(() => server[Symbol.asyncDispose]());

  for (const [what, steps] of Object.entries(traces)) {
    it(what, async () => {
      for (const { method, path, type, accept, body, code, says, lacks } of steps) {
        const answer = await server.ask(path, {
          token: adminToken,
          ...(method === undefined ? {} : { method }),
          ...(body === undefined ? {} : { body }),
          headers: {
            ...(type === undefined ? {} : { 'Content-Type': type }),
            ...(accept === undefined ? {} : { Accept: accept }),
          },
        });
        assert.equal(answer.code, code, answer.text);
        if (says !== undefined) assert.match(answer.text, says);
        if (lacks !== undefined) assert.doesNotMatch(answer.text, lacks);
      }
    });
  }
});
