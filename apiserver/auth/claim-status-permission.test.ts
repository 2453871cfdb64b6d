import assert from 'node:assert/strict';
import type { ResourceClaim } from '../../machinery/schema/wire.ts';
import { attributes, judge } from '../admission/test-environment.ts';
import { notedProblems } from '../registry/noted-problems.ts';
import type { AccessAttributes } from './authorizer.ts';
import { claimStatusPermission } from './claim-status-permission.ts';

type Status = NonNullable<ResourceClaim['status']>;

const claim = (status: Status): ResourceClaim => ({
  metadata: { name: 'c', namespace: 'ns' },
  spec: {},
  status,
});
const onNode = {
  nodeSelector: {
    nodeSelectorTerms: [
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] },
    ],
  },
};
const device = (driver: string, data = 1) => ({ driver, pool: 'p', device: 'd', data: { data } });
const binder = 'update binding  ';
const driver = { name: 'system:serviceaccount:ns:driver', groups: [] };
const boundTo = (node: string) => ({
  ...driver,
  extra: { 'authentication.kubernetes.io/node-name': [node] },
});

interface Case {
  readonly what: string;
  readonly prev?: Status;
  readonly next: Status;
  readonly user?: ReturnType<typeof boundTo> | typeof driver;
  /** What may be done: verb, subresource, namespace and name. */
  readonly may?: readonly string[];
  readonly problems?: readonly string[];
}

const bindingProblem =
  'changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", ' +
  'verb="update" permission: resourceclaims.resource.k8s.io is forbidden: User ' +
  '"system:serviceaccount:ns:driver" cannot update resource "resourceclaims/binding" in API group ' +
  '"resource.k8s.io" at the cluster scope';
const driverProblem = (verbs: string, first: string) =>
  `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs}]" ` +
  'permission: resourceclaims.resource.k8s.io "d1" is forbidden: User ' +
  `"system:serviceaccount:ns:driver" cannot ${first} resource "resourceclaims/driver" in API ` +
  'group "resource.k8s.io" in the namespace "ns"';

const cases: Case[] = [
  { what: 'lets a status that stays', next: {} },
  { what: 'refuses an allocation', next: { allocation: {} }, problems: [bindingProblem] },
  { what: 'lets who binds claims allocate', next: { allocation: {} }, may: [binder] },
  {
    what: 'refuses the status of a device',
    prev: { allocation: {} },
    next: { allocation: {}, devices: [device('d1')] },
    problems: [driverProblem('arbitrary-node:update', 'arbitrary-node:update')],
  },
  {
    what: 'lets a driver of any node write it',
    prev: { allocation: {} },
    next: { allocation: {}, devices: [device('d1')] },
    may: ['arbitrary-node:update driver ns d1'],
  },
  {
    what: 'lets a driver on the node write it',
    prev: { allocation: onNode },
    next: { allocation: onNode, devices: [device('d1')] },
    user: boundTo('n1'),
    may: ['associated-node:update driver ns d1'],
  },
  {
    what: 'refuses a driver on another node',
    prev: { allocation: onNode },
    next: { allocation: onNode, devices: [device('d1')] },
    user: boundTo('n2'),
    may: ['associated-node:update driver ns d1'],
    problems: [driverProblem('arbitrary-node:update', 'arbitrary-node:update')],
  },
  {
    what: 'names both permissions on the node',
    prev: { allocation: onNode },
    next: { allocation: onNode, devices: [device('d1')] },
    user: boundTo('n1'),
    problems: [
      driverProblem('associated-node:update arbitrary-node:update', 'associated-node:update'),
    ],
  },
  {
    what: 'asks for the drivers of changed devices only',
    prev: { allocation: {}, devices: [device('d1'), device('d2')] },
    next: { allocation: {}, devices: [device('d1'), device('d2', 2)] },
    may: ['arbitrary-node:update driver ns d2'],
  },
  {
    what: 'counts a device that goes',
    prev: { allocation: {}, devices: [device('d1')] },
    next: { allocation: {} },
    problems: [driverProblem('arbitrary-node:update', 'arbitrary-node:update')],
  },
];

describe('permission to write the status of a claim', () => {
  for (const { what, prev = {}, next, user = driver, may = [], problems = [] } of cases) {
    it(what, async () => {
      const authorize = (a: AccessAttributes) => {
        const asked = [a.verb, a.subresource, a.namespace, a.name].join(' ');
        return {
          decision: may.includes(asked) ? ('allow' as const) : ('noOpinion' as const),
          reason: '',
        };
      };
      const object = claim(structuredClone(next));
      const a = attributes({
        ...{ operation: 'UPDATE', group: 'resource.k8s.io', resource: 'resourceclaims' },
        ...{ subresource: 'status', kind: 'ResourceClaim', verb: 'update', user },
        ...{ object, oldObject: claim(structuredClone(prev)) },
      });
      assert.equal(await judge(claimStatusPermission({ authorize }), a), undefined);
      assert.deepEqual(
        notedProblems(object).map((p) => p.detail),
        problems,
      );
    });
  }
});
