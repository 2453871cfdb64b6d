import assert from 'node:assert/strict';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import { ResourceCache } from '../../storage/cache/resource-cache.ts';
import { StoredObject } from '../../storage/cache/stored-object.ts';
import { NodeRelations, type RelatedKind } from './relations.ts';

type Fields = Record<string, (o: never) => string>;

function cacheOf(
  name: string,
  namespaced: boolean,
  fields: Fields,
  objects: object[],
): ResourceCache {
  const spec = {
    name,
    prefix: `/registry/${name}`,
    namespaced,
    kind: 'X',
    apiVersion: 'v1',
    selectableFields: fields,
    indexedFields: Object.keys(fields),
    decode: (value: Buffer) => JSON.parse(value.toString()) as KubeObject,
  };
  const cache = new ResourceCache(spec);
  objects.forEach((o, i) => {
    const { namespace, name: own } = (o as KubeObject).metadata!;
    const key = `${spec.prefix}/${namespaced ? `${namespace}/` : ''}${own}`;
    const value = Buffer.from(JSON.stringify({ kind: 'X', apiVersion: 'v1', ...o }));
    cache.apply(key, new StoredObject(spec, key, i + 1, value), i + 1);
  });
  return cache;
}

const pod = (name: string, nodeName: string, spec: object = {}, more: object = {}) => ({
  metadata: { name, namespace: 'ns', uid: name },
  spec: { nodeName, containers: [{ name: 'c' }], ...spec },
  ...more,
});
const claim = (name: string, volumeName: string) => ({
  metadata: { name, namespace: 'ns', uid: name },
  spec: { volumeName },
});
const volume = (name: string, claimName: string, spec: object = {}) => ({
  metadata: { name, uid: name },
  spec: { claimRef: { namespace: 'ns', name: claimName }, ...spec },
});

const relations = new NodeRelations({
  pods: cacheOf(
    'pods',
    true,
    { 'spec.nodeName': (p: { spec: { nodeName: string } }) => p.spec.nodeName },
    [
      pod(
        'a',
        'n1',
        {
          serviceAccountName: 'sa',
          imagePullSecrets: [{ name: 'pull' }],
          containers: [
            {
              name: 'c',
              env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'env' } } }],
              envFrom: [{ configMapRef: { name: 'settings' } }],
            },
          ],
          ephemeralContainers: [{ name: 'e', envFrom: [{ secretRef: { name: 'debug' } }] }],
          volumes: [
            { name: 'v', persistentVolumeClaim: { claimName: 'data' } },
            { name: 'scratch', ephemeral: { volumeClaimTemplate: {} } },
            { name: 'p', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } },
          ],
          resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }],
        },
        { status: { resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'made' }] } },
      ),
      pod('b', 'n2', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'old' } }] }),
      pod(
        'm',
        'n1',
        { serviceAccountName: 'none' },
        {
          metadata: {
            name: 'm',
            namespace: 'ns',
            uid: 'm',
            annotations: { 'kubernetes.io/config.mirror': 'x' },
          },
        },
      ),
    ],
  ),
  persistentVolumeClaims: cacheOf('pvcs', true, {}, [claim('data', 'pv1'), claim('old', 'pv2')]),
  persistentVolumes: cacheOf('pvs', false, {}, [
    volume('pv1', 'data', { csi: { nodeStageSecretRef: { name: 'stage', namespace: 'storage' } } }),
    volume('pv2', 'old', { iscsi: { secretRef: { name: 'chap' } } }),
    volume('pv3', 'gone'),
  ]),
  volumeAttachments: cacheOf('vas', false, {}, [
    { metadata: { name: 'va', uid: 'va' }, spec: { nodeName: 'n1' } },
  ]),
  resourceSlices: cacheOf('slices', false, {}, [
    { metadata: { name: 'sl', uid: 'sl' }, spec: { nodeName: 'n2' } },
  ]),
});

/** Kind, namespace/name, and the nodes that it has to do with. */
const cases: [RelatedKind, string, string[]][] = [
  ['pods', 'ns/a', ['n1']],
  ['pods', 'ns/none', []],
  ['secrets', 'ns/pull', ['n1']],
  ['secrets', 'ns/env', ['n1']],
  ['secrets', 'ns/debug', ['n1']],
  ['secrets', 'other/env', []],
  ['secrets', 'storage/stage', ['n1']],
  ['secrets', 'ns/chap', ['n2']],
  ['configmaps', 'ns/settings', ['n1']],
  ['configmaps', 'ns/kube-root-ca.crt', ['n1']],
  ['persistentvolumeclaims', 'ns/data', ['n1']],
  ['persistentvolumeclaims', 'ns/a-scratch', ['n1']],
  ['persistentvolumes', '/pv1', ['n1']],
  ['persistentvolumes', '/pv2', ['n2']],
  ['persistentvolumes', '/pv3', []],
  ['resourceclaims', 'ns/made', ['n1']],
  ['serviceaccounts', 'ns/sa', ['n1']],
  ['serviceaccounts', 'ns/none', []],
  ['volumeattachments', '/va', ['n1']],
  ['resourceslices', '/sl', ['n2']],
];

describe('relations of nodes', () => {
  for (const [kind, object, expected] of cases) {
    it(`${kind} ${object}: ${expected.join(', ') || 'none'}`, () => {
      const [namespace = '', name = ''] = object.split('/');
      const found = ['n1', 'n2', 'n3'].filter((n) => relations.related(n, kind, namespace, name));
      assert.deepEqual(found, expected);
    });
  }
});
