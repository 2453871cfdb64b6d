import assert from 'node:assert/strict';
import type { ClusterRole, ClusterRoleBinding, KubeObject } from '../../machinery/schema/wire.ts';
import { testEnvironment } from '../admission/test-environment.ts';
import { ensureBootstrapObjects } from '../bootstrap.ts';
import { defaultOptions } from '../options.ts';
import { TrustedAuthorities } from '../pki/trusted-authorities.ts';
import { MemoryStorage } from '../storage/memory/memory.ts';
import { authenticationConfig, reviseAuthenticationConfig } from './authentication-config.ts';
import { ensure } from './ensure.ts';
import { reviseFlowControl } from './flow-control.ts';
import { identityLease, isLeftIdentityLease, renewIdentityLease } from './identity-lease.ts';
import {
  kubernetesEndpoints,
  kubernetesService,
  kubernetesSlice,
  reviseEndpoints,
  reviseService,
  reviseSlice,
} from './kubernetes-service.ts';
import { reviseBinding, reviseRole } from './rbac.ts';
import { ServerAddresses } from './server-addresses.ts';

const rule = (verbs: string[], resources: string[]) => ({ apiGroups: [''], verbs, resources });
const role = (
  more: Partial<ClusterRole>,
  annotations: Record<string, string> = {},
): ClusterRole => ({
  metadata: { name: 'r', annotations },
  ...more,
});

describe('default roles', () => {
  const expected = role({ rules: [rule(['get', 'list'], ['pods'])] }, { a: 'b' });

  const cases: [string, ClusterRole, ClusterRole | undefined][] = [
    ['stay when they have it all', role({ rules: [rule(['*'], ['pods'])] }, { a: 'b' }), undefined],
    [
      'get the rights that are missing and keep others',
      role({ rules: [rule(['get', 'delete'], ['pods'])] }, { a: 'b' }),
      role({ rules: [rule(['get', 'delete'], ['pods']), rule(['list'], ['pods'])] }, { a: 'b' }),
    ],
    [
      'get labels and annotations',
      role({ rules: expected.rules! }, { mine: 'c' }),
      role({ rules: expected.rules! }, { a: 'b', mine: 'c' }),
    ],
    [
      'are let alone when they say so',
      role({ rules: [] }, { 'rbac.authorization.kubernetes.io/autoupdate': 'false' }),
      undefined,
    ],
  ];
  for (const [what, existing, result] of cases) {
    it(what, () => assert.deepEqual(reviseRole(expected, existing), result));
  }

  it('get and lose aggregation', () => {
    const one = { matchLabels: { x: 'y' } };
    const two = { matchLabels: { mine: 'z' } };
    const aggregated = role({ aggregationRule: { clusterRoleSelectors: [one] } });
    const revised = reviseRole(
      aggregated,
      role({ aggregationRule: { clusterRoleSelectors: [two] } }),
    );
    assert.deepEqual(revised?.aggregationRule, { clusterRoleSelectors: [two, one] });
    assert.equal(reviseRole(role({}), aggregated)?.aggregationRule, undefined);
  });
});

describe('default bindings', () => {
  const subject = (name: string) => ({ kind: 'User', name });
  const binding = (to: string, ...names: string[]): ClusterRoleBinding => ({
    metadata: { name: 'b' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: to },
    subjects: names.map(subject),
  });
  it('get the subjects that are missing', () => {
    assert.deepEqual(
      reviseBinding(binding('r', 'a', 'b'), binding('r', 'c', 'a')),
      binding('r', 'c', 'a', 'b'),
    );
    assert.equal(reviseBinding(binding('r', 'a'), binding('r', 'a', 'x')), undefined);
  });
  it('are made again for another role', () => {
    assert.equal(reviseBinding(binding('r', 'a'), binding('other', 'a')), 'recreate');
  });
});

describe('flow control', () => {
  const key = 'apf.kubernetes.io/autoupdate-spec';
  const object = (name: string, spec: object, value?: string, generation = 2) => ({
    metadata: {
      name,
      generation,
      ...(value === undefined ? {} : { annotations: { [key]: value } }),
    },
    spec,
  });
  const cases: [string, string, string | undefined, number, [object, string] | undefined][] = [
    ['follows while it says so', 'x', 'true', 2, [{ a: 1 }, 'true']],
    ['is let alone when it says so', 'x', 'false', 2, undefined],
    ['follows when nobody has touched it', 'x', undefined, 1, [{ a: 1 }, 'true']],
    ['is marked when somebody has', 'x', undefined, 2, [{ a: 2 }, 'false']],
    ['is mandatory in part', 'exempt', 'false', 2, [{ a: 1 }, 'true']],
  ];
  for (const [what, name, value, generation, expected] of cases) {
    it(what, () => {
      const revised = reviseFlowControl(
        object(name, { a: 1 }, 'true'),
        object(name, { a: 2 }, value, generation),
      );
      const result = revised && [revised.spec, revised.metadata?.annotations?.[key]];
      assert.deepEqual(result, expected);
    });
  }
});

describe('service kubernetes', () => {
  it('gets its port back', () => {
    const expected = kubernetesService('10.0.0.1', 6443);
    const moved = kubernetesService('10.0.0.1', 7000);
    assert.deepEqual(reviseService(expected, moved)?.spec?.ports?.[0]?.targetPort, 6443);
    assert.equal(reviseService(expected, kubernetesService('10.0.0.9', 6443)), undefined);
  });

  it('points to all servers, whatever their order', () => {
    const expected = kubernetesEndpoints(['10.1.0.2', '10.1.0.1'], 6443);
    assert.equal(
      reviseEndpoints(expected, kubernetesEndpoints(['10.1.0.1', '10.1.0.2'], 6443)),
      undefined,
    );
    const revised = reviseEndpoints(expected, kubernetesEndpoints(['10.1.0.3'], 6443));
    assert.deepEqual(revised?.subsets, expected.subsets);
    const slice = kubernetesSlice(['10.1.0.1'], 6443);
    assert.equal(reviseSlice(slice, slice), undefined);
    assert.equal(reviseSlice(slice, kubernetesSlice(['fd00::1'], 6443)), 'recreate');
  });
});

describe('servers that share a store', () => {
  it('know of each other', async () => {
    await using storage = new MemoryStorage();
    const one = new ServerAddresses(storage, '/registry', '10.1.0.1');
    const two = new ServerAddresses(storage, '/registry', '10.1.0.2');
    assert.deepEqual(await one.renew(), ['10.1.0.1']);
    assert.deepEqual(await two.renew(), ['10.1.0.1', '10.1.0.2']);
    assert.deepEqual(await one.renew(), ['10.1.0.1', '10.1.0.2']);
    await two.leave();
    assert.deepEqual(await one.renew(), ['10.1.0.1']);
  });
});

describe('authentication config', () => {
  it('joins lists of several servers, and drops what is no certificate', () => {
    const none = new TrustedAuthorities('');
    const header = {
      clientCa: none,
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: [],
      groupHeaders: [],
      extraHeaderPrefixes: [],
    };
    const own = authenticationConfig(none, { ...header, allowedNames: ['a'] });
    const other = authenticationConfig(new TrustedAuthorities('nonsense'), {
      ...header,
      allowedNames: ['b'],
    });
    const joined = reviseAuthenticationConfig(own, other, 0);
    assert.equal(joined?.data?.['requestheader-allowed-names'], '["b","a"]');
    assert.equal(joined?.data?.['client-ca-file'], '');
    assert.equal(reviseAuthenticationConfig(own, joined!, 0), undefined);
  });
});

describe('the lease of a server', () => {
  const identity = { name: 'apiserver-x', holder: 'apiserver-x_1', hostname: 'h' };
  const lease = identityLease(identity, 1000);

  it('is renewed, and taken over by the next on the same host', () => {
    assert.equal(renewIdentityLease(lease, lease), undefined);
    const later = identityLease({ ...identity, holder: 'apiserver-x_2' }, 2000);
    const before = { ...lease, metadata: { ...lease.metadata, uid: 'u' } };
    const renewed = renewIdentityLease(later, before);
    assert.equal(renewed?.metadata?.uid, 'u');
    assert.deepEqual(renewed.spec, {
      holderIdentity: 'apiserver-x_2',
      leaseDurationSeconds: 3600,
      renewTime: '1970-01-01T00:00:02.000000Z',
    });
  });

  it('goes when its server has been gone for an hour', () => {
    assert.equal(isLeftIdentityLease(lease, 3_601_000), false);
    assert.equal(isLeftIdentityLease(lease, 3_601_001), true);
    const other = { ...lease, metadata: { ...lease.metadata, labels: {} } };
    assert.equal(isLeftIdentityLease(other, 3_601_001), false);
  });
});

describe('bootstrap', () => {
  it('creates what is missing once and completes what is there', async () => {
    const { access, objects } = testEnvironment();
    const expected: KubeObject = { metadata: { name: 'x' } };
    await ensure(access, 'things', expected);
    await ensure(access, 'things', expected);
    assert.equal(objects['things']?.length, 1);
    await ensure(access, 'things', expected, (o) => ({
      ...o,
      metadata: { ...o.metadata, labels: { a: 'b' } },
    }));
    assert.deepEqual(objects['things'][0]?.metadata?.labels, { a: 'b' });
  });

  it('fills a new store and finds nothing to do the second time', async () => {
    const { access, objects } = testEnvironment();
    const env = {
      access,
      options: { ...defaultOptions, dataDir: '', advertiseAddress: '10.1.0.1' },
      certificates: { clientCa: new TrustedAuthorities('') } as never,
      identity: { name: 'apiserver-x', holder: 'apiserver-x_1', hostname: 'h' },
      servers: undefined,
      fresh: () => Promise.resolve(),
      now: () => 0,
      onProblem: () => assert.fail(),
    };
    await ensureBootstrapObjects(env);
    const first = JSON.stringify(objects);
    assert.deepEqual(
      objects['namespaces']?.map((o) => o.metadata?.name),
      ['default', 'kube-system', 'kube-public', 'kube-node-lease'],
    );
    assert.equal(objects['clusterroles.rbac.authorization.k8s.io']?.length, 70);
    assert.equal(objects['endpoints']?.length, 1);
    assert.deepEqual(
      objects['leases.coordination.k8s.io']?.map((o) => o.metadata?.name),
      ['apiserver-x'],
    );
    await ensureBootstrapObjects(env);
    assert.equal(JSON.stringify(objects), first);
  });
});
