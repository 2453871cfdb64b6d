/** Pages on which components tell of themselves. */
import assert from 'node:assert/strict';
import { flagz } from './flagz.ts';
import { HealthSlis } from './health-slis.ts';
import { statusz } from './statusz.ts';
import { answerZPage } from './z-page.ts';

const warning =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';
const flags = flagz('kube-proxy', { v: '2', config: '' });
const status = statusz({
  component: 'apiserver',
  startedMs: Date.UTC(2026, 10, 2, 3, 4, 5),
  runtime: 'node26.1.0',
  paths: ['/metrics/slis', '/metrics', '/apis/apps', '/api', '/', '/flagz', '/.well-known/x'],
  now: () => Date.UTC(2026, 10, 3, 5, 6, 7),
});

describe('flagz and statusz', () => {
  it('are text for people', () => {
    for (const accept of ['', ' ', '*/*', 'text/plain', 'text/*;q=0.5', 'text/html, */*']) {
      const { code, contentType, body } = answerZPage(flags, accept, false);
      assert.deepEqual([code, contentType], [200, 'text/plain; charset=utf-8'], accept);
      assert.equal(body, `\nkube-proxy flagz\n${warning}\nconfig=\nv=2\n`);
    }
    assert.equal(
      answerZPage(status, '', false).body,
      [
        '',
        'apiserver statusz',
        warning,
        '',
        'Started: Mon Nov  2 03:04:05 UTC 2026',
        'Up: 26 hr 02 min 02 sec',
        'Go version: node26.1.0',
        'Binary version: 1.36',
        'Emulation version: 1.36',
        'Paths: /flagz /metrics',
        '',
      ].join('\n'),
    );
  });

  it('are objects for those who name them', () => {
    const accept = 'application/json;as=Flagz;v=v1beta1;g=config.k8s.io';
    assert.deepEqual(answerZPage(flags, accept, false), {
      code: 200,
      contentType: 'application/json;g=config.k8s.io;v=v1beta1;as=Flagz',
      body: '{"kind":"Flagz","apiVersion":"config.k8s.io/v1beta1","metadata":{"name":"kube-proxy"},"flags":{"config":"","v":"2"}}\n',
    });
    assert.match(answerZPage(flags, accept, true).body, /^{\n {2}"kind": "Flagz",\n/);
    assert.match(answerZPage(flags, `${accept};pretty=1`, false).body, /^{\n/);
    const yaml = 'application/yaml;as=Statusz;v=v1alpha1;g=config.k8s.io';
    assert.deepEqual(answerZPage(status, yaml, false), {
      code: 200,
      contentType: 'application/yaml;g=config.k8s.io;v=v1alpha1;as=Statusz',
      body: [
        'apiVersion: config.k8s.io/v1alpha1',
        'binaryVersion: "1.36"',
        'emulationVersion: "1.36"',
        'goVersion: node26.1.0',
        'kind: Statusz',
        'metadata:',
        '  name: apiserver',
        'paths:',
        '- /flagz',
        '- /metrics',
        'startTime: "2026-11-02T03:04:05Z"',
        'uptimeSeconds: 93722',
        '',
      ].join('\n'),
      warning:
        '299 - "This version of the statusz endpoint is deprecated. Please use a newer version."',
    });
  });

  const refused = [
    'application/json',
    'application/json;as=Statusz;v=v1beta1;g=config.k8s.io',
    'application/json;as=Flagz;v=v1;g=config.k8s.io',
    'application/json;as=Flagz;v=v1beta1;g=meta.k8s.io',
    'application/cbor;as=Flagz;v=v1beta1;g=config.k8s.io',
    'text/plain;as=Flagz;v=v1beta1;g=config.k8s.io',
    'text/html',
  ];
  for (const accept of refused) {
    it(`are nothing for ${accept}`, () => {
      const { code, contentType, body } = answerZPage(flags, accept, false);
      assert.deepEqual([code, contentType], [406, 'application/json']);
      const { reason, message } = JSON.parse(body) as Record<string, string>;
      assert.equal(reason, 'NotAcceptable');
      assert.match(message!, /accepted: application\/json, application\/yaml, text\/plain$/);
    });
  }
});

describe('health checks on /metrics/slis', () => {
  it('tell the last answer and count all', () => {
    const slis = new HealthSlis(5000);
    slis.observe('ping', 'readyz', true);
    slis.observe('a"b', 'livez', true);
    slis.observe('a"b', 'livez', false);
    assert.deepEqual(
      slis
        .text()
        .split('\n')
        .filter((l) => !l.startsWith('#')),
      [
        'kubernetes_healthcheck{name="a\\"b",type="livez"} 0',
        'kubernetes_healthcheck{name="ping",type="readyz"} 1',
        'kubernetes_healthchecks_total{name="a\\"b",status="error",type="livez"} 1',
        'kubernetes_healthchecks_total{name="a\\"b",status="success",type="livez"} 1',
        'kubernetes_healthchecks_total{name="ping",status="success",type="readyz"} 1',
        'process_start_time_seconds 5',
        '',
      ],
    );
  });
});
