import assert from 'node:assert/strict';
import type { ResourceClaim } from '../schema/wire.ts';
import { listOf } from './amounts.ts';
import { mayCountClaims, resourceClaimEvaluator } from './device-claims.ts';

type Requests = NonNullable<NonNullable<ResourceClaim['spec']['devices']>['requests']>;

describe('resourceClaimEvaluator', () => {
  const evaluator = resourceClaimEvaluator(() => [
    { metadata: { name: 'gpu' }, spec: { extendedResourceName: 'example.com/gpu' } },
    { metadata: { name: 'nic' }, spec: {} },
  ]);
  const gpu = (given: object) => ({ name: 'r', deviceClassName: 'gpu', ...given });
  const asGpu = (n: string) => ({
    'gpu.deviceclass.resource.k8s.io/devices': n,
    'requests.deviceclass.resource.kubernetes.io/gpu': n,
    'requests.example.com/gpu': n,
  });
  const asOther = (name: string, n: string) => ({
    [`${name}.deviceclass.resource.k8s.io/devices`]: n,
    [`requests.deviceclass.resource.kubernetes.io/${name}`]: n,
  });

  const cases: [string, Requests, Record<string, string>][] = [
    ['nothing', [], {}],
    ['so many devices', [{ name: 'a', exactly: gpu({ count: 3 }) }], asGpu('3')],
    ['all devices', [{ name: 'a', exactly: gpu({ allocationMode: 'All' }) }], asGpu('32')],
    [
      'a mode that is not known',
      [{ name: 'a', exactly: gpu({ allocationMode: 'X' }) }],
      { 'gpu.deviceclass.resource.k8s.io/devices': '0' },
    ],
    [
      'several requests',
      [
        { name: 'a', exactly: gpu({ count: 3 }) },
        { name: 'b', exactly: gpu({}) },
        { name: 'c', exactly: gpu({ deviceClassName: 'nic' }) },
      ],
      { ...asGpu('4'), ...asOther('nic', '1') },
    ],
    [
      'alternatives',
      [
        {
          name: 'a',
          firstAvailable: [
            gpu({ count: 2 }),
            gpu({ count: 4 }),
            gpu({ deviceClassName: 'gone', count: 5 }),
          ],
        },
      ],
      { ...asGpu('4'), ...asOther('gone', '5') },
    ],
  ];
  for (const [what, requests, expected] of cases) {
    it(`counts ${what}`, () => {
      const claim = { metadata: { name: 'c' }, spec: { devices: { requests } } };
      assert.deepEqual(listOf(evaluator.usage(claim, 0)), {
        'count/resourceclaims.resource.k8s.io': '1',
        ...expected,
      });
    });
  }

  const names: [name: string, tracked: boolean, possible: boolean][] = [
    ['count/resourceclaims.resource.k8s.io', true, true],
    ['any.deviceclass.resource.k8s.io/devices', true, true],
    ['requests.example.com/gpu', true, true],
    ['requests.example.com/other', false, true],
    ['requests.deviceclass.resource.kubernetes.io/nic', true, true],
    ['requests.deviceclass.resource.kubernetes.io/gone', false, true],
    ['requests.cpu', false, false],
    ['count/pods', false, false],
  ];
  for (const [name, tracked, possible] of names) {
    it(`${tracked ? 'tracks' : 'leaves'} ${name}`, () => {
      assert.equal(evaluator.tracks(name), tracked);
      assert.equal(mayCountClaims(name), possible);
    });
  }
});
