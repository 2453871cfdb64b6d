import { type Loose, problems, sameTexts, TestRegistry } from './test-registry.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const limit = (item: Loose): Loose => ({ spec: { limits: [item] } });
const quota = (spec: Loose): Loose => ({ spec });
const volume = (spec: Loose): Loose => ({
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    hostPath: { path: '/x' },
    ...spec,
  },
});
const claim = (spec: Loose): Loose => ({
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    ...spec,
  },
});
const template = {
  metadata: { labels: { a: 'b' } },
  spec: { containers: [{ name: 'c', image: 'x' }] },
};

const refused: [plural: string, what: string, body: Loose, ...problems: string[]][] = [
  [
    'configmaps',
    'keys',
    { data: { 'a b': '1', '..': '2', k: '3' }, binaryData: { k: base64('x') } },
    'data[..]: Invalid value: "..": must not be \'..\'',
    "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_…",
    'data[k]: Invalid value: "k": duplicate of key present in binaryData',
  ],
  [
    'configmaps',
    'too much',
    { data: { k: 'x'.repeat(1024 * 1024 + 1) } },
    '[]: Too long: may not be more than 1048576 bytes',
  ],
  [
    'secrets',
    'keys',
    { data: { 'a b': base64('1') } },
    "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_…",
  ],
  [
    'secrets',
    'too much',
    { stringData: { k: 'x'.repeat(1024 * 1024 + 1) } },
    'data: Too long: may not be more than 1048576 bytes',
  ],
  [
    'secrets',
    'tls',
    { type: 'kubernetes.io/tls', data: {} },
    'data[tls.crt]: Required value',
    'data[tls.key]: Required value',
  ],
  [
    'secrets',
    'basic auth',
    { type: 'kubernetes.io/basic-auth' },
    'data[username]: Required value',
    'data[password]: Required value',
  ],
  ['secrets', 'ssh', { type: 'kubernetes.io/ssh-auth' }, 'data[ssh-privatekey]: Required value'],
  [
    'secrets',
    'docker',
    { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': base64('x') } },
    'data[.dockercfg]: Invalid value: "<secret contents redacted>": invalid character \'x\' looking for beg…',
  ],
  [
    'secrets',
    'docker json',
    { type: 'kubernetes.io/dockerconfigjson' },
    'data[.dockerconfigjson]: Required value',
  ],
  [
    'secrets',
    'account',
    { type: 'kubernetes.io/service-account-token' },
    'metadata.annotations[kubernetes.io/service-account.name]: Required value',
  ],
  [
    'namespaces',
    'finalizers',
    { spec: { finalizers: ['x', 'a.b/c', 'a b'] } },
    'spec.finalizers: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
    "spec.finalizers: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' o…",
    'spec.finalizers: Invalid value: "a b": name is neither a standard finalizer name nor is it fully qua…',
  ],
  [
    'resourcequotas',
    'names',
    quota({
      hard: {
        foo: '1',
        pods: '-1',
        'requests.cpu': '1',
        cpu: '0.5',
        pods2: '1',
        services: '1500m',
      },
    }),
    'spec.hard[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
    'spec.hard[foo]: Invalid value: "foo": must be a standard resource for quota',
    'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0',
    'spec.hard[pods2]: Invalid value: "pods2": must be a standard resource type or fully qualified',
    'spec.hard[pods2]: Invalid value: "pods2": must be a standard resource for quota',
    'spec.hard[services]: Invalid value: "1500m": must be an integer',
  ],
  [
    'resourcequotas',
    'scopes',
    quota({ hard: { pods: '1', services: '1' }, scopes: ['BestEffort', 'NotBestEffort', 'x'] }),
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","x"]: unsupported scope applied to resource',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","x"]: unsupported scope applied to resource',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","x"]: unsupported scope',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","x"]: conflicting scopes',
  ],
  [
    'resourcequotas',
    'selectors',
    quota({
      hard: { pods: '1' },
      scopeSelector: {
        matchExpressions: [
          { scopeName: 'PriorityClass', operator: 'In' },
          { scopeName: 'BestEffort', operator: 'In', values: ['x'] },
          { scopeName: 'x', operator: 'y' },
        ],
      },
    }),
    'spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operato…',
    'spec.scopeSelector.matchExpressions.operator: Invalid value: "In": must be \'Exists\' when scope is an…',
    'spec.scopeSelector.matchExpressions.scopeName: Invalid value: "x": unsupported scope',
    'spec.scopeSelector.matchExpressions.operator: Invalid value: "y": not a valid selector operator',
  ],
  [
    'limitranges',
    'types',
    limit({ type: 'x' }),
    'spec.limits[0].type: Invalid value: "x": must be a standard limit type or fully qualified',
  ],
  [
    'limitranges',
    'twice',
    { spec: { limits: [{ type: 'Pod' }, { type: 'Pod' }] } },
    'spec.limits[1].type: Duplicate value: "Pod"',
  ],
  [
    'limitranges',
    'order',
    limit({
      type: 'Container',
      min: { cpu: '2' },
      max: { cpu: '1' },
      default: { cpu: '3' },
      defaultRequest: { cpu: '4' },
    }),
    'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "4": default request value 4 is greater than max…',
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "4": default request value 4 is greater than defa…',
    'spec.limits[0].default[cpu]: Invalid value: "1": default value 3 is greater than max value 1',
  ],
  [
    'limitranges',
    'pods',
    limit({ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }),
    "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
    "spec.limits[0].defaultRequest: Forbidden: may not be specified when `type` is 'Pod'",
  ],
  [
    'limitranges',
    'ratios',
    limit({
      type: 'Container',
      maxLimitRequestRatio: { cpu: '0.5' },
      min: { memory: '1' },
      max: { memory: '2' },
    }),
    'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
  ],
  [
    'limitranges',
    'ratio out of range',
    limit({
      type: 'Container',
      maxLimitRequestRatio: { memory: '5' },
      min: { memory: '1' },
      max: { memory: '2' },
    }),
    'spec.limits[0].maxLimitRequestRatio[memory]: Invalid value: "5": ratio 5 is greater than max/min = 2…',
  ],
  [
    'limitranges',
    'claims',
    limit({ type: 'PersistentVolumeClaim' }),
    'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neit…',
  ],
  [
    'limitranges',
    'names',
    limit({ type: 'Container', max: { foo: '1' } }),
    'spec.limits[0].max[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
    'spec.limits[0].max[foo]: Invalid value: "foo": must be a standard resource for containers',
    'spec.limits[0].default[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
    'spec.limits[0].default[foo]: Invalid value: "foo": must be a standard resource for containers',
    'spec.limits[0].defaultRequest[foo]: Invalid value: "foo": must be a standard resource type or fully…',
    'spec.limits[0].defaultRequest[foo]: Invalid value: "foo": must be a standard resource for containers',
  ],
  [
    'nodes',
    'taints',
    {
      spec: {
        taints: [
          { key: '', effect: 'NoSchedule' },
          { key: 'a', effect: 'x' },
          { key: 'b', effect: 'NoSchedule' },
          { key: 'b', effect: 'NoSchedule' },
          { key: 'c', value: 'a b', effect: 'NoExecute' },
        ],
      },
    },
    'metadata.taints[0].key: Invalid value: "": name part must be non-empty',
    "metadata.taints[0].key: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '…",
    'metadata.taints[1].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule…',
    'metadata.taints[3]: Duplicate value: {"Key":"b","Value":"","Effect":"NoSchedule","TimeAdded":null}:…',
    'metadata.taints[4].value: Invalid value: "a b": a valid label must be an empty string or consist of…',
  ],
  [
    'nodes',
    'cidrs',
    { spec: { podCIDR: 'x', podCIDRs: ['x'] } },
    'spec.podCIDRs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  [
    'nodes',
    'two cidrs',
    { spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24', '10.1.0.0/24'] } },
    'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one CIDR for e…',
  ],
  [
    'nodes',
    'status',
    {
      status: {
        addresses: [
          { type: 'InternalIP', address: '1' },
          { type: 'InternalIP', address: '1' },
        ],
        capacity: { foo: '1', 'a/b': '1.5' },
      },
    },
    'status.capacity.a/b: Invalid value: "1500m": must be an integer',
    'status.allocatable.a/b: Invalid value: "1500m": must be an integer',
  ],
  [
    'persistentvolumes',
    'no modes',
    volume({ accessModes: [] }),
    'spec.accessModes: Required value',
  ],
  [
    'persistentvolumes',
    'no capacity',
    volume({ capacity: undefined }),
    'spec.capacity: Required value',
    'spec.capacity: Unsupported value: null: supported values: "storage"',
  ],
  [
    'persistentvolumes',
    'other capacity',
    volume({ capacity: { cpu: '1' } }),
    'spec.capacity: Unsupported value: {"cpu":"1"}: supported values: "storage"',
  ],
  [
    'persistentvolumes',
    'no source',
    volume({ hostPath: undefined }),
    'spec: Required value: must specify a volume type',
  ],
  [
    'persistentvolumes',
    'two sources',
    volume({ nfs: { server: 'a', path: '/x' } }),
    'spec.nfs: Forbidden: may not specify more than 1 volume type',
  ],
  [
    'persistentvolumes',
    'root with recycle',
    volume({ hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' }),
    "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
  ],
  [
    'persistentvolumes',
    'policies',
    volume({
      persistentVolumeReclaimPolicy: 'x',
      volumeMode: 'y',
      storageClassName: 'A b',
      accessModes: ['z'],
    }),
    'spec.accessModes: Unsupported value: "z": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWr…',
    'spec.persistentVolumeReclaimPolicy: Unsupported value: "x": supported values: "Delete", "Recycle", "…',
    'spec.storageClassName: Invalid value: "A b": a lowercase RFC 1123 subdomain must consist of lower ca…',
    'spec.volumeMode: Unsupported value: "y": supported values: "Block", "Filesystem"',
  ],
  [
    'persistentvolumes',
    'local',
    volume({ local: { path: '/x' }, hostPath: undefined }),
    'spec.nodeAffinity: Required value: Local volume requires node affinity',
  ],
  [
    'persistentvolumes',
    'mixed modes',
    volume({ accessModes: ['ReadWriteOnce', 'ReadWriteOncePod'] }),
    'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
  ],
  [
    'persistentvolumeclaims',
    'no modes',
    claim({ accessModes: [] }),
    'spec.accessModes: Required value: at least 1 access mode is required',
  ],
  [
    'persistentvolumeclaims',
    'modes',
    claim({ accessModes: ['x'], volumeMode: 'y' }),
    'spec.accessModes: Unsupported value: "x": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWr…',
    'spec.volumeMode: Unsupported value: "y": supported values: "Block", "Filesystem"',
  ],
  [
    'persistentvolumeclaims',
    'no storage',
    claim({ resources: {} }),
    'spec.resources[storage]: Required value',
  ],
  [
    'persistentvolumeclaims',
    'no space',
    claim({ resources: { requests: { storage: '0' } } }),
    'spec.resources[storage]: Invalid value: "0": must be greater than zero',
  ],
  [
    'persistentvolumeclaims',
    'class',
    claim({ storageClassName: 'A b', volumeAttributesClassName: 'A b' }),
    'spec.storageClassName: Invalid value: "A b": a lowercase RFC 1123 subdomain must consist of lower ca…',
    'spec.volumeAttributesClassName: Invalid value: "A b": a lowercase RFC 1123 subdomain must consist of…',
  ],
  [
    'persistentvolumeclaims',
    'selector',
    claim({ selector: { matchLabels: { a: 'b c' } } }),
    'spec.selector.matchLabels: Invalid value: "b c": a valid label must be an empty string or consist of…',
  ],
  [
    'endpoints',
    'addresses',
    {
      subsets: [
        {
          addresses: [{ ip: '127.0.0.1' }, { ip: '224.0.0.1' }, { ip: 'x' }],
          ports: [{ port: 0 }, { port: 1, name: 'A' }],
        },
      ],
    },
    'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/…',
    'subsets[0].addresses[1].ip: Invalid value: "224.0.0.1": may not be in the link-local multicast range…',
    'subsets[0].addresses[2].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:d…',
    'subsets[0].addresses[2].ip: Invalid value: "x": must be a valid IP address',
    'subsets[0].ports[0].name: Required value',
    'subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'subsets[0].ports[1].name: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case…',
  ],
  [
    'endpoints',
    'nothing',
    { subsets: [{}] },
    'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
  ],
  [
    'replicationcontrollers',
    'selector',
    { spec: { selector: { a: 'c' }, template } },
    'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
  ],
  [
    'replicationcontrollers',
    'no template',
    { spec: { selector: { a: 'c' } } },
    'spec.template: Required value',
  ],
  [
    'replicationcontrollers',
    'negative',
    {
      spec: {
        replicas: -1,
        template: {
          ...template,
          spec: { ...template.spec, restartPolicy: 'Never', activeDeadlineSeconds: 5 },
        },
      },
    },
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController…',
  ],
  [
    'podtemplates',
    'spec',
    {
      template: {
        metadata: { labels: { 'a b': 'c' } },
        spec: { containers: [], ephemeralContainers: [{ name: 'a', image: 'x' }] },
      },
    },
    "template.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' o…",
    'template.spec.containers: Required value',
    'template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
  ],
  ['podtemplates', 'none', {}, 'template.spec.containers: Required value'],
  [
    'events',
    'another namespace',
    { involvedObject: { namespace: 'other' } },
    'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  ],
  [
    'events',
    'new style',
    { involvedObject: { namespace: 'ns' }, eventTime: '2024-01-01T00:00:00.000000Z', type: 'x' },
    'reportingComponent: Required value',
    'reportingComponent: Invalid value: "": name part must be non-empty',
    "reportingComponent: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' o…",
    'reportingInstance: Required value',
    'action: Required value',
    'reason: Required value',
  ],
  [
    'serviceaccounts',
    'name',
    { metadata: { name: 'A b' } },
    'metadata.name: Invalid value: "A b": a lowercase RFC 1123 subdomain must consist of lower case alpha…',
  ],
];

describe('kinds of the core group', () => {
  let registry: TestRegistry;
  before(async () => {
    registry = await TestRegistry.open();
  });
  after(() => registry[Symbol.asyncDispose]());
  for (const [plural, what, body, ...expected] of refused) {
    it(`${plural} refuse: ${what}`, async () => {
      const object = { metadata: { name: 'a' }, ...body };
      sameTexts(await problems(registry.create(plural, object, { dryRun: true })), expected);
    });
  }
});
