import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  adminToken,
  startTestServer,
  type TestAnswer,
  type TestServer,
} from '../../test-server.ts';
import {
  patchReply,
  type ReceivedCall,
  startTestWebhook,
  type TestReply,
  type TestWebhook,
} from './test-webhook.ts';

const configurations = '/apis/admissionregistration.k8s.io/v1';
const maps = '/api/v1/namespaces/default/configmaps';
const scalers = (version: string) =>
  `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;

interface Hook {
  /** At the test's webhook. */
  readonly path?: string;
  readonly resources?: readonly string[];
  readonly [field: string]: unknown;
}

describe('a server with webhooks', () => {
  let server: TestServer;
  let webhook: TestWebhook;
  before(async () => {
    webhook = await startTestWebhook();
    server = await startTestServer((dir) => {
      writeFileSync(join(dir, 'tokens'), `${adminToken},admin,1,system:masters\n`);
      return { tokenAuthFile: join(dir, 'tokens') };
    });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await webhook[Symbol.asyncDispose]();
  });

  const send = (method: string, path: string, body?: unknown, headers = {}): Promise<TestAnswer> =>
    server.ask(path, { method, body, headers, token: adminToken });

  function configuration(kind: string, hooks: readonly Hook[]): object {
    return {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: `${kind}WebhookConfiguration`,
      metadata: { name: 'c' },
      webhooks: hooks.map(({ path = '/', resources = ['configmaps'], ...others }, i) => ({
        name: `h${i}.example.com`,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        clientConfig: { url: `${webhook.url}${path}`, caBundle: webhook.caBundle },
        rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources }],
        ...others,
      })),
    };
  }

  /** Runs with a configuration, which is there as soon as its creation has been answered. */
  async function having(
    kind: 'Mutating' | 'Validating',
    hooks: readonly Hook[],
    run: () => Promise<void>,
  ): Promise<readonly ReceivedCall[]> {
    const path = `${configurations}/${kind.toLowerCase()}webhookconfigurations`;
    const made = await send('POST', path, configuration(kind, hooks));
    assert.equal(made.code, 201, made.text);
    webhook.calls.length = 0;
    try {
      await run();
    } finally {
      const gone = await send('DELETE', `${path}/c`);
      assert.equal(gone.code, 200, gone.text);
    }
    return [...webhook.calls];
  }

  const configMap = (name: string, more: object = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { a: '1' },
    ...more,
  });
  const dry = (answer: Promise<TestAnswer>) => answer;

  /** What creating a map in a dry run is answered with. */
  async function created(kind: 'Mutating' | 'Validating', hook: Hook): Promise<TestAnswer> {
    let answer: TestAnswer | undefined;
    await having(kind, [hook], async () => {
      answer = await dry(send('POST', `${maps}?dryRun=All`, configMap('a')));
    });
    return answer!;
  }

  it('asks with the whole request', async () => {
    const calls = await having('Validating', [{ path: '/whole' }], async () => {
      await send('POST', `${maps}?fieldManager=fm`, configMap('w'));
      await send('PUT', `${maps}/w?dryRun=All`, configMap('w', { data: { b: '2' } }));
      await send('DELETE', `${maps}/w?propagationPolicy=Background`);
    });
    const told = calls.map(({ path, apiVersion, request: r }) => [
      path,
      apiVersion,
      r.operation,
      r.name,
      r.namespace,
      r.dryRun,
      r.options,
      r.object?.data,
      r.oldObject?.data,
    ]);
    const meta = 'meta.k8s.io/v1';
    const v1 = 'admission.k8s.io/v1';
    const at = ['/whole?timeout=10s', v1] as const;
    const create = { kind: 'CreateOptions', apiVersion: meta, fieldManager: 'fm' };
    const update = { kind: 'UpdateOptions', apiVersion: meta, dryRun: ['All'] };
    const remove = { kind: 'DeleteOptions', apiVersion: meta, propagationPolicy: 'Background' };
    const where = ['w', 'default'] as const;
    assert.deepEqual(told, [
      [...at, 'CREATE', ...where, false, create, { a: '1' }, undefined],
      [...at, 'UPDATE', ...where, true, update, { b: '2' }, { a: '1' }],
      [...at, 'DELETE', ...where, false, remove, undefined, { a: '1' }],
    ]);
    const { request } = calls[0]!;
    assert.deepEqual(request.kind, { group: '', version: 'v1', kind: 'ConfigMap' });
    assert.deepEqual(request.requestResource, { group: '', version: 'v1', resource: 'configmaps' });
    assert.deepEqual(request.userInfo, {
      username: 'admin',
      uid: '1',
      groups: ['system:masters', 'system:authenticated'],
    });
  });

  const denied = 'admission webhook "h0.example.com" denied the request';
  const failed = 'Internal error occurred: failed calling webhook "h0.example.com":';
  const replies: [string, TestReply, number, string][] = [
    ['no reason', { allowed: false }, 400, `${denied} without explanation`],
    ['a message', { allowed: false, status: { message: 'no' } }, 400, `${denied}: no`],
    ['a reason', { allowed: false, status: { reason: 'Odd' } }, 400, `${denied}: Odd`],
    ['a code', { allowed: false, status: { code: 418, message: 'tea' } }, 418, `${denied}: tea`],
    [
      'success as code',
      { allowed: false, status: { code: 200 } },
      400,
      `${denied} without explanation`,
    ],
    [
      'the code of strangers',
      { allowed: false, status: { code: 401, reason: 'Unauthorized', message: 'who?' } },
      401,
      `${denied}: who?`,
    ],
    [
      'an error',
      { code: 500, body: 'boom' },
      500,
      `${failed} failed to call webhook: an error on the server ("boom") has prevented the request from succeeding`,
    ],
    [
      'nothing',
      { code: 200, body: '' },
      500,
      `${failed} failed to call webhook: 0-length response with status code: 200 and content type: text/plain`,
    ],
  ];
  for (const [name, reply, code, message] of replies) {
    for (const kind of ['Mutating', 'Validating'] as const) {
      it(`refuses what a ${kind.toLowerCase()} webhook refuses with ${name}`, async () => {
        webhook.reply('/no', () => reply);
        const answer = await created(kind, { path: '/no' });
        assert.deepEqual([answer.code, answer.json()['message']], [code, message]);
      });
    }
  }

  it('refuses or goes on when a webhook cannot be reached', async () => {
    const { port } = webhook;
    const nowhere = { url: 'https://127.0.0.1:1/x', caBundle: webhook.caBundle };
    const answer = await created('Validating', { clientConfig: nowhere });
    assert.equal(
      answer.json()['message'],
      `${failed} failed to call webhook: Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused`,
    );
    const ignored = { clientConfig: nowhere, failurePolicy: 'Ignore' };
    assert.equal((await created('Mutating', ignored)).code, 201);
    const missing = { service: { namespace: 'default', name: 'nosuch', port } };
    const none = await created('Mutating', { clientConfig: missing });
    assert.equal(
      none.json()['message'],
      `${failed} failed to call webhook: Post "https://nosuch.default.svc:${port}/?timeout=10s": service "nosuch" not found`,
    );
  });

  it('trusts nobody but the bundle', async () => {
    const other = await startTestWebhook();
    try {
      const clientConfig = { url: webhook.url, caBundle: other.caBundle };
      const answer = await created('Validating', { clientConfig });
      assert.match(answer.text, /x509: certificate signed by unknown authority/);
      const named = { url: `https://localhost:${webhook.port}`, caBundle: webhook.caBundle };
      const wrong = await created('Validating', { clientConfig: named });
      assert.match(
        wrong.text,
        /x509: certificate is not valid for any names, but wanted to match localhost/,
      );
    } finally {
      await other[Symbol.asyncDispose]();
    }
    assert.equal(webhook.calls.length, 0);
  });

  it('waits no longer than it is told', async () => {
    const { promise, resolve } = Promise.withResolvers<TestReply>();
    webhook.reply('/slow', () => promise);
    const answer = await created('Validating', { path: '/slow', timeoutSeconds: 1 });
    resolve({ allowed: true });
    assert.equal(
      answer.json()['message'],
      `${failed} failed to call webhook: Post "${webhook.url}/slow?timeout=1s": context deadline exceeded`,
    );
  });

  it('stores what webhooks make of an object, one after the other', async () => {
    webhook.reply('/first', () => patchReply({ op: 'add', path: '/data/first', value: '1' }));
    webhook.reply('/second', ({ object }) =>
      patchReply({ op: 'add', path: '/data/second', value: JSON.stringify(object?.data) }),
    );
    await having('Mutating', [{ path: '/first' }, { path: '/second' }], async () => {
      const answer = await send('POST', `${maps}?dryRun=All`, configMap('m'));
      assert.deepEqual(answer.json()['data'], {
        a: '1',
        first: '1',
        second: '{"a":"1","first":"1"}',
      });
    });
  });

  it('asks those again that want to see what came after them', async () => {
    for (const reinvocationPolicy of ['Never', 'IfNeeded']) {
      let count = 0;
      webhook.reply('/count', () =>
        patchReply({ op: 'add', path: '/data/count', value: String(++count) }),
      );
      webhook.reply('/late', ({ object }) =>
        object?.data?.['late'] === undefined
          ? patchReply({ op: 'add', path: '/data/late', value: 'x' })
          : { allowed: true },
      );
      const hooks = ['/count', '/late'].map((path) => ({ path, reinvocationPolicy }));
      const calls = await having('Mutating', hooks, async () => {
        const answer = await send('POST', `${maps}?dryRun=All`, configMap('m'));
        const expected = reinvocationPolicy === 'Never' ? '1' : '2';
        assert.equal(answer.json<{ data: Record<string, string> }>().data['count'], expected);
      });
      const again = ['/count', '/late'].map((path) => `${path}?timeout=10s`);
      const expected = reinvocationPolicy === 'Never' ? again : [...again, ...again.slice(0, 1)];
      assert.deepEqual(calls.map(({ path }) => path).slice(0, expected.length), expected);
    }
  });

  it('shows objects in the version that a webhook asks for', async () => {
    const rules = [
      { apiGroups: ['autoscaling'], apiVersions: ['v1'], operations: ['*'], resources: ['*'] },
    ];
    webhook.reply('/cpu', () =>
      patchReply({ op: 'replace', path: '/spec/targetCPUUtilizationPercentage', value: 77 }),
    );
    const scaler = {
      metadata: { name: 'h' },
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
          },
        ],
      },
    };
    const calls = await having('Mutating', [{ path: '/cpu', rules }], async () => {
      const answer = await send('POST', `${scalers('v2')}?dryRun=All`, scaler);
      assert.match(answer.text, /"averageUtilization":77/);
      assert.match(answer.text, /"apiVersion":"autoscaling\/v2"/);
    });
    const { request } = calls[0]!;
    assert.equal(request.object?.apiVersion, 'autoscaling/v1');
    assert.equal(request.object?.spec?.['targetCPUUtilizationPercentage'], 60);
    assert.equal(request.resource['version'], 'v1');
    assert.equal(request.requestResource['version'], 'v2');
    const exact = [{ path: '/cpu', rules, matchPolicy: 'Exact' }];
    const none = await having('Mutating', exact, async () => {
      await send('POST', `${scalers('v2')}?dryRun=All`, scaler);
    });
    assert.equal(none.length, 0);
  });

  it('asks by selectors and match conditions', async () => {
    const hooks = [
      { path: '/team', namespaceSelector: { matchLabels: { team: 'x' } } },
      { path: '/object', objectSelector: { matchLabels: { o: '1' } } },
      {
        path: '/condition',
        matchConditions: [{ name: 'c', expression: "request.name == 'chosen'" }],
      },
    ];
    const calls = await having('Validating', hooks, async () => {
      await send('POST', `${maps}?dryRun=All`, configMap('plain'));
      const labelled = { name: 'labelled', labels: { o: '1' } };
      await send('POST', `${maps}?dryRun=All`, configMap('', { metadata: labelled }));
      await send('POST', `${maps}?dryRun=All`, configMap('chosen'));
    });
    assert.deepEqual(
      calls.map(({ path, request }) => [path.split('?')[0], request.name]),
      [
        ['/object', 'labelled'],
        ['/condition', 'chosen'],
      ],
    );
    const broken = [{ name: 'c', expression: "object.data.nosuch == ''" }];
    const answer = await created('Validating', { matchConditions: broken });
    assert.equal(
      answer.json()['message'],
      `configmaps "a" is forbidden: expression 'object.data.nosuch == ''' resulted in error: no such key: nosuch`,
    );
  });

  it('asks about subresources and connections as what they are', async () => {
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const account = { metadata: { name: 'default' } };
    await send('POST', '/api/v1/namespaces/default/serviceaccounts', account);
    assert.equal((await send('POST', '/api/v1/namespaces/default/pods', pod)).code, 201);
    const at = '/api/v1/namespaces/default/pods/p';
    const resources = ['*/*'];
    webhook.reply('/exec', ({ subResource, object }) =>
      subResource === 'exec'
        ? { allowed: false, status: { message: JSON.stringify(object) } }
        : { allowed: true },
    );
    const calls = await having('Validating', [{ path: '/exec', resources }], async () => {
      const answer = await send('POST', `${at}/exec?command=ls&command=-l&stdout=true`);
      assert.match(String(answer.json()['message']), /"stdout":true,"command":\["ls","-l"\]/);
      await send('POST', `${at}/eviction?dryRun=All`, {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'p' },
      });
      const token = { spec: { expirationSeconds: 3600 } };
      await send('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', token);
      await send('DELETE', `${at}?gracePeriodSeconds=0`);
    });
    assert.deepEqual(
      calls.map(({ request: { operation, kind, subResource = '' } }) =>
        [operation, kind['group'], kind['kind'], subResource].join(' '),
      ),
      [
        'CONNECT  PodExecOptions exec',
        'CREATE policy Eviction eviction',
        'CREATE authentication.k8s.io TokenRequest token',
        'DELETE  Pod ',
        // The mark, then the delete.
        'DELETE  Pod ',
      ],
    );
  });

  it('passes on what webhooks say beside, and puts back what nobody can read', async () => {
    webhook.reply('/warn', () => ({ allowed: true, warnings: ['careful'] }));
    const warned = await created('Validating', { path: '/warn' });
    assert.equal(warned.headers['warning'], '299 - "careful"');
    const managedFields = [{ manager: 'm', operation: 'Odd', apiVersion: 'v1' }];
    webhook.reply('/managed', () =>
      patchReply({ op: 'replace', path: '/metadata/managedFields', value: managedFields }),
    );
    const managed = await created('Mutating', { path: '/managed' });
    assert.equal(managed.code, 201);
    assert.match(
      String(managed.headers['warning']),
      /managedFields was in an invalid state after admission/,
    );
    assert.doesNotMatch(managed.text, /Odd/);
  });

  it('counts', async () => {
    webhook.reply('/counted', () => ({ allowed: false, status: { code: 700 } }));
    await created('Validating', { path: '/counted' });
    const { text } = await send('GET', '/metrics');
    const labels = 'name="h0.example.com",type="validating",operation="CREATE"';
    assert.ok(
      text.includes(
        `apiserver_admission_webhook_rejection_count{${labels},error_type="no_error",rejection_code="600"} 1`,
      ),
    );
    assert.ok(
      text.includes(
        `apiserver_admission_webhook_request_total{${labels},code="600",rejected="true"} 1`,
      ),
    );
    assert.match(text, /apiserver_admission_webhook_admission_duration_seconds_count\{name="h0/);
  });

  it('leaves webhooks themselves alone', async () => {
    webhook.reply('/all', () => ({ allowed: false }));
    const resources = ['*/*'];
    const calls = await having('Validating', [{ path: '/all', resources }], async () => {
      const path = `${configurations}/mutatingwebhookconfigurations`;
      assert.equal((await send('POST', path, { metadata: { name: 'other' } })).code, 201);
      assert.equal((await send('DELETE', `${path}/other`)).code, 200);
    });
    assert.deepEqual(
      calls.filter(({ request }) => request.resource['group'] === 'admissionregistration.k8s.io'),
      [],
    );
  });
});
