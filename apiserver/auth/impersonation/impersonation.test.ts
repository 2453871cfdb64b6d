import assert from 'node:assert/strict';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import type { UserInfo } from '../../registry/resource.ts';
import type { AccessAttributes, Authorizer } from '../authorizer.ts';
import { Impersonation } from './impersonation.ts';
import { wantedUser } from './wanted-user.ts';

const alice: UserInfo = { name: 'alice', groups: ['devs'] };
const agent: UserInfo = {
  name: 'system:serviceaccount:ns:agent',
  groups: [],
  extra: { 'authentication.kubernetes.io/node-name': ['n1'] },
};

/** `verb resource[/subresource][.group] [namespace/]name`, as the rights below are written. */
function question(a: AccessAttributes): string {
  const resource = a.subresource === '' ? a.resource : `${a.resource}/${a.subresource}`;
  const group = a.group === '' ? '' : `.${a.group}`;
  const name = a.namespace === '' ? a.name : `${a.namespace}/${a.name}`;
  return `${a.verb} ${resource}${group} ${name}`.trim();
}

function attributes(user: UserInfo): AccessAttributes {
  const none = { group: '', subresource: '', name: '', path: '' };
  return {
    user,
    verb: 'list',
    resourceRequest: true,
    version: 'v1',
    resource: 'pods',
    namespace: 'ns',
    ...none,
  };
}

function headers(...pairs: string[]) {
  const parsed: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) parsed[pairs[i]!.toLowerCase()] = pairs[i + 1]!;
  return { headers: parsed, rawHeaders: pairs };
}

interface Server {
  readonly asked: string[];
  act(requestor: UserInfo, ...pairs: string[]): Promise<object>;
  advance(ms: number): void;
}

function server(...rights: string[]): Server {
  const asked: string[] = [];
  let nowMs = 0;
  const authorizer: Authorizer = {
    name: 'test',
    authorize(a) {
      asked.push(question(a));
      const decision = rights.includes(question(a)) ? 'allow' : 'noOpinion';
      return { decision, reason: '' };
    },
  };
  const impersonation = new Impersonation(authorizer, () => nowMs);
  return {
    asked,
    advance(ms) {
      nowMs += ms;
    },
    async act(requestor, ...pairs) {
      try {
        const wanted = wantedUser(headers(...pairs));
        if (wanted === undefined) return { none: true };
        return await impersonation.impersonate(wanted, attributes(requestor));
      } catch (e) {
        if (!(e instanceof StatusError)) throw e;
        return { code: e.code, message: e.message };
      }
    },
  };
}

const bob = ['Impersonate-User', 'bob'];
const on = (mode: string) => `impersonate-on:${mode}:list pods ns/`;
const legacy = (name: string, ...groups: string[]) => ({
  user: { name, groups: [...groups, 'system:authenticated'] },
  constraint: '',
});

describe('impersonation', () => {
  const cases: [string, string[], UserInfo, string[], object][] = [
    ['no headers', [], alice, [], { none: true }],
    ['the old way', ['impersonate users bob'], alice, bob, legacy('bob')],
    [
      'with groups, uid and extra',
      [
        'impersonate users bob',
        'impersonate groups g1',
        'impersonate groups g2',
        'impersonate uids.authentication.k8s.io u',
        'impersonate userextras/a/b.authentication.k8s.io v',
      ],
      alice,
      [
        ...bob,
        ...['Impersonate-Group', 'g1', 'Impersonate-Group', 'g2'],
        ...['Impersonate-Uid', 'u', 'Impersonate-Extra-A%2fb', 'v'],
      ],
      {
        user: {
          name: 'bob',
          groups: ['g1', 'g2', 'system:authenticated'],
          uid: 'u',
          extra: { 'a/b': ['v'] },
        },
        constraint: '',
      },
    ],
    [
      'a service account has its groups',
      ['impersonate serviceaccounts ns/a'],
      alice,
      ['Impersonate-User', 'system:serviceaccount:ns:a'],
      legacy('system:serviceaccount:ns:a', 'system:serviceaccounts', 'system:serviceaccounts:ns'),
    ],
    [
      'a name that only looks like one has not',
      ['impersonate users system:serviceaccount:NS:a'],
      alice,
      ['Impersonate-User', 'system:serviceaccount:NS:a'],
      legacy('system:serviceaccount:NS:a'),
    ],
    [
      'anonymous is not authenticated',
      ['impersonate users system:anonymous'],
      alice,
      ['Impersonate-User', 'system:anonymous'],
      { user: { name: 'system:anonymous', groups: ['system:unauthenticated'] }, constraint: '' },
    ],
    [
      'who may not, reads about the first way that was tried',
      [],
      alice,
      bob,
      {
        code: 403,
        message:
          'pods is forbidden: User "alice" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "ns"',
      },
    ],
    [
      'groups without a user',
      [],
      alice,
      ['Impersonate-Group', 'g'],
      {
        code: 400,
        message:
          'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)} without impersonating a user name',
      },
    ],
    [
      'extras without a user',
      [],
      alice,
      ['Impersonate-Extra-X', 'a'],
      {
        code: 400,
        message:
          'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string(nil), Extra:map[string][]string{"x":[]string{"a"}}} without impersonating a user name',
      },
    ],
    [
      'an ordinary user, for one verb',
      [on('user-info'), 'impersonate:user-info users.authentication.k8s.io bob'],
      alice,
      bob,
      {
        user: { name: 'bob', groups: ['system:authenticated'] },
        constraint: 'impersonate:user-info',
      },
    ],
    [
      'system:masters is out of reach of a constrained mode',
      [
        on('user-info'),
        'impersonate:user-info users.authentication.k8s.io bob',
        'impersonate:user-info groups.authentication.k8s.io system:masters',
      ],
      alice,
      [...bob, 'Impersonate-Group', 'system:masters'],
      {
        code: 403,
        message:
          'groups.authentication.k8s.io "system:masters" is forbidden: User "alice" cannot impersonate:user-info resource "groups" in API group "authentication.k8s.io" at the cluster scope: impersonating the system:masters group is not allowed',
      },
    ],
    [
      'many groups by one right',
      [
        on('user-info'),
        'impersonate:user-info users.authentication.k8s.io bob',
        'impersonate:user-info groups.authentication.k8s.io *',
      ],
      alice,
      [...bob, ...['a', 'b', 'c', 'd'].flatMap((g) => ['Impersonate-Group', g])],
      {
        user: { name: 'bob', groups: ['a', 'b', 'c', 'd', 'system:authenticated'] },
        constraint: 'impersonate:user-info',
      },
    ],
    [
      'the node that the account runs on',
      [on('associated-node'), 'impersonate:associated-node nodes.authentication.k8s.io *'],
      agent,
      ['Impersonate-User', 'system:node:n1'],
      {
        user: { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] },
        constraint: 'impersonate:associated-node',
      },
    ],
    [
      'another node needs the right to any',
      [
        on('associated-node'),
        'impersonate:associated-node nodes.authentication.k8s.io *',
        on('arbitrary-node'),
        'impersonate:arbitrary-node nodes.authentication.k8s.io n2',
      ],
      agent,
      ['Impersonate-User', 'system:node:n2'],
      {
        user: { name: 'system:node:n2', groups: ['system:nodes', 'system:authenticated'] },
        constraint: 'impersonate:arbitrary-node',
      },
    ],
    [
      'a service account by name alone',
      [
        on('serviceaccount'),
        'impersonate:serviceaccount serviceaccounts.authentication.k8s.io ns/a',
      ],
      alice,
      ['Impersonate-User', 'system:serviceaccount:ns:a'],
      {
        user: {
          name: 'system:serviceaccount:ns:a',
          groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
        },
        constraint: 'impersonate:serviceaccount',
      },
    ],
  ];
  for (const [what, rights, requestor, pairs, expected] of cases) {
    it(what, async () => {
      assert.deepEqual(await server(...rights).act(requestor, ...pairs), expected);
    });
  }

  it('tries first what worked last, and holds what it allowed for ten seconds', async () => {
    const rights = [on('user-info'), 'impersonate:user-info users.authentication.k8s.io bob'];
    const s = server(...rights);
    await s.act(alice, ...bob);
    await s.act(alice, ...bob);
    assert.deepEqual(s.asked, [...rights, rights[0]]);
    s.advance(10_000);
    await s.act(alice, ...bob);
    assert.deepEqual(s.asked.slice(3), rights);
  });

  it('asks the old way at the cost of the old way', async () => {
    const s = server('impersonate users bob');
    await s.act(alice, ...bob);
    s.asked.length = 0;
    await s.act(alice, ...bob);
    assert.deepEqual(s.asked, ['impersonate users bob']);
  });
});
