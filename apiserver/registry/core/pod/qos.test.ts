import assert from 'node:assert/strict';
import type { PodSpec } from '../../../../machinery/schema/wire.ts';
import { qosClass } from './qos.ts';

type List = Record<string, string>;
const container = (requests: List, limits: List) => ({
  name: 'c',
  resources: { requests, limits },
});
const both = { cpu: '1', memory: '1Gi' };

const cases: [what: string, expected: string, spec: object][] = [
  ['nothing', 'BestEffort', { containers: [container({}, {})] }],
  ['zeros', 'BestEffort', { containers: [container({ cpu: '0' }, { memory: '0' })] }],
  ['other resources', 'BestEffort', { containers: [container({ 'a/b': '1' }, { 'a/b': '1' })] }],
  ['a request', 'Burstable', { containers: [container({ cpu: '1' }, {})] }],
  ['limits as requests', 'Guaranteed', { containers: [container(both, both)] }],
  [
    'limits as requests, spelled otherwise',
    'Guaranteed',
    { containers: [container({ cpu: '1000m', memory: '1024Mi' }, both)] },
  ],
  ['limits of cpu alone', 'Burstable', { containers: [container({ cpu: '1' }, { cpu: '1' })] }],
  ['lower requests', 'Burstable', { containers: [container({ ...both, cpu: '500m' }, both)] }],
  [
    'one container without',
    'Burstable',
    { containers: [container(both, both), container({}, {})] },
  ],
  [
    'an init container without',
    'Burstable',
    { containers: [container(both, both)], initContainers: [container({}, {})] },
  ],
  [
    'resources of the pod itself',
    'Guaranteed',
    { containers: [container({}, {})], resources: { requests: both, limits: both } },
  ],
];

describe('class of service', () => {
  for (const [what, expected, spec] of cases) {
    it(`of a pod with ${what} is ${expected}`, () => {
      assert.equal(qosClass(spec as PodSpec), expected);
    });
  }
});
