import { describeCreates, describeUpdates } from '../test-refusals.ts';

const group = 'rbac.authorization.k8s.io';
const v1 = `${group}/v1`;
const role = (rule: object): object => ({ metadata: { name: 'a:b' }, rules: [rule] });
const binding = (subject: object): object => ({
  metadata: { name: 'a' },
  roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'r' },
  subjects: [subject],
});

describeCreates(v1, 'roles', [
  ['need not have rules', { metadata: { name: 'a:b' } }, []],
  ['are complete', role({ verbs: ['get'], apiGroups: [''], resources: ['pods'] }), []],
  [
    'say what may be done with what',
    role({ verbs: [] }),
    [
      'rules[0].verbs: Required value: verbs must contain at least one value',
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
      'rules[0].resources: Required value: resource rules must supply at least one resource',
    ],
  ],
  [
    'are about objects of a namespace',
    role({ verbs: ['get'], nonResourceURLs: ['/x'] }),
    [
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to ' +
        'non-resource URLs',
    ],
  ],
]);

describeCreates(v1, 'clusterroles', [
  [
    'have either URLs or resources in a rule',
    role({ verbs: ['get'], nonResourceURLs: ['/x'], resources: ['pods'] }),
    [
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both ' +
        'regular resources and non-resource URLs',
    ],
  ],
]);

describeCreates(v1, 'rolebindings', [
  ['are complete', binding({ kind: 'User', name: 'u' }), []],
  [
    'know the kinds of subjects',
    binding({ kind: 'X', name: 'u' }),
    [
      'subjects[0].kind: Unsupported value: "X": supported values: "ServiceAccount", ' +
        '"User", "Group"',
    ],
  ],
]);

describeCreates(v1, 'clusterrolebindings', [
  [
    'name the namespace of a service account',
    binding({ kind: 'ServiceAccount', name: 'u' }),
    ['subjects[0].namespace: Required value'],
  ],
]);

describeUpdates(v1, 'clusterrolebindings', [
  [
    'keep their role',
    binding({ kind: 'User', name: 'u' }),
    (b) => (b.roleRef.name = 's'),
    [
      'roleRef: Invalid value: ' +
        '{"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"s"}: cannot ' +
        'change roleRef',
    ],
  ],
]);
