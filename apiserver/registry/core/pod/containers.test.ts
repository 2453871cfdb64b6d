import { type Loose, problems, sameTexts, TestRegistry } from '../test-registry.ts';

const c = (extra: Loose = {}): Loose => ({ name: 'c', image: 'x', ...extra });
const one = (extra: Loose): Loose => ({ containers: [c(extra)] });
const pod = (extra: Loose): Loose => ({ containers: [c()], ...extra });

const refused: [what: string, spec: Loose, ...problems: string[]][] = [
  ['no containers', { containers: [] }, 'spec.containers: Required value'],
  [
    'no name or image',
    { containers: [{}] },
    'spec.containers[0].name: Required value',
    'spec.containers[0].image: Required value',
  ],
  [
    'a bad name',
    one({ name: 'Bad_' }),
    'spec.containers[0].name: Invalid value: "Bad_": a lowercase RFC 1123 label must consist of lower cas…',
  ],
  [
    'the same name twice',
    { containers: [c(), c()] },
    'spec.containers[1].name: Duplicate value: "c"',
  ],
  [
    'the name of an init container',
    { containers: [c()], initContainers: [c()] },
    'spec.initContainers[0].name: Duplicate value: "c"',
  ],
  [
    'an image with spaces',
    one({ image: ' x ' }),
    'spec.containers[0].image: Invalid value: " x ": must not have leading or trailing whitespace',
  ],
  [
    'an unknown pull policy',
    one({ imagePullPolicy: 'Sometimes' }),
    'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfN…',
  ],
  [
    'ports out of range',
    one({ ports: [{ containerPort: 0 }, { containerPort: 70000, protocol: 'x' }] }),
    'spec.containers[0].ports[0].containerPort: Required value',
    'spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    'spec.containers[0].ports[1].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
  ],
  [
    'port names',
    one({
      ports: [
        { name: 'a', containerPort: 1 },
        { name: 'a', containerPort: 2 },
        { name: 'UPPER', containerPort: 3 },
      ],
    }),
    'spec.containers[0].ports[1].name: Duplicate value: "a"',
    'spec.containers[0].ports[2].name: Invalid value: "UPPER": must contain only alpha-numeric characters…',
    'spec.containers[0].ports[2].name: Invalid value: "UPPER": must contain at least one letter (a-z)',
  ],
  [
    'host ports twice',
    one({
      ports: [
        { containerPort: 1, hostPort: 80 },
        { containerPort: 2, hostPort: 80 },
      ],
    }),
    'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//80"',
  ],
  [
    'host ports of the host network',
    pod({ hostNetwork: true, containers: [c({ ports: [{ containerPort: 1, hostPort: 2 }] })] }),
    'spec.containers[0].ports[0].hostPort: Invalid value: 2: must match `containerPort` when `hostNetwork…',
  ],
  [
    'names of variables',
    one({ env: [{ name: '' }, { name: 'A=B' }, { name: 'a b', value: '1' }] }),
    'spec.containers[0].env[0].name: Required value',
    'spec.containers[0].env[1].name: Invalid value: "A=B": a valid environment variable name must consist…',
  ],
  [
    'variables with two sources',
    one({
      env: [
        { name: 'A', value: '1', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'B', valueFrom: {} },
      ],
    }),
    'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    'spec.containers[0].env[1].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFi…',
  ],
  [
    'unknown field paths',
    one({
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.x' } } },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: "metadata.labels['A b']" } } },
      ],
    }),
    'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x": error converting fi…',
    'spec.containers[0].env[1].valueFrom.fieldRef: Invalid value: "A b": name part must consist of alphan…',
  ],
  [
    'unknown resources in variables',
    one({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.x' } } }] }),
    'spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.x": suppor…',
  ],
  [
    'requests above limits',
    one({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
    'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ],
  [
    'negative quantities',
    one({ resources: { requests: { cpu: '-1' } } }),
    'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  [
    'unknown resources',
    one({ resources: { requests: { foo: '1', 'a/b': '0.5' } } }),
    'spec.containers[0].resources.requests[a/b]: Invalid value: "500m": must be an integer',
    'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource type o…',
    'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource for co…',
  ],
  [
    'hugepages without cpu',
    one({ resources: { limits: { 'hugepages-2Mi': '2Mi' } } }),
    'spec.containers[0].resources: Forbidden: HugePages require cpu or memory',
  ],
  [
    'claims that are not there',
    one({ resources: { claims: [{ name: 'r' }] } }),
    'spec.containers[0].resources.claims[0]: Not found: "r": must be one of the names in pod.spec.resourc…',
  ],
  [
    'two kinds of probe',
    one({ livenessProbe: { httpGet: { port: 80 }, tcpSocket: { port: 80 } } }),
    'spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
  ],
  [
    'an empty probe',
    one({ readinessProbe: {} }),
    'spec.containers[0].readinessProbe: Required value: must specify a handler type',
  ],
  [
    'thresholds',
    one({ livenessProbe: { tcpSocket: { port: 80 }, successThreshold: 2, periodSeconds: -1 } }),
    'spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
  ],
  [
    'probe ports',
    one({
      livenessProbe: { tcpSocket: { port: 0 } },
      startupProbe: { httpGet: { port: 'Bad Port' } },
    }),
    'spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.containers[0].startupProbe.httpGet.port: Invalid value: "Bad Port": must contain only alpha-num…',
  ],
  [
    'an empty hook',
    one({ lifecycle: { preStop: {} } }),
    'spec.containers[0].lifecycle.preStop: Required value: must specify a handler type',
  ],
  [
    'a negative sleep',
    one({ lifecycle: { preStop: { sleep: { seconds: 100 } } } }),
    'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 100: must be non-negative and less than t…',
  ],
  [
    'probes of init containers',
    pod({ initContainers: [{ name: 'i', image: 'x', livenessProbe: { tcpSocket: { port: 1 } } }] }),
    'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartP…',
  ],
  [
    'restart policies of init containers',
    pod({ initContainers: [{ name: 'i', image: 'x', restartPolicy: 'Sometimes' }] }),
    'spec.initContainers[0].restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "N…',
  ],
  [
    'mounts of volumes that are not there',
    one({
      volumeMounts: [
        { name: 'v', mountPath: '/x' },
        { name: 'w', mountPath: '/x' },
      ],
    }),
    'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    'spec.containers[0].volumeMounts[1].name: Not found: "w"',
    'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/x": must be unique',
  ],
  [
    'escalation',
    one({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    'spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOp…',
  ],
  [
    'resize policies',
    one({
      resizePolicy: [
        { resourceName: 'cpu', restartPolicy: 'x' },
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
        { resourceName: 'disk', restartPolicy: 'NotRequired' },
      ],
    }),
    'spec.containers[0].resizePolicy: Unsupported value: "x": supported values: "NotRequired", "RestartCo…',
    'spec.containers[0].resizePolicy[1]: Duplicate value: "cpu"',
    'spec.containers[0].resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"',
  ],
  [
    'restart rules',
    one({
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'x', exitCodes: { operator: 'In', values: [] } }],
    }),
    'spec.containers[0].restartPolicyRules[0].action: Unsupported value: "x": supported values: "Restart"…',
  ],
  [
    'devices',
    one({ volumeDevices: [{ name: 'v', devicePath: '../x' }] }),
    'spec.containers[0].volumeDevices[0].name: Not found: "v"',
    'spec.containers[0].volumeDevices[0].devicePath: Invalid value: "../x": can not contain backsteps (\'..\')',
  ],
];

describe('containers', () => {
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
