import assert from 'node:assert/strict';
import { type Loose, problems, TestRegistry } from '../core/test-registry.ts';
import { describeCreates, describeUpdates } from '../test-refusals.ts';

const v1 = 'resource.k8s.io/v1';
const claim = (devices: object): Loose => ({ metadata: { name: 'a' }, spec: { devices } });
const request = (fields: object): object => ({
  name: 'r',
  exactly: { deviceClassName: 'c', ...fields },
});

describeCreates(v1, 'resourceclaims', [
  ['are complete', claim({ requests: [request({})] }), []],
  [
    'tolerate what can be',
    claim({
      requests: [request({ tolerations: [{ operator: 'Exists', value: 'v', effect: 'X' }] })],
    }),
    [
      'spec.devices.requests[0].exactly.tolerations[0].value: Invalid value: "v": must ' +
        'be empty for operator `Exists`',
      'spec.devices.requests[0].exactly.tolerations[0].effect: Unsupported value: "X": ' +
        'supported values: "NoExecute", "NoSchedule", "None"',
    ],
  ],
  [
    'refer to requests that they have',
    claim({
      requests: [{ name: 'r', firstAvailable: [{ name: 's', deviceClassName: 'c' }] }],
      constraints: [{ requests: ['r/s', 'r/t'], matchAttribute: 'a' }],
    }),
    [
      'spec.devices.constraints[0].requests[1]: Invalid value: "r/t": must be the name ' +
        'of a request in the claim or the name of a request and a subrequest separated by ' +
        "'/'",
      'spec.devices.constraints[0].matchAttribute: Invalid value: "a": a fully qualified ' +
        'name must be a domain and a name separated by a slash',
    ],
  ],
  [
    'tell drivers what is an object',
    claim({ config: [{ opaque: { driver: 'd', parameters: [] } }] }),
    [
      'spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must ' +
        'be a valid JSON object',
    ],
  ],
]);

const allocated = (fields: object = {}): object => ({
  allocation: { devices: { results: [{ request: 'r', driver: 'd', pool: 'p', device: 'x' }] } },
  ...fields,
});

describeUpdates(v1, 'resourceclaims', [
  [
    'can be allocated',
    claim({ requests: [request({})] }),
    (c) => (c.status = allocated()),
    [],
    'status',
  ],
  [
    'are not reserved before',
    claim({ requests: [request({})] }),
    (c) => (c.status = { reservedFor: [{ resource: 'pods', name: 'p', uid: '1' }] }),
    ['status.reservedFor: Forbidden: may not be specified when `allocated` is not set'],
    'status',
  ],
  [
    'tell of devices that they have',
    claim({ requests: [request({})] }),
    (c) => (c.status = allocated({ devices: [{ driver: 'd', pool: 'p', device: 'y' }] })),
    [
      'status.devices[0]: Invalid value: ' +
        '{"Driver":"d","Pool":"p","Device":"y","ShareID":""}: must be an allocated device ' +
        'in the claim',
    ],
    'status',
  ],
]);

const slice = (spec: object): Loose => ({
  metadata: { name: 'a' },
  spec: {
    driver: 'd',
    nodeName: 'n',
    pool: { name: 'p', resourceSliceCount: 1, generation: 1 },
    ...spec,
  },
});
const device = (fields: object): Loose => slice({ devices: [{ name: 'x', ...fields }] });
const capacity = (requestPolicy: object): Loose =>
  device({ allowMultipleAllocations: true, capacity: { c: { value: '10', requestPolicy } } });
const policyAt = 'spec.devices[0].capacity[c].requestPolicy';

describeCreates(v1, 'resourceslices', [
  ['are complete', device({ attributes: { a: { string: 'v' } } }), []],
  [
    'have attributes with one value',
    device({ attributes: { a: { string: 'v', int: 1 }, 'd/b': { version: '1' } } }),
    [
      'spec.devices[0].attributes[a]: Invalid value: ' +
        '{"IntValue":1,"BoolValue":null,"StringValue":"v","VersionValue":null,"IntValues":null,' +
        '"BoolValues":null,"StringValues":null,"VersionValues":null}: ' +
        'exactly one value must be specified',
      'spec.devices[0].attributes[d/b].version: Invalid value: "1": must be a string ' +
        'compatible with semver.org spec 2.0.0',
    ],
  ],
  [
    'share capacity in sorted parts',
    capacity({ default: '3', validValues: ['2', '1', '11'] }),
    [
      `${policyAt}.validValues[1]: Invalid value: "1": values must be sorted in ascending order`,
      `${policyAt}.validValues[2]: Invalid value: "11": option is larger than capacity value: 10`,
      `${policyAt}.validValues: Invalid value: "3": default value is not valid according ` +
        'to the requestPolicy',
    ],
  ],
  [
    'share capacity in steps',
    capacity({ default: '4', validRange: { min: '1', max: '12', step: '2' } }),
    [
      `${policyAt}.validRange.max: Invalid value: "12": max is larger than capacity value: 10`,
      `${policyAt}.validRange.step: Invalid value: "4": value is not a multiple of a ` +
        'given step (2) from (1)',
      `${policyAt}.validRange.step: Invalid value: "12": value is not a multiple of a ` +
        'given step (2) from (1)',
    ],
  ],
  [
    'have devices on their own node',
    device({ allNodes: true }),
    [
      'spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` ' +
        'can only be set if…',
    ],
  ],
  [
    'end a binding where they wait for one',
    device({ bindingConditions: ['a'] }),
    [
      'spec.devices[0].bindingFailureConditions: Invalid value: null: ' +
        'bindingFailureConditions are required to use bindingConditions',
    ],
  ],
]);

describeCreates(v1, 'deviceclasses', [
  [
    'name resources of others',
    { metadata: { name: 'a' }, spec: { extendedResourceName: 'cpu' } },
    ['spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name'],
  ],
]);

describe('admin access', () => {
  it('is for namespaces that allow it', async () => {
    await using registry = await TestRegistry.openAll();
    const asked = claim({ requests: [request({ adminAccess: true })] });
    const create = (): Promise<string[]> =>
      problems(registry.create('resourceclaims', asked, { apiVersion: v1 }));
    assert.deepEqual(await create(), [
      'spec.devices.requests[0].adminAccess: Forbidden: admin access to devices requires the ' +
        '`resource.kubernetes.io/admin-access: true` label on the containing namespace',
    ]);
    const labels = { 'resource.kubernetes.io/admin-access': 'true' };
    await registry.create('namespaces', { metadata: { name: 'ns', labels } });
    assert.deepEqual(await create(), []);
  });
});
