import assert from 'node:assert/strict';
import { type Loose, problems, TestRegistry } from './test-registry.ts';

const service = (name: string, spec: Loose = {}): Loose => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});

const addresses = async (registry: TestRegistry): Promise<string[]> =>
  (await registry.list('ipaddresses.networking.k8s.io')).map((a) => a.metadata.name).sort();

describe('services', () => {
  it('get a cluster IP of their own, kept by an IPAddress that goes with them', async () => {
    await using registry = await TestRegistry.open();
    const a = await registry.create('services', service('a'));
    assert.match(a.spec.clusterIP, /^10\.0\.0\.\d+$/);
    assert.deepEqual(a.spec.clusterIPs, [a.spec.clusterIP]);
    assert.deepEqual(a.spec.ipFamilies, ['IPv4']);
    assert.equal(a.spec.ipFamilyPolicy, 'SingleStack');
    const [address] = await registry.list('ipaddresses.networking.k8s.io');
    assert.equal(address.metadata.name, a.spec.clusterIP);
    assert.deepEqual(address.spec.parentRef, {
      resource: 'services',
      namespace: 'ns',
      name: 'a',
    });
    await registry.delete('services', 'a');
    assert.deepEqual(await addresses(registry), []);
  });

  it('never share an address or a port, however many come at once', async () => {
    await using registry = await TestRegistry.open({ nodePortRange: '30000-30049' });
    const made = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        registry.create('services', service(`s${i}`, { type: 'NodePort' })),
      ),
    );
    assert.equal(new Set(made.map((s) => s.spec.clusterIP)).size, 40);
    assert.equal(new Set(made.map((s) => s.spec.ports[0].nodePort)).size, 40);
    const free = [...Array(250).keys()].map((i) => `10.0.0.${i + 1}`);
    const clusterIP = free.find((ip) => !made.some((s) => s.spec.clusterIP === ip));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, (_, i) =>
        registry.create('services', service(`x${i}`, { clusterIP })),
      ),
    );
    assert.equal(outcomes.filter((o) => o.status === 'fulfilled').length, 1);
  });

  it('say when nothing is left, and give back what a failed create took', async () => {
    await using registry = await TestRegistry.open({
      serviceClusterIpRange: '10.9.0.0/30',
      nodePortRange: '30000-30000',
    });
    await registry.create('services', service('a', { type: 'NodePort' }));
    assert.deepEqual(
      await problems(registry.create('services', service('b', { type: 'NodePort' }))),
      [': failed to allocate a nodePort: range is full'],
    );
    assert.equal((await addresses(registry)).length, 1);
    await registry.create('services', service('b'));
    assert.deepEqual(await problems(registry.create('services', service('c'))), [
      ': failed to allocate a serviceIP for Service "c": range is full',
    ]);
  });

  const refused: [what: string, spec: Loose, problem: string][] = [
    [
      'an address outside the range',
      { clusterIP: '1.2.3.4' },
      'spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided network does not match the current range',
    ],
    [
      'a node port outside the range',
      { type: 'NodePort', ports: [{ port: 80, nodePort: 4 }] },
      'spec.ports[0].nodePort: Invalid value: 4: provided port is not in the valid range. The range of valid ports is 30000-30009',
    ],
    [
      'a second family that the cluster has not',
      { ipFamilyPolicy: 'RequireDualStack' },
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
  ];
  for (const [what, spec, problem] of refused) {
    it(`refuse ${what}`, async () => {
      await using registry = await TestRegistry.open();
      assert.deepEqual(await problems(registry.create('services', service('a', spec))), [problem]);
      assert.deepEqual(await addresses(registry), []);
    });
  }

  it('take an address of each family where there are two', async () => {
    await using registry = await TestRegistry.open({
      serviceClusterIpRange: '10.0.0.0/24,fd00::/112',
    });
    const dual = await registry.create(
      'services',
      service('a', { ipFamilyPolicy: 'PreferDualStack' }),
    );
    assert.deepEqual(dual.spec.ipFamilies, ['IPv4', 'IPv6']);
    assert.equal(dual.spec.clusterIPs.length, 2);
    assert.equal((await addresses(registry)).length, 2);
    const single = await registry.update('services', 'a', (s) => {
      s.spec.ipFamilyPolicy = 'SingleStack';
      s.spec.ipFamilies = ['IPv4'];
      s.spec.clusterIPs = [s.spec.clusterIPs[0]];
    });
    assert.deepEqual(single.spec.clusterIPs, [dual.spec.clusterIP]);
    assert.deepEqual(await addresses(registry), [dual.spec.clusterIP]);
  });

  it('lose ports and addresses with a type that has none', async () => {
    await using registry = await TestRegistry.open({ nodePortRange: '30000-30000' });
    await registry.create('services', service('a', { type: 'NodePort' }));
    const inside = await registry.update('services', 'a', (s) => {
      s.spec.type = 'ClusterIP';
    });
    assert.equal(inside.spec.ports[0].nodePort, undefined);
    const outside = await registry.update('services', 'a', (s) => {
      s.spec.type = 'ExternalName';
      s.spec.externalName = 'example.com';
      delete s.spec.clusterIP;
      delete s.spec.clusterIPs;
    });
    assert.equal(outside.spec.clusterIP, undefined);
    assert.deepEqual(await addresses(registry), []);
    // Both are free again.
    const b = await registry.create('services', service('b', { type: 'NodePort' }));
    assert.equal(b.spec.ports[0].nodePort, 30000);
  });

  it('keep what an update leaves out', async () => {
    await using registry = await TestRegistry.open();
    const before = await registry.create('services', service('a', { type: 'NodePort' }));
    const after = await registry.update('services', 'a', (s) => {
      delete s.spec.clusterIP;
      delete s.spec.clusterIPs;
      delete s.spec.ports[0].nodePort;
      s.spec.selector = { a: 'b' };
    });
    assert.equal(after.spec.clusterIP, before.spec.clusterIP);
    assert.deepEqual(after.spec.ports, before.spec.ports);
    assert.deepEqual(
      await problems(
        registry.update('services', 'a', (s) => {
          s.spec.clusterIP = '10.0.0.77';
          s.spec.clusterIPs = ['10.0.0.77'];
        }),
      ),
      ['spec.clusterIPs[0]: Invalid value: ["10.0.0.77"]: may not change once set'],
    );
  });

  it('get a port for health checks of local load balancers', async () => {
    await using registry = await TestRegistry.open();
    const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
    const a = await registry.create('services', service('a', spec));
    const [port, health] = [a.spec.ports[0].nodePort, a.spec.healthCheckNodePort];
    assert.ok(port >= 30000 && health >= 30000 && port !== health);
    assert.equal(a.spec.allocateLoadBalancerNodePorts, true);
    const b = await registry.update('services', 'a', (s) => {
      s.spec.externalTrafficPolicy = 'Cluster';
      delete s.spec.healthCheckNodePort;
    });
    assert.equal(b.spec.healthCheckNodePort, undefined);
  });

  it('take nothing in a dry run', async () => {
    await using registry = await TestRegistry.open({ nodePortRange: '30000-30000' });
    const spec = { type: 'NodePort' };
    await registry.create('services', service('a', spec), { dryRun: true });
    assert.deepEqual(await addresses(registry), []);
    const b = await registry.create('services', service('b', spec));
    assert.equal(b.spec.ports[0].nodePort, 30000);
  });

  it('of one port number share its node port between protocols', async () => {
    await using registry = await TestRegistry.open();
    const ports = [
      { name: 'tcp', port: 53, protocol: 'TCP', nodePort: 30005 },
      { name: 'udp', port: 53, protocol: 'UDP', nodePort: 30005 },
    ];
    const dns = await registry.create('services', service('dns', { type: 'NodePort', ports }));
    assert.deepEqual(
      dns.spec.ports.map((p: Loose) => p.nodePort),
      [30005, 30005],
    );
    await registry.delete('services', 'dns');
    await registry.create('services', service('again', { type: 'NodePort', ports }));
  });

  it('take ingress addresses only through the status of load balancers', async () => {
    await using registry = await TestRegistry.open();
    await registry.create('services', service('a'));
    const ingress = (s: Loose) => {
      s.status = { loadBalancer: { ingress: [{ ip: '5.6.7.8' }] } };
    };
    assert.deepEqual(
      await problems(registry.update('services', 'a', ingress, { subresource: 'status' })),
      [
        "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
      ],
    );
    await registry.update('services', 'a', (s) => {
      s.spec.type = 'LoadBalancer';
    });
    const b = await registry.update('services', 'a', ingress, { subresource: 'status' });
    assert.deepEqual(b.status.loadBalancer.ingress, [{ ip: '5.6.7.8', ipMode: 'VIP' }]);
  });
});
