import assert from 'node:assert/strict';
import { toTyped } from '../../machinery/codec/decode.ts';
import { StatusError } from '../../machinery/meta/status-error.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { builtinGroups } from '../registry/groups.ts';
import { apiVersionOf } from '../registry/served-resource.ts';
import { createAdmission } from './admission.ts';
import { admissionPlugins } from './plugins.ts';
import { attributes, testEnvironment } from './test-environment.ts';

const enableAdmissionPlugins = [
  ...['NodeRestriction', 'AlwaysPullImages', 'ExtendedResourceToleration', 'EventRateLimit'],
  ...['LimitPodHardAntiAffinityTopology', 'DenyServiceExternalIPs', 'NamespaceExists'],
  ...['OwnerReferencesPermissionEnforcement', 'NamespaceAutoProvision'],
];
const labels = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/warn': 'restricted',
};
const environment = () =>
  testEnvironment(
    {
      namespaces: [{ metadata: { name: 'ns', labels } }],
      serviceaccounts: [{ metadata: { name: 'default', namespace: 'ns' } }],
      limitranges: [
        {
          metadata: { name: 'a', namespace: 'ns' },
          spec: { limits: [{ type: 'Container', default: { cpu: '1' } }, { type: 'Pod' }] },
        } as KubeObject,
      ],
      resourcequotas: [
        {
          metadata: { name: 'a', namespace: 'ns' },
          spec: { hard: { 'limits.cpu': '1', pods: '1', services: '1' } },
          status: { hard: { 'limits.cpu': '1', pods: '1', services: '1' } },
        } as KubeObject,
      ],
    },
    () => true,
  );

/** Admission runs before validation: what the API requires may be missing then. */
describe('admission of objects that lack everything', () => {
  const definitions = builtinGroups({
    serviceClusterIpRange: '10.0.0.0/24',
    nodePortRange: '30000-32767',
  }).flatMap((g) => g.resources);
  const bodies: object[] = [
    {},
    { spec: {} },
    { spec: null },
    { metadata: { name: 'a' }, spec: { template: {}, jobTemplate: {} } },
    { spec: { template: { spec: {} }, containers: [{}], initContainers: [null], volumes: [{}] } },
    { spec: { containers: null, volumes: [null], tolerations: [null], limits: null }, status: {} },
  ];
  const users = [
    { name: 'alice', groups: ['system:authenticated'] },
    { name: 'system:node:n', groups: ['system:nodes', 'system:authenticated'] },
  ];

  it('passes or refuses them, for every kind and user', async () => {
    for (const { group, version, plural, kind, namespaced } of definitions) {
      const type = kindType(apiVersionOf(group, version), kind)!;
      for (const body of bodies) {
        for (const user of users) {
          for (const operation of ['CREATE', 'UPDATE'] as const) {
            const admission = createAdmission(
              admissionPlugins(
                { enableAdmissionPlugins, disableAdmissionPlugins: [] },
                environment(),
              ),
            );
            const read = () => toTyped(body, type).object as KubeObject;
            const a = attributes({
              ...{ operation, group, version, resource: plural, kind, user, object: read() },
              ...{ oldObject: operation === 'UPDATE' ? read() : undefined },
              namespace: namespaced ? 'ns' : '',
            });
            try {
              await admission.admit(a);
              await admission.validate(a);
            } catch (e) {
              if (e instanceof StatusError) continue;
              assert.fail(`${operation} ${plural} ${JSON.stringify(body)}: ${(e as Error).stack}`);
            }
          }
        }
      }
    }
  });
});
