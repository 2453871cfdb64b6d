import assert from 'node:assert/strict';
import { describeCreates } from '../test-refusals.ts';
import { validateApiService } from './api-service-validation.ts';
import { builtinApiServices } from './builtin-api-services.ts';

const service = (spec: object, name = 'v1.e.com'): object => ({
  metadata: { name },
  spec: { group: 'e.com', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1, ...spec },
});

describeCreates('apiregistration.k8s.io/v1', 'apiservices', [
  ['are complete', service({}), []],
  [
    'are named by version and group',
    service({}, 'x'),
    ['metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.e.com"'],
  ],
  [
    'have priorities',
    service({ groupPriorityMinimum: 0, versionPriority: 1001 }),
    [
      'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
      'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
    ],
  ],
  [
    'trust nobody when they are local',
    service({ insecureSkipTLSVerify: true, caBundle: 'YWI=' }),
    [
      'spec.caBundle: Invalid value: "2 bytes": local APIServices may not have a caBundle',
      'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have ' +
        'insecureSkipTLSVerify',
    ],
  ],
  [
    'name their service',
    service({ service: { port: 0 } }),
    [
      'spec.service.namespace: Required value',
      'spec.service.name: Required value',
      'spec.service.port: Invalid…',
    ],
  ],
]);

describe('APIServices of the groups built in', () => {
  it('are as any other must be', () => {
    const services = builtinApiServices();
    assert.equal(services.length, 21);
    for (const s of services) assert.deepEqual(validateApiService(s), []);
  });
});
