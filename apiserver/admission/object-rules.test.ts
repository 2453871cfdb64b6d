import assert from 'node:assert/strict';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { alwaysDeny } from './always-deny.ts';
import { certificateApproval } from './certificate-approval.ts';
import { certificateSigning } from './certificate-signing.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { denyServiceExternalIps } from './deny-service-external-ips.ts';
import { namespaceAutoProvision } from './namespace-auto-provision.ts';
import { namespaceExists } from './namespace-exists.ts';
import { ownerReferencesPermissionEnforcement } from './owner-references-permission-enforcement.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { attributes, judge, testEnvironment } from './test-environment.ts';

describe('PersistentVolumeClaimResize', () => {
  const classes = [
    { metadata: { name: 'grows' }, provisioner: 'x', allowVolumeExpansion: true },
    { metadata: { name: 'stays' }, provisioner: 'x' },
  ];
  const plugin = persistentVolumeClaimResize(
    testEnvironment({ 'storageclasses.storage.k8s.io': classes }),
  );
  const claim = (storage: string, storageClassName: string, phase: string): KubeObject =>
    ({
      metadata: { name: 'd' },
      spec: { storageClassName, resources: { requests: { storage } } },
      status: { phase },
    }) as KubeObject;
  const bound = 'Only bound persistent volume claims can be expanded';
  const dynamic =
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
  const cases: [string, string, string, string, string | undefined][] = [
    ['grows', 'Bound', '1Gi', '2Gi', undefined],
    ['stays', 'Bound', '1Gi', '1024Mi', undefined],
    ['stays', 'Bound', '1Gi', '2Gi', dynamic],
    ['none', 'Bound', '1Gi', '2Gi', dynamic],
    ['grows', 'Pending', '1Gi', '2Gi', bound],
  ];
  for (const [cls, phase, from, to, why] of cases) {
    it(`${phase} claim of class ${cls} from ${from} to ${to}`, async () => {
      const a = attributes({
        operation: 'UPDATE',
        resource: 'persistentvolumeclaims',
        object: claim(to, cls, phase),
        oldObject: claim(from, cls, phase),
      });
      const expected = why === undefined ? why : `persistentvolumeclaims "d" is forbidden: ${why}`;
      assert.equal(await judge(plugin, a), expected);
    });
  }
});

describe('permission on signers', () => {
  const request = (certificate = ''): KubeObject =>
    ({
      metadata: { name: 'r' },
      spec: { signerName: 'example.com/s' },
      status: { certificate },
    }) as KubeObject;
  const ask = (subresource: string, object: KubeObject, granted: string) => {
    const env = testEnvironment({}, (a) => `${a.verb} ${a.resource} ${a.name}` === granted);
    const a = attributes({
      operation: 'UPDATE',
      group: 'certificates.k8s.io',
      resource: 'certificatesigningrequests',
      subresource,
      object,
      oldObject: request(),
    });
    return judge(
      subresource === 'approval' ? certificateApproval(env) : certificateSigning(env),
      a,
    );
  };
  const head = 'certificatesigningrequests.certificates.k8s.io "r" is forbidden: ';
  const refusal = (verb: string) =>
    `${head}user not permitted to ${verb} requests with signerName "example.com/s"`;
  const cases: [string, KubeObject, string, string | undefined][] = [
    ['approval', request(), 'approve signers example.com/s', undefined],
    ['approval', request(), 'approve signers example.com/*', undefined],
    ['approval', request(), 'sign signers example.com/s', refusal('approve')],
    ['status', request('c'), 'sign signers example.com/*', undefined],
    ['status', request('c'), 'approve signers example.com/s', refusal('sign')],
    ['status', request(), 'nothing', undefined],
  ];
  for (const [subresource, object, granted, expected] of cases) {
    it(`${subresource} with ${granted}`, async () => {
      assert.equal(await ask(subresource, object, granted), expected);
    });
  }
});

describe('DefaultIngressClass', () => {
  it('names the default class where none is named', async () => {
    const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    const classes = [{ metadata: { name: 'i', annotations } }];
    const plugin = defaultIngressClass(
      testEnvironment({ 'ingressclasses.networking.k8s.io': classes }),
    );
    const named = async (object: KubeObject & { spec?: { ingressClassName?: string } }) => {
      const given = { group: 'networking.k8s.io', resource: 'ingresses', object };
      await judge(plugin, attributes(given));
      return object.spec?.ingressClassName;
    };
    assert.equal(await named({}), 'i');
    assert.equal(await named({ spec: { ingressClassName: 'own' } }), 'own');
    const old = { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } } };
    assert.equal(await named(old), undefined);
  });
});

describe('OwnerReferencesPermissionEnforcement', () => {
  const ref = (blockOwnerDeletion: boolean, kind = 'ReplicaSet') => ({
    ...{ apiVersion: 'apps/v1', kind, name: 'o', uid: 'u', blockOwnerDeletion },
  });
  const owned = (...ownerReferences: ReturnType<typeof ref>[]): KubeObject => ({
    metadata: { name: 'p', ownerReferences },
  });
  const finalizers = 'update replicasets/finalizers ns/o';
  const head = 'pods "p" is forbidden: cannot set ';
  const cases: [string, KubeObject, KubeObject | undefined, string[], string | undefined][] = [
    ['a new object', owned(ref(false)), undefined, [], undefined],
    [
      'a change without permission to delete',
      owned(ref(false)),
      owned(),
      [],
      `${head}an ownerRef on a resource you can't delete: , <nil>`,
    ],
    ['a change with it', owned(ref(false)), owned(), ['delete pods/ ns/p'], undefined],
    ['no change', owned(ref(true)), owned(ref(true)), [], undefined],
    [
      'holding up without permission',
      owned(ref(true)),
      undefined,
      [],
      `${head}blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>`,
    ],
    ['holding up with it', owned(ref(true)), undefined, [finalizers], undefined],
    ['holding up anything', owned(ref(true)), undefined, ['update */finalizers /*'], undefined],
    [
      'an owner of no known kind',
      owned(ref(true, 'X')),
      undefined,
      [finalizers],
      `${head}blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion apps/v1 Kind X: no matches for kind "X" in version "apps/v1"`,
    ],
  ];
  for (const [what, object, oldObject, granted, expected] of cases) {
    it(`judges ${what}`, async () => {
      const env = testEnvironment({}, (a) =>
        granted.includes(`${a.verb} ${a.resource}/${a.subresource} ${a.namespace}/${a.name}`),
      );
      const operation = oldObject === undefined ? 'CREATE' : 'UPDATE';
      const a = attributes({ operation, object, oldObject });
      assert.equal(await judge(ownerReferencesPermissionEnforcement(env), a), expected);
    });
  }
});

describe('plugins that are off by default', () => {
  it('NamespaceExists refuses what is in no namespace that is there', async () => {
    const plugin = namespaceExists(testEnvironment({ namespaces: [{ metadata: { name: 'ns' } }] }));
    assert.equal(await judge(plugin, attributes()), undefined);
    const elsewhere = attributes({ namespace: 'x' });
    assert.equal(await judge(plugin, elsewhere), 'namespaces "x" not found');
  });

  it('NamespaceAutoProvision makes the namespace', async () => {
    const env = testEnvironment();
    await judge(namespaceAutoProvision(env), attributes({ dryRun: true }));
    assert.deepEqual(await env.access.list('namespaces', ''), []);
    await judge(namespaceAutoProvision(env), attributes());
    await judge(namespaceAutoProvision(env), attributes());
    assert.deepEqual(
      env.objects['namespaces']?.map((n) => n.metadata?.name),
      ['ns'],
    );
  });

  it('DenyServiceExternalIPs lets only known addresses', async () => {
    const service = (...externalIPs: string[]) => ({
      metadata: { name: 's' },
      spec: { externalIPs },
    });
    const judged = (object: KubeObject, oldObject?: KubeObject) =>
      judge(denyServiceExternalIps, attributes({ resource: 'services', object, oldObject }));
    const why = 'services "s" is forbidden: Use of external IPs is denied by admission control';
    assert.equal(await judged(service()), undefined);
    assert.equal(await judged(service('192.0.2.1')), why);
    assert.equal(await judged(service('192.0.2.1'), service('192.0.2.1', '192.0.2.2')), undefined);
  });

  it('AlwaysDeny refuses', async () => {
    assert.match((await judge(alwaysDeny, attributes())) ?? '', /denying all modifications$/);
  });
});
