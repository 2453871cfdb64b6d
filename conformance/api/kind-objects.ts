/** A plain object of every kind that can be patched, for patches to work on. */

/** What stands beside metadata, and what the kind asks of it. */
export interface KindObject {
  readonly body: object;
  /** Where the kind has a say in names. */
  readonly name?: string;
  /** Something that can be applied to the status subresource. */
  readonly status?: object;
}

const labels = { app: 'a' };
const pod = {
  metadata: { labels },
  spec: {
    containers: [
      { name: 'c', image: 'i', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: '1' }] },
    ],
    tolerations: [{ key: 'k', operator: 'Exists' }],
  },
};
const jobPod = { ...pod, spec: { ...pod.spec, restartPolicy: 'Never' } };
const workload = { replicas: 1, selector: { matchLabels: labels }, template: pod };
const rbac = 'rbac.authorization.k8s.io/v1';
const autoscaling = 'autoscaling/v2';
const binding = {
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
  subjects: [{ kind: 'User', name: 'u' }],
};

const conditions = [
  {
    type: 'Ready',
    status: 'True',
    reason: 'R',
    message: 'm',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  },
];
const admission = 'admissionregistration.k8s.io/v1';
const resource = 'resource.k8s.io/v1';
const storage = 'storage.k8s.io/v1';
const networking = 'networking.k8s.io/v1';
const flowcontrol = 'flowcontrol.apiserver.k8s.io/v1';
const meetsNothing = {
  resourceRules: [
    {
      apiGroups: ['none.example.com'],
      apiVersions: ['v1'],
      operations: ['CREATE'],
      resources: ['x'],
    },
  ],
};
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' };
/** Asks for a certificate with the name `apply`. */
const request =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIS01ISUNBUUF3RURFT01Bd0dBMVVFQXd3RllYQndi' +
  'SGt3V1RBVEJnY3Foa2pPUFFJQkJnZ3Foa2pPUFFNQgpCd05DQUFTYUFqbEJDb3RwWWV6aGtSZzU1bFBmeURVVFBmcSt' +
  'ZQjNMbk9QNTlwWWViNktONmdWNWtMdFdJazRHCnRYS2lJZG5TbUN5MDQrZ0ZoakR6YjlzU1lEY1lvQUF3Q2dZSUtvWk' +
  'l6ajBFQXdJRFNBQXdSUUloQVBjSEVwMDEKYW1rWHdUaG5zZ0dXc1cvWFc0c1VZcGM5VURwekREeGhJdm5VQWlCSVUxZ' +
  'FNlOWwwOUdaSHEwQmJkMXJsWktndwpQRVRvQjA4YWNOK3c2ZDYrUHc9PQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFV' +
  'RVNULS0tLS0K';

/** By `apiVersion/plural`. */
export const kindObjects: Readonly<Record<string, KindObject>> = {
  'v1/configmaps': { body: { data: { a: '1', b: '2' }, binaryData: { c: 'YWJj' } } },
  'v1/secrets': { body: { data: { a: 'YWJj' }, type: 'Opaque' } },
  'v1/pods': { body: pod, status: { conditions } },
  'v1/podtemplates': { body: { template: pod } },
  'v1/replicationcontrollers': {
    body: { spec: { replicas: 1, selector: labels, template: pod } },
    status: { replicas: 2, conditions },
  },
  'v1/services': {
    body: { spec: { ports: [{ name: 'http', port: 80 }], selector: labels } },
    status: { conditions },
  },
  'v1/serviceaccounts': { body: { secrets: [{ name: 's' }] } },
  'v1/endpoints': {
    body: { subsets: [{ addresses: [{ ip: '10.9.0.1' }], ports: [{ port: 80 }] }] },
  },
  'v1/events': { body: { involvedObject: { namespace: 'fuzz', name: 'x' }, reason: 'R' } },
  'v1/limitranges': { body: { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } } },
  'v1/resourcequotas': {
    body: { spec: { hard: { pods: '1000' } } },
    status: { hard: { pods: '1000' } },
  },
  'v1/persistentvolumeclaims': {
    body: {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
    status: { phase: 'Pending', conditions },
  },
  'v1/persistentvolumes': {
    body: {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: '/tmp/x' },
      },
    },
    status: { phase: 'Available' },
  },
  'v1/namespaces': { body: {}, status: { conditions } },
  'v1/nodes': { body: { spec: { podCIDR: '10.8.0.0/24' } }, status: { conditions } },
  'apiregistration.k8s.io/v1/apiservices': {
    name: 'v1.none.example.com',
    body: {
      spec: {
        group: 'none.example.com',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 10,
        insecureSkipTLSVerify: true,
        service: { namespace: 'default', name: 'none' },
      },
    },
    status: { conditions },
  },
  'apiextensions.k8s.io/v1/customresourcedefinitions': {
    name: 'things.none.example.com',
    body: {
      spec: {
        group: 'none.example.com',
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [
          {
            name: 'v1',
            served: false,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object' } },
          },
        ],
      },
    },
    status: { storedVersions: ['v1'], acceptedNames: { plural: 'things', kind: 'Thing' } },
  },
  'apps/v1/controllerrevisions': { body: { revision: 1, data: { a: 1 } } },
  'apps/v1/deployments': { body: { spec: workload }, status: { replicas: 2, conditions } },
  'apps/v1/daemonsets': {
    body: { spec: { selector: { matchLabels: labels }, template: pod } },
    status: { desiredNumberScheduled: 1, conditions },
  },
  'apps/v1/statefulsets': {
    body: { spec: { ...workload, serviceName: 's' } },
    status: { replicas: 1, conditions },
  },
  'apps/v1/replicasets': { body: { spec: workload }, status: { replicas: 1, conditions } },
  'batch/v1/jobs': { body: { spec: { template: jobPod } }, status: { active: 1 } },
  'batch/v1/cronjobs': {
    body: { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: jobPod } } } },
    status: { lastScheduleTime: '2026-01-01T00:00:00Z' },
  },
  'coordination.k8s.io/v1/leases': {
    body: { spec: { holderIdentity: 'x', leaseDurationSeconds: 5 } },
  },
  'events.k8s.io/v1/events': {
    body: {
      eventTime: '2026-01-01T00:00:00.000000Z',
      type: 'Normal',
      reason: 'R',
      action: 'A',
      reportingController: 'example.com/c',
      reportingInstance: 'i',
      regarding: { namespace: 'fuzz', name: 'x' },
    },
  },
  'certificates.k8s.io/v1/certificatesigningrequests': {
    body: { spec: { request, signerName: 'example.com/s', usages: ['client auth'] } },
  },
  [`${networking}/ingresses`]: {
    body: { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
    status: { loadBalancer: { ingress: [{ ip: '10.1.2.3' }] } },
  },
  [`${networking}/ingressclasses`]: { body: { spec: { controller: 'example.com/c' } } },
  [`${networking}/ipaddresses`]: {
    name: '10.0.200.200',
    body: {
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'none' } },
    },
  },
  [`${networking}/servicecidrs`]: {
    body: { spec: { cidrs: ['10.77.0.0/24'] } },
    status: { conditions },
  },
  [`${networking}/networkpolicies`]: {
    body: { spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] } },
  },
  'policy/v1/poddisruptionbudgets': {
    body: { spec: { minAvailable: 1, selector: { matchLabels: labels } } },
    status: {
      conditions,
      currentHealthy: 1,
      desiredHealthy: 1,
      disruptionsAllowed: 0,
      expectedPods: 1,
    },
  },
  [`${rbac}/roles`]: {
    body: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  },
  [`${rbac}/clusterroles`]: {
    body: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  },
  [`${rbac}/rolebindings`]: { body: binding },
  [`${rbac}/clusterrolebindings`]: { body: binding },
  [`${autoscaling}/horizontalpodautoscalers`]: {
    body: { spec: { maxReplicas: 2, scaleTargetRef } },
    status: { currentReplicas: 1, desiredReplicas: 1, conditions },
  },
  'autoscaling/v1/horizontalpodautoscalers': {
    name: 'one',
    body: { spec: { maxReplicas: 2, targetCPUUtilizationPercentage: 50, scaleTargetRef } },
    status: { currentReplicas: 1, desiredReplicas: 1 },
  },
  'discovery.k8s.io/v1/endpointslices': {
    body: {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.9.0.2'] }],
      ports: [{ name: 'http', port: 80 }],
    },
  },
  [`${storage}/csidrivers`]: { body: { spec: { podInfoOnMount: true } } },
  [`${storage}/csinodes`]: { body: { spec: { drivers: [{ name: 'd', nodeID: 'n' }] } } },
  [`${storage}/csistoragecapacities`]: { body: { storageClassName: 'x' } },
  [`${storage}/storageclasses`]: { body: { provisioner: 'example.com/p' } },
  [`${storage}/volumeattachments`]: {
    body: {
      spec: {
        attacher: 'd.example.com',
        nodeName: 'n',
        source: { persistentVolumeName: 'pv' },
      },
    },
    status: { attached: true },
  },
  [`${storage}/volumeattributesclasses`]: {
    body: { driverName: 'd.example.com', parameters: { iops: '500' } },
  },
  [`${admission}/mutatingwebhookconfigurations`]: { body: {} },
  [`${admission}/validatingwebhookconfigurations`]: { body: {} },
  [`${admission}/validatingadmissionpolicies`]: {
    body: { spec: { matchConstraints: meetsNothing, validations: [{ expression: 'true' }] } },
    status: { observedGeneration: 1, conditions },
  },
  [`${admission}/validatingadmissionpolicybindings`]: {
    body: { spec: { policyName: 'none', validationActions: ['Deny'] } },
  },
  [`${admission}/mutatingadmissionpolicies`]: {
    body: {
      spec: {
        reinvocationPolicy: 'Never',
        matchConstraints: meetsNothing,
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: { expression: 'Object{}' },
          },
        ],
      },
    },
  },
  [`${admission}/mutatingadmissionpolicybindings`]: { body: { spec: { policyName: 'none' } } },
  'scheduling.k8s.io/v1/priorityclasses': { body: { value: 5 } },
  'node.k8s.io/v1/runtimeclasses': { body: { handler: 'h' } },
  [`${resource}/deviceclasses`]: { body: { spec: {} } },
  [`${resource}/resourceclaims`]: { body: { spec: {} } },
  [`${resource}/resourceclaimtemplates`]: { body: { spec: { spec: {} } } },
  [`${resource}/resourceslices`]: {
    body: {
      spec: {
        driver: 'd.example.com',
        nodeName: 'n',
        pool: { name: 'p', resourceSliceCount: 1, generation: 1 },
      },
    },
  },
  [`${flowcontrol}/flowschemas`]: {
    body: { spec: { priorityLevelConfiguration: { name: 'none' } } },
    status: { conditions: [{ type: 'Dangling', status: 'True' }] },
  },
  [`${flowcontrol}/prioritylevelconfigurations`]: {
    body: { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } },
    status: { conditions: [{ type: 'X', status: 'True' }] },
  },
};
