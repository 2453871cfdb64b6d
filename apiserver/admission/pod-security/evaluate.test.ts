import assert from 'node:assert/strict';
import type { Pod } from '../../../machinery/schema/wire.ts';
import { subjectOf } from './check.ts';
import { checksOf, detailsOf, violationsOf } from './evaluate.ts';
import type { Level } from './policy.ts';

const latest = Number.POSITIVE_INFINITY;
const pod = (container: object = {}, spec: object = {}, annotations: object = {}): Pod =>
  ({
    metadata: { annotations },
    spec: { containers: [{ name: 'c', ...container }], ...spec },
  }) as Pod;
const secure = (context: object) => pod({ securityContext: context });
/** Says all that the restricted level wants said. */
const strict = (context: object = {}, spec: object = {}) =>
  pod(
    {
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        ...context,
      },
    },
    {
      ...spec,
      securityContext: {
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
        ...(spec as { securityContext?: object }).securityContext,
      },
    },
  );
const judged = (level: Level, minor: number, of: Pod) =>
  detailsOf(violationsOf({ level, minor }, subjectOf(of)));

describe('the baseline', () => {
  const appArmor = 'container.apparmor.security.beta.kubernetes.io/c';
  const seccomp = 'seccomp.security.alpha.kubernetes.io/pod';
  const cases: [string, Pod, string, number?][] = [
    ['a plain pod', pod(), ''],
    [
      'namespaces of the node',
      pod({}, { hostNetwork: true, hostIPC: true }),
      'host namespaces (hostNetwork=true, hostIPC=true)',
    ],
    [
      'ports of the node',
      pod({ ports: [{ hostPort: 8 }, { hostPort: 7 }, { containerPort: 1 }] }),
      'hostPort (container "c" uses hostPorts 7, 8)',
    ],
    [
      'containers of all kinds',
      pod(
        { securityContext: { privileged: true } },
        {
          initContainers: [{ name: 'i', securityContext: { privileged: true } }],
          ephemeralContainers: [{ name: 'e', securityContext: { privileged: true } }],
        },
      ),
      'privileged (containers "i", "c", "e" must not set securityContext.privileged=true)',
    ],
    [
      'probes of other hosts',
      pod({
        livenessProbe: { httpGet: { host: 'h' } },
        lifecycle: { preStop: { tcpSocket: { host: 'g' } } },
      }),
      'probe or lifecycle host (container "c" uses probe or lifecycle hosts "g", "h")',
    ],
    ['probes of other hosts before', pod({ livenessProbe: { httpGet: { host: 'h' } } }), '', 33],
    [
      'AppArmor',
      pod(
        { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
        {},
        { [appArmor]: 'unconfined', [`${appArmor}2`]: 'localhost/x' },
      ),
      `forbidden AppArmor profiles (container "c" and annotation must not set AppArmor profile type to "Unconfined", "${appArmor}="unconfined"")`,
    ],
    [
      'SELinux',
      pod(
        { securityContext: { seLinuxOptions: { type: 'a_t', role: 'r' } } },
        { securityContext: { seLinuxOptions: { user: 'u', type: 'container_t' } } },
      ),
      'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "a_t"; user may not be set; role may not be set)',
    ],
    ['a type that is new', secure({ seLinuxOptions: { type: 'container_engine_t' } }), ''],
    [
      'a type that was not there',
      secure({ seLinuxOptions: { type: 'container_engine_t' } }),
      'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "container_engine_t")',
      30,
    ],
    [
      'settings of the kernel',
      pod({}, { securityContext: { sysctls: [{ name: 'x' }, { name: 'net.ipv4.tcp_rmem' }] } }),
      'forbidden sysctls (x)',
    ],
    [
      'settings of the kernel before',
      pod({}, { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem' }] } }),
      'forbidden sysctls (net.ipv4.tcp_rmem)',
      31,
    ],
    [
      'filters by annotation, long ago',
      pod({}, {}, { [seccomp]: 'unconfined' }),
      `seccompProfile (forbidden annotation ${seccomp}="unconfined")`,
      18,
    ],
    ['filters by annotation', pod({}, {}, { [seccomp]: 'unconfined' }), ''],
    [
      'processes of a Windows node',
      pod({}, { securityContext: { windowsOptions: { hostProcess: true } } }),
      'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
    ],
    [
      'an unmasked /proc',
      secure({ procMount: 'Unmasked' }),
      'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      'an unmasked /proc in a user namespace',
      pod({ securityContext: { procMount: 'Unmasked' } }, { hostUsers: false }),
      '',
    ],
  ];
  for (const [what, of, expected, minor = latest] of cases) {
    it(`judges ${what}`, () => assert.equal(judged('baseline', minor, of), expected));
  }
});

describe('the restricted level', () => {
  const cases: [string, Pod, string, number?][] = [
    ['a pod that says all', strict(), ''],
    [
      'what the privileged level lets',
      pod({}, { hostPID: true, securityContext: { runAsNonRoot: true } }),
      'host namespaces (hostPID=true)',
      7,
    ],
    [
      'volumes',
      strict(
        {},
        {
          volumes: [
            { name: 'a', hostPath: {} },
            { name: 'b', nfs: {} },
            { name: 'd', emptyDir: {} },
          ],
        },
      ),
      'restricted volume types (volumes "a", "b" use restricted volume types "hostPath", "nfs")',
    ],
    [
      'a volume of no known type',
      strict({}, { volumes: [{ name: 'a', x: {} }] }),
      'restricted volume types (volume "a" uses restricted volume type "unknown")',
    ],
    [
      'capabilities',
      strict({ capabilities: { add: ['CHOWN', 'NET_BIND_SERVICE'] } }),
      'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]; container "c" must not include "CHOWN" in securityContext.capabilities.add)',
    ],
    ['capabilities long ago', strict({ capabilities: { add: ['CHOWN'] } }), '', 21],
    [
      'root',
      strict({ runAsUser: 0, runAsNonRoot: false }, { securityContext: { runAsNonRoot: false } }),
      'runAsNonRoot != true (pod and container "c" must not set securityContext.runAsNonRoot=false), runAsUser=0 (container "c" must not set runAsUser=0)',
    ],
    [
      'root in a user namespace',
      strict({ runAsUser: 0, runAsNonRoot: false }, { hostUsers: false }),
      '',
    ],
    [
      'root in a user namespace before',
      strict({ runAsUser: 0 }, { hostUsers: false }),
      'runAsUser=0 (container "c" must not set runAsUser=0)',
      34,
    ],
    [
      'no filter',
      strict({ seccompProfile: { type: 'Unconfined' } }),
      'seccompProfile (container "c" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'a Windows pod',
      pod({ securityContext: { runAsNonRoot: true } }, { os: { name: 'windows' } }),
      '',
    ],
    [
      'an unmasked /proc in a user namespace',
      strict({ procMount: 'Unmasked' }, { hostUsers: false }),
      'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    ],
  ];
  for (const [what, of, expected, minor = latest] of cases) {
    it(`judges ${what}`, () => assert.equal(judged('restricted', minor, of), expected));
  }

  it('tells baseline rules first, without those that it replaces', () => {
    assert.deepEqual(
      checksOf({ level: 'restricted', minor: latest }).map((c) => c.id),
      [
        ...['appArmorProfile', 'hostNamespaces', 'hostPorts', 'hostProbesAndHostLifecycle'],
        ...['privileged', 'seLinuxOptions', 'sysctls', 'windowsHostProcess'],
        ...['allowPrivilegeEscalation', 'capabilities_restricted', 'procMount_restricted'],
        ...['restrictedVolumes', 'runAsNonRoot', 'runAsUser', 'seccompProfile_restricted'],
      ],
    );
    assert.deepEqual(checksOf({ level: 'privileged', minor: latest }), []);
  });
});
