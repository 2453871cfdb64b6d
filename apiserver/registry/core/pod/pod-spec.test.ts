import { type Loose, problems, sameTexts, TestRegistry } from '../test-registry.ts';

const c = (extra: Loose = {}): Loose => ({ name: 'c', image: 'x', ...extra });
const pod = (extra: Loose): Loose => ({ containers: [c()], ...extra });

const refused: [what: string, spec: Loose, ...problems: string[]][] = [
  [
    'ephemeral containers',
    pod({ ephemeralContainers: [{ name: 'e', image: 'x' }] }),
    'spec.ephemeralContainers: Forbidden: cannot be set on create',
  ],
  [
    'an unknown restart policy',
    pod({ restartPolicy: 'Sometimes' }),
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
  ],
  [
    'an unknown DNS policy',
    pod({ dnsPolicy: 'x' }),
    'spec.dnsPolicy: Unsupported value: "x": supported values: "ClusterFirstWithHostNet", "ClusterFirst",…',
  ],
  [
    'tolerations',
    pod({
      tolerations: [
        { operator: 'Equal' },
        { key: 'a', operator: 'Exists', value: 'x' },
        { key: 'a', operator: 'Maybe' },
        { key: 'b', tolerationSeconds: 1 },
      ],
    }),
    'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, w…',
    'spec.tolerations[1].operator: Invalid value: "x": value must be empty when `operator` is \'Exists\'',
    'spec.tolerations[2].operator: Unsupported value: "Maybe": supported values: "Equal", "Exists"',
    'spec.tolerations[3].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set',
  ],
  [
    'node affinity',
    pod({
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
      },
    }),
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Require…',
  ],
  [
    'node affinity operators',
    pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: 'a', operator: 'In' },
                  { key: 'b', operator: 'Gt', values: ['1', '2'] },
                  { key: 'c', operator: 'X' },
                ],
                matchFields: [{ key: 'metadata.uid', operator: 'In', values: ['a'] }],
              },
            ],
          },
        },
      },
    }),
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].match…',
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].match…',
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].match…',
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].match…',
  ],
  [
    'pod affinity',
    pod({
      affinity: {
        podAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 0, podAffinityTerm: { topologyKey: '' } },
          ],
        },
      },
    }),
    'spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value:…',
    'spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.topolog…',
    'spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.topolog…',
    'spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.topolog…',
  ],
  [
    'topology spread',
    pod({
      topologySpreadConstraints: [
        { maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'x' },
        { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 1 },
      ],
    }),
    'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
    'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
    'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "x": supported values: "DoNo…',
    'spec.topologySpreadConstraints[1].minDomains: Invalid value: 1: can only use minDomains if whenUnsat…',
  ],
  [
    'gates',
    pod({ schedulingGates: [{ name: 'a b' }, { name: 'x' }, { name: 'x' }] }),
    'spec.schedulingGates[0]: Invalid value: "a b": name part must consist of alphanumeric characters, \'-…',
    'spec.schedulingGates[2]: Duplicate value: "x"',
  ],
  [
    'gates of a placed pod',
    pod({ nodeName: 'n', schedulingGates: [{ name: 'x' }] }),
    'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
  ],
  [
    'sysctls',
    pod({
      securityContext: {
        sysctls: [
          { name: 'a b', value: '1' },
          { name: 'kernel.shm', value: '1' },
          { name: 'kernel.shm', value: '1' },
        ],
      },
    }),
    'spec.securityContext.sysctls[0].name: Invalid value: "a b": must have at most 253 characters and mat…',
    'spec.securityContext.sysctls[2].name: Duplicate value: "kernel.shm"',
  ],
  [
    'ids',
    pod({ securityContext: { runAsUser: -1, supplementalGroups: [-1], fsGroup: -1 } }),
    'spec.securityContext.fsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    'spec.securityContext.supplementalGroups[0]: Invalid value: -1: must be between 0 and 2147483647, inc…',
  ],
  [
    'host users',
    pod({ hostUsers: false, hostNetwork: true }),
    'spec.hostNetwork: Forbidden: when `hostUsers` is false',
  ],
  [
    'shared process namespaces',
    pod({ hostPID: true, shareProcessNamespace: true }),
    'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID c…',
  ],
  [
    'seccomp',
    pod({
      securityContext: { seccompProfile: { type: 'Localhost' }, appArmorProfile: { type: 'x' } },
    }),
    'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type…',
    'spec.securityContext.appArmorProfile.type: Unsupported value: "x": supported values: "Localhost", "R…',
  ],
  [
    'dns configuration',
    pod({ dnsPolicy: 'None' }),
    'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
  ],
  [
    'name servers',
    pod({
      dnsConfig: {
        nameservers: ['a', '1.1.1.1', '1.1.1.2', '1.1.1.3'],
        searches: ['a b'],
        options: [{}],
      },
    }),
    'spec.dnsConfig.nameservers: Invalid value: ["a","1.1.1.1","1.1.1.2","1.1.1.3"]: must not have more t…',
    'spec.dnsConfig.nameservers[0]: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 200…',
    'spec.dnsConfig.searches[0]: Invalid value: "a b": a lowercase RFC 1123 subdomain must consist of low…',
    'spec.dnsConfig.options[0]: Required value: must not be empty',
  ],
  [
    'host aliases',
    pod({ hostAliases: [{ ip: 'x', hostnames: ['a_b'] }] }),
    'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'spec.hostAliases[0].hostnames[0]: Invalid value: "a_b": a lowercase RFC 1123 subdomain must consist…',
  ],
  [
    'host names',
    pod({ hostname: 'a.b', subdomain: '-x' }),
    'spec.hostname: Invalid value: "a.b": must not contain dots',
    'spec.subdomain: Invalid value: "-x": a lowercase RFC 1123 label must consist of lower case alphanume…',
  ],
  [
    'deadlines',
    pod({ activeDeadlineSeconds: 0, terminationGracePeriodSeconds: -1 }),
    'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
  ],
  [
    'priority classes',
    pod({ priorityClassName: 'A b' }),
    'spec.priorityClassName: Invalid value: "A b": a lowercase RFC 1123 subdomain must consist of lower c…',
  ],
  [
    'runtime classes',
    pod({ runtimeClassName: 'A b' }),
    'spec.runtimeClassName: Invalid value: "A b": a lowercase RFC 1123 subdomain must consist of lower ca…',
  ],
  [
    'overhead',
    pod({ overhead: { cpu: '-1' } }),
    'spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  [
    'readiness gates',
    pod({ readinessGates: [{ conditionType: 'a b' }] }),
    'spec.readinessGates[0].conditionType: Invalid value: "a b": name part must consist of alphanumeric c…',
  ],
  [
    'windows',
    pod({ os: { name: 'windows' }, securityContext: { runAsUser: 1 }, hostPID: true }),
    'spec.hostPID: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod',
  ],
  [
    'another system',
    pod({ os: { name: 'x' } }),
    'spec.os: Unsupported value: "x": supported values: "linux", "windows"',
  ],
  [
    'resource claims',
    pod({
      resourceClaims: [
        { name: 'a' },
        { name: 'b', resourceClaimName: 'x', resourceClaimTemplateName: 'y' },
        { name: 'b', resourceClaimName: 'x' },
      ],
    }),
    'spec.resourceClaims[0]: Invalid value: {"Name":"a","ResourceClaimName":null,"ResourceClaimTemplateNa…',
    'spec.resourceClaims[1]: Invalid value: {"Name":"b","ResourceClaimName":"x","ResourceClaimTemplateNam…',
    'spec.resourceClaims[2].name: Duplicate value: "b"',
  ],
  [
    'pod-level resources',
    pod({
      containers: [c({ resources: { requests: { cpu: '2' } } })],
      resources: { requests: { cpu: '1' }, limits: { 'a.b/c': '1' } },
    }),
    'spec.resources.limits[a.b/c]: Unsupported value: "a.b/c": supported values: "cpu", "hugepages-", "memory"',
    'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate contain…',
  ],
  [
    'node names',
    pod({ nodeName: 'A b', nodeSelector: { 'a b': 'c d' } }),
    "spec.nodeSelector: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_'…",
    'spec.nodeSelector: Invalid value: "c d": a valid label must be an empty string or consist of alphanu…',
    'spec.nodeName: Invalid value: "A b": a lowercase RFC 1123 subdomain must consist of lower case alpha…',
  ],
];

describe('pod specs', () => {
  let registry: TestRegistry;
  before(async () => {
    registry = await TestRegistry.open();
  });
  after(() => registry[Symbol.asyncDispose]());
  for (const [what, spec, ...expected] of refused) {
    it(`refuse ${what}`, async () => {
      const pod = { metadata: { name: 'a' }, spec };
      sameTexts(await problems(registry.create('pods', pod, { dryRun: true })), expected);
    });
  }
});
