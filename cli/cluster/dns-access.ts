/**
 * What cluster DNS may do, as the objects that `k8ts up` applies when the API server is ready: it
 * reads services and endpoints everywhere, and publishes itself in kube-system.
 */

/** The user of the DNS server's certificate. */
export const dnsUser = 'system:k8ts:dns';

const rbac = 'rbac.authorization.k8s.io';
const subjects = [{ apiGroup: rbac, kind: 'User', name: dnsUser }];

/** Objects with the path each is applied at. */
export const dnsAccess: readonly (readonly [path: string, object: object])[] = [
  [
    `/apis/${rbac}/v1/clusterroles/system:k8ts:dns`,
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: 'system:k8ts:dns' },
      rules: [
        { apiGroups: [''], resources: ['namespaces', 'services'], verbs: ['list', 'watch'] },
        {
          apiGroups: ['discovery.k8s.io'],
          resources: ['endpointslices'],
          verbs: ['list', 'watch'],
        },
      ],
    },
  ],
  [
    `/apis/${rbac}/v1/clusterrolebindings/system:k8ts:dns`,
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'system:k8ts:dns' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'system:k8ts:dns' },
      subjects,
    },
  ],
  [
    `/apis/${rbac}/v1/namespaces/kube-system/roles/system:k8ts:dns`,
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata: { namespace: 'kube-system', name: 'system:k8ts:dns' },
      rules: [
        { apiGroups: [''], resources: ['services'], verbs: ['create', 'get'] },
        {
          apiGroups: ['discovery.k8s.io'],
          resources: ['endpointslices'],
          verbs: ['create', 'get', 'update', 'delete'],
        },
      ],
    },
  ],
  [
    `/apis/${rbac}/v1/namespaces/kube-system/rolebindings/system:k8ts:dns`,
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { namespace: 'kube-system', name: 'system:k8ts:dns' },
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'system:k8ts:dns' },
      subjects,
    },
  ],
];
