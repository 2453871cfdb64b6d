import assert from 'node:assert/strict';
import { changedOptions, connectOptions } from './connect-options.ts';

function request(query: string, rest = '') {
  return { query: new URLSearchParams(query), info: { rest } } as Parameters<
    typeof connectOptions
  >[0];
}

describe('options of connections', () => {
  const cases: [string, string, string, object][] = [
    [
      'PodExecOptions',
      'command=ls&command=-l&stdout=true&stderr=false&container=c',
      '',
      { stdout: true, container: 'c', command: ['ls', '-l'] },
    ],
    ['PodAttachOptions', 'stdin=1&tty&container=', '', { stdin: true, tty: true }],
    ['PodPortForwardOptions', 'ports=80&ports=443', '', { ports: [80, 443] }],
    ['PodProxyOptions', 'path=/no&q=1', 'a/b', { path: '/a/b' }],
    ['NodeProxyOptions', '', '', {}],
  ];
  for (const [kind, query, rest, expected] of cases) {
    it(`${kind} of ${query || 'nothing'}`, () => {
      const options = connectOptions(request(query, rest), { kind });
      assert.deepEqual(options, { kind, apiVersion: 'v1', ...expected });
    });
  }

  it('go back into the query when they were changed', () => {
    const asked = request('command=ls&stdout=true&container=c&other=1');
    const options = connectOptions(asked, { kind: 'PodExecOptions' })!;
    const before = JSON.stringify(options);
    assert.equal(changedOptions(asked, before, options), undefined);
    const next = { ...options, container: 'd', command: ['a', 'b'], tty: true };
    const changed = changedOptions(asked, before, next)!;
    assert.equal(
      changed.query.toString(),
      'other=1&stdout=true&tty=true&container=d&command=a&command=b',
    );
    assert.equal(changed.rest, undefined);
  });

  it('lead to another path when that was changed', () => {
    const asked = request('q=1', 'a');
    const options = connectOptions(asked, { kind: 'ServiceProxyOptions' })!;
    const changed = changedOptions(asked, JSON.stringify(options), {
      ...options,
      path: '/b',
    } as typeof options)!;
    assert.deepEqual([changed.query.toString(), changed.rest], ['q=1', '/b']);
  });
});
