/** Plain objects of common kinds, for patches to work on. */

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

/** By `apiVersion/plural`: what stands beside metadata. */
export const fuzzObjects: Readonly<Record<string, object>> = {
  'v1/configmaps': { data: { a: '1', b: '2' }, binaryData: { c: 'YWJj' } },
  'v1/secrets': { data: { a: 'YWJj' }, type: 'Opaque' },
  'v1/pods': pod,
  'v1/services': { spec: { ports: [{ name: 'http', port: 80 }], selector: labels } },
  'v1/serviceaccounts': { secrets: [{ name: 's' }] },
  'v1/endpoints': { subsets: [{ addresses: [{ ip: '10.9.0.1' }], ports: [{ port: 80 }] }] },
  'v1/limitranges': { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } },
  'v1/resourcequotas': { spec: { hard: { pods: '1000' } } },
  'v1/persistentvolumeclaims': {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  'apps/v1/deployments': { spec: workload },
  'apps/v1/daemonsets': { spec: { selector: { matchLabels: labels }, template: pod } },
  'apps/v1/statefulsets': { spec: { ...workload, serviceName: 's' } },
  'apps/v1/replicasets': { spec: workload },
  'batch/v1/jobs': { spec: { template: jobPod } },
  'batch/v1/cronjobs': {
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template: jobPod } } },
  },
  'coordination.k8s.io/v1/leases': { spec: { holderIdentity: 'x', leaseDurationSeconds: 5 } },
  'networking.k8s.io/v1/ingresses': {
    spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
  },
  'networking.k8s.io/v1/networkpolicies': {
    spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] },
  },
  'policy/v1/poddisruptionbudgets': {
    spec: { minAvailable: 1, selector: { matchLabels: labels } },
  },
  [`${rbac}/roles`]: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  [`${rbac}/rolebindings`]: {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'User', name: 'u' }],
  },
  [`${autoscaling}/horizontalpodautoscalers`]: {
    spec: {
      maxReplicas: 2,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' },
    },
  },
  'discovery.k8s.io/v1/endpointslices': {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.9.0.2'] }],
    ports: [{ name: 'http', port: 80 }],
  },
};
