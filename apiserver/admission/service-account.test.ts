import assert from 'node:assert/strict';
import type { KubeObject, Pod, ServiceAccount } from '../../machinery/schema/wire.ts';
import { serviceAccount } from './service-account.ts';
import { attributes, judge, testEnvironment } from './test-environment.ts';

const account = (name: string, more: Partial<ServiceAccount> = {}): ServiceAccount => ({
  ...more,
  metadata: { name, namespace: 'ns', ...more.metadata },
});
const pod = (spec: object = {}, annotations: Record<string, string> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'ns', annotations },
  spec: { containers: [{ name: 'c' }], ...spec },
});
const setUp = (...serviceaccounts: KubeObject[]) => {
  const env = testEnvironment({ serviceaccounts });
  return { env, plugin: serviceAccount(env, (base) => `${base}abcde`) };
};

describe('ServiceAccount', () => {
  it('gives pods the default account and its token', async () => {
    const object = pod({ initContainers: [{ name: 'i' }] });
    assert.equal(await judge(setUp(account('default')).plugin, attributes({ object })), undefined);
    const { spec } = object;
    assert.equal(spec?.serviceAccountName, 'default');
    assert.equal(spec?.serviceAccount, 'default');
    assert.deepEqual(
      spec?.volumes?.map((v) => [v.name, v.projected?.sources?.length]),
      [['kube-api-access-abcde', 3]],
    );
    for (const c of [...spec!.initContainers!, ...spec!.containers]) {
      assert.deepEqual(
        c.volumeMounts?.map((m) => m.mountPath),
        ['/var/run/secrets/kubernetes.io/serviceaccount'],
      );
    }
  });

  const automount: [string, boolean | undefined, boolean | undefined, boolean][] = [
    ['neither says', undefined, undefined, true],
    ['the account says no', undefined, false, false],
    ['the pod says yes, the account no', true, false, true],
    ['the pod says no', false, true, false],
  ];
  for (const [what, ofPod, ofAccount, expected] of automount) {
    it(`mounts the token when ${what}: ${expected}`, async () => {
      const object = pod(ofPod === undefined ? {} : { automountServiceAccountToken: ofPod });
      const sa = account(
        'default',
        ofAccount === undefined ? {} : { automountServiceAccountToken: ofAccount },
      );
      await judge(setUp(sa).plugin, attributes({ object }));
      assert.equal(object.spec?.volumes !== undefined, expected);
    });
  }

  it('leaves containers that mount something at the path', async () => {
    const mount = { name: 'v', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
    const object = pod({ containers: [{ name: 'c', volumeMounts: [mount] }] });
    await judge(setUp(account('default')).plugin, attributes({ object }));
    assert.equal(object.spec?.volumes, undefined);
  });

  it('uses a token volume that is there already', async () => {
    const object = pod({ volumes: [{ name: 'kube-api-access-zzzzz' }] });
    await judge(setUp(account('default')).plugin, attributes({ object }));
    assert.equal(object.spec?.volumes?.length, 1);
    assert.equal(object.spec.containers[0]?.volumeMounts?.[0]?.name, 'kube-api-access-zzzzz');
  });

  it('adds the pull secrets of the account to pods that have none', async () => {
    const sa = account('default', { imagePullSecrets: [{ name: 'reg' }] });
    const object = pod();
    await judge(setUp(sa).plugin, attributes({ object }));
    assert.deepEqual(object.spec?.imagePullSecrets, [{ name: 'reg' }]);
    const own = pod({ imagePullSecrets: [{ name: 'own' }] });
    await judge(setUp(sa).plugin, attributes({ object: own }));
    assert.deepEqual(own.spec?.imagePullSecrets, [{ name: 'own' }]);
  });

  it('waits for the default account only', async () => {
    const first = setUp();
    const text = 'pods "p" is forbidden: error looking up service account ns/';
    assert.equal(
      await judge(first.plugin, attributes({ object: pod() })),
      `${text}default: serviceaccount "default" not found`,
    );
    assert.equal(first.env.waitedMs.length, 10);
    const second = setUp();
    assert.equal(
      await judge(second.plugin, attributes({ object: pod({ serviceAccountName: 'x' }) })),
      `${text}x: serviceaccount "x" not found`,
    );
    assert.equal(second.env.waitedMs.length, 0);
  });

  const mirror = { 'kubernetes.io/config.mirror': 'x' };
  const mirrors: [string, object, string | undefined][] = [
    ['plain', {}, undefined],
    [
      'with an account',
      { serviceAccountName: 'a' },
      'pods "p" is forbidden: a mirror pod may not reference service accounts',
    ],
    [
      'with a secret',
      { volumes: [{ name: 's', secret: { secretName: 's' } }] },
      'pods "p" is forbidden: a mirror pod may not reference secrets',
    ],
    [
      'with a token',
      { volumes: [{ name: 's', projected: { sources: [{ serviceAccountToken: {} }] } }] },
      'pods "p" is forbidden: a mirror pod may not use ServiceAccountToken volume projections',
    ],
  ];
  for (const [what, spec, expected] of mirrors) {
    it(`judges a mirror pod ${what}`, async () => {
      const object = pod(spec, mirror);
      assert.equal(await judge(setUp().plugin, attributes({ object })), expected);
      assert.equal(object.spec?.serviceAccount, undefined);
    });
  }

  it('holds pods to the secrets of an account that enforces them', async () => {
    const sa = account('default', {
      metadata: {
        name: 'default',
        annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' },
      },
      secrets: [{ name: 'mine' }],
    });
    sa.metadata!.namespace = 'ns';
    const using = (secretName: string) =>
      judge(
        setUp(sa).plugin,
        attributes({ object: pod({ volumes: [{ name: 'v', secret: { secretName } }] }) }),
      );
    assert.equal(await using('mine'), undefined);
    assert.equal(
      await using('other'),
      'pods "p" is forbidden: volume with secret.secretName="other" is not allowed because service account default does not reference that secret',
    );
  });
});
