import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { parseRequestInfo } from '../server/request-info.ts';
import { Counter } from './counter.ts';
import { Histogram } from './histogram.ts';
import { objectMetrics } from './objects.ts';
import { processMetrics } from './process.ts';
import { MetricRegistry } from './registry.ts';
import { Reloads } from './reloads.ts';
import { type CountedRequest, RequestMetrics } from './requests.ts';

function request(method: string, url: string, contentType?: string): CountedRequest {
  const [path = '', queryText = ''] = url.split('?');
  return {
    method,
    queryText,
    info: parseRequestInfo(method, path, {
      watch: queryText.includes('watch='),
      selectedName: undefined,
    }),
    header: (name) => (name === 'content-type' ? contentType : undefined),
  };
}

describe('metrics of the API server', () => {
  it('writes counters and cumulative histograms as text', async () => {
    const registry = new MetricRegistry();
    const counter = new Counter('things_total', 'Things.', ['kind']);
    counter.of('a"b').value += 2;
    const histogram = new Histogram('took_seconds', 'Time.', ['verb'], [1, 2]);
    for (const v of [0.5, 1, 1.5, 7]) histogram.of('GET').observe(v);
    registry.add(counter, histogram);
    const { contentType, body } = await registry.expose();
    assert.match(contentType, /^text\/plain; version=0\.0\.4/);
    assert.equal(
      body,
      [
        '# HELP things_total Things.',
        '# TYPE things_total counter',
        'things_total{kind="a\\"b"} 2',
        '',
        '# HELP took_seconds Time.',
        '# TYPE took_seconds histogram',
        'took_seconds_bucket{verb="GET",le="1"} 2',
        'took_seconds_bucket{verb="GET",le="2"} 3',
        'took_seconds_bucket{verb="GET",le="+Inf"} 4',
        'took_seconds_sum{verb="GET"} 10',
        'took_seconds_count{verb="GET"} 4',
        '',
      ].join('\n'),
    );
  });

  it('refuses a second metric of the same name', () => {
    const registry = new MetricRegistry();
    registry.add(new Counter('a', '', []));
    assert.throws(() => registry.add(new Counter('a', '', [])), /metric a is there already/);
  });

  it('tells which configuration is in force, and how often another was taken over', async () => {
    const reloads = new Reloads('authorization', 'apiserver-x', () => 5000);
    reloads.began('a');
    reloads.applied('b');
    reloads.failed();
    reloads.failed();
    const registry = new MetricRegistry();
    registry.add(...reloads.metrics);
    const hash = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const server = `apiserver_id_hash="${hash('apiserver-x')}"`;
    const prefix = 'apiserver_authorization_config_controller';
    const { body } = await registry.expose();
    assert.deepEqual(
      body.split('\n').filter((line) => !line.startsWith('#') && line !== ''),
      [
        `${prefix}_automatic_reloads_total{status="success",${server}} 1`,
        `${prefix}_automatic_reloads_total{status="failure",${server}} 2`,
        `${prefix}_automatic_reload_last_timestamp_seconds{status="success",${server}} 5`,
        `${prefix}_automatic_reload_last_timestamp_seconds{status="failure",${server}} 5`,
        `${prefix}_last_config_info{${server},hash="${hash('b')}"} 1`,
      ],
    );
  });

  const counted: readonly (readonly [CountedRequest, number, string])[] = [
    [
      request('GET', '/api/v1/namespaces/x/pods/p'),
      200,
      'verb="GET",dry_run="",group="",version="v1",resource="pods",subresource="",scope="resource"',
    ],
    [
      request('GET', '/api/v1/pods'),
      200,
      'verb="LIST",dry_run="",group="",version="v1",resource="pods",subresource="",scope="cluster"',
    ],
    [
      request('PATCH', '/api/v1/namespaces/x/pods/p', 'application/apply-patch+yaml'),
      201,
      'verb="APPLY",dry_run="",group="",version="v1",resource="pods",subresource="",scope="resource"',
    ],
    [
      request('POST', '/apis/apps/v1/namespaces/x/deployments?dryRun=All'),
      201,
      'verb="POST",dry_run="All",group="apps",version="v1",resource="deployments",subresource="",scope="namespace"',
    ],
    [
      request('POST', '/api/v1/namespaces/x/pods/p/exec?command=sh'),
      101,
      'verb="CONNECT",dry_run="",group="",version="v1",resource="pods",subresource="exec",scope="resource"',
    ],
    [
      request('GET', '/readyz/etcd'),
      200,
      'verb="GET",dry_run="",group="",version="",resource="",subresource="/readyz",scope=""',
    ],
    [
      request('GET', '/api/v1/madeup'),
      404,
      'verb="OTHER",dry_run="",group="",version="",resource="",subresource="",scope=""',
    ],
  ];
  for (const [asked, code, expected] of counted) {
    it(`counts ${asked.method} ${asked.info.path} as ${expected.slice(0, 14)}`, async () => {
      const registry = new MetricRegistry();
      const metrics = new RequestMetrics(registry, ({ resource }) => resource !== 'madeup');
      metrics.began(asked);
      metrics.ended(asked, code, 0.003);
      const { body } = await registry.expose();
      assert.ok(
        body.includes(
          `apiserver_request_total{${expected},component="apiserver",code="${code}"} 1`,
        ),
        body,
      );
      assert.ok(
        body.includes(
          `apiserver_request_duration_seconds_bucket{${expected},component="apiserver",le="0.005"} 1`,
        ),
      );
    });
  }

  it('shows what is in flight, watches aside', async () => {
    const registry = new MetricRegistry();
    const metrics = new RequestMetrics(registry, () => true);
    metrics.began(request('GET', '/api/v1/pods?watch=1'));
    metrics.began(request('GET', '/api/v1/pods'));
    metrics.began(request('PUT', '/api/v1/namespaces/x'));
    metrics.ended(request('GET', '/api/v1/pods'), 200, 0.1);
    const { body } = await registry.expose();
    assert.ok(body.includes('apiserver_current_inflight_requests{request_kind="readOnly"} 0'));
    assert.ok(body.includes('apiserver_current_inflight_requests{request_kind="mutating"} 1'));
    assert.match(body, /apiserver_longrunning_requests\{verb="WATCH".*\} 1\n/);
  });

  it('has figures of objects and of the process', async () => {
    const registry = new MetricRegistry();
    registry.add(
      ...objectMetrics(() => [{ group: 'apps', plural: 'deployments', count: 3 }]),
      ...processMetrics(1_700_000_000_000),
    );
    const { body } = await registry.expose();
    assert.ok(body.includes('apiserver_resource_objects{group="apps",resource="deployments"} 3'));
    assert.ok(body.includes('apiserver_storage_objects{resource="deployments.apps"} 3'));
    assert.ok(body.includes('process_start_time_seconds 1700000000'));
    assert.match(body, /^process_cpu_seconds_total [0-9.]+$/m);
  });
});
