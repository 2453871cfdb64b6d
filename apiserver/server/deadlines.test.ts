/** How long requests may take. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { ApiRequest } from './api-request.ts';
import { Deadlines } from './deadlines.ts';
import { parseRequestInfo } from './request-info.ts';

function request(path: string): ApiRequest {
  const url = new URL(path, 'https://x');
  const watch = url.searchParams.get('watch') === 'true';
  return {
    info: parseRequestInfo('GET', url.pathname, { watch, selectedName: undefined }),
    queryText: url.search.slice(1),
    query: url.searchParams,
    auditId: 'id',
    raw: { complete: true },
    overdue: false,
    timeoutMs: undefined,
  } as unknown as ApiRequest;
}

/** A response that tells when it ends, and how. */
function response(headersSent = false) {
  let ended: (how: { code: number; body: string; headers: object } | 'destroyed') => void;
  const end = new Promise<{ code: number; body: string; headers: object } | 'destroyed'>((r) => {
    ended = r;
  });
  let head = { code: 0, headers: {} };
  const stub = {
    headersSent,
    writableFinished: false,
    destroyed: false,
    writeHead(code: number, headers: object) {
      head = { code, headers };
    },
    end: (body: string) => ended({ ...head, body }),
    destroy: () => ended('destroyed'),
  };
  return { stub: stub as unknown as ServerResponse, end };
}

describe('Deadlines', () => {
  it('answers 504 to a request that takes longer than it said', async () => {
    const deadlines = new Deadlines(60_000);
    const asked = request('/api/v1/pods?timeout=1ms');
    const { stub, end } = response();
    deadlines.begin(asked, stub);
    const answer = await end;
    assert.ok(answer !== 'destroyed');
    assert.equal(answer.code, 504);
    assert.deepEqual(JSON.parse(answer.body), {
      metadata: {},
      status: 'Failure',
      message: 'Timeout: request did not complete within the allotted timeout',
      reason: 'Timeout',
      details: {},
      code: 504,
    });
    assert.equal(asked.overdue, true);
    assert.equal(asked.timeoutMs, 1);
  });

  it('answers to one that takes longer than all may, and breaks off one that has begun', async () => {
    const deadlines = new Deadlines(1);
    const { stub, end } = response();
    const begun = response(true);
    deadlines.begin(request('/api/v1/pods'), stub);
    deadlines.begin(request('/api/v1/pods'), begun.stub);
    assert.equal(await begun.end, 'destroyed');
    const answer = await end;
    assert.equal(answer !== 'destroyed' && answer.code, 504);
  });

  const limits: [string, number | undefined][] = [
    ['/api/v1/pods', 5000],
    ['/api/v1/pods?timeout=', 5000],
    ['/api/v1/pods?timeout=0s', 5000],
    ['/api/v1/pods?timeout=2s', 2000],
    ['/api/v1/pods?timeout=2h', 5000],
    ['/api/v1/pods?watch=true&timeout=2s', undefined],
    ['/api/v1/namespaces/a/pods/x/log', undefined],
  ];
  for (const [path, expected] of limits) {
    it(`gives ${path} ${expected ?? 'all the time it likes'}`, () => {
      const asked = request(path);
      const done = new Deadlines(5000).begin(asked, response().stub);
      assert.equal(asked.timeoutMs, expected);
      done();
    });
  }

  it('refuses a time that is none', () => {
    assert.throws(() => new Deadlines(1).begin(request('/api?timeout=soon'), response().stub), {
      message: 'invalid timeout specified in the request URL - time: invalid duration "soon"',
    });
  });
});
