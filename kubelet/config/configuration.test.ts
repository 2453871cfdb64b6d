import assert from 'node:assert/strict';
import { defaultConfiguration } from './configuration.ts';
import { applyFlags, defaultIdentity } from './flags.ts';
import { parseConfiguration } from './parse-configuration.ts';

const head = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';

describe('KubeletConfiguration', () => {
  it('has defaults', () => {
    assert.deepEqual(parseConfiguration(head), defaultConfiguration());
  });

  it('reads what kubeadm writes', () => {
    const c = parseConfiguration(`${head}
authentication:
  anonymous: {enabled: false}
  webhook: {cacheTTL: 0s, enabled: true}
  x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}
authorization:
  mode: Webhook
  webhook: {cacheAuthorizedTTL: 0s, cacheUnauthorizedTTL: 0s}
cgroupDriver: systemd
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
cpuManagerReconcilePeriod: 0s
evictionPressureTransitionPeriod: 0s
fileCheckFrequency: 0s
healthzBindAddress: 127.0.0.1
healthzPort: 10248
imageMinimumGCAge: 0s
logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}}, verbosity: 0}
memorySwap: {}
nodeStatusReportFrequency: 0s
runtimeRequestTimeout: 0s
shutdownGracePeriod: 0s
staticPodPath: /etc/kubernetes/manifests
streamingConnectionIdleTimeout: 0s
syncFrequency: 0s
volumeStatsAggPeriod: 0s
`);
    assert.equal(c.cgroupDriver, 'systemd');
    assert.equal(c.authentication.clientCaFile, '/etc/kubernetes/pki/ca.crt');
    assert.equal(c.runtimeRequestTimeoutMs, 120_000);
    assert.equal(c.staticPodPath, '/etc/kubernetes/manifests');
  });

  const values: [string, (c: ReturnType<typeof parseConfiguration>) => unknown, unknown][] = [
    ['maxPods: 7', (c) => c.maxPods, 7],
    ['containerLogMaxSize: 1Mi', (c) => c.containerLogMaxSizeBytes, 2 ** 20],
    [
      'evictionHard: {memory.available: "10%"}',
      (c) => c.evictionHard,
      { 'memory.available': { share: 0.1 } },
    ],
    ['maxParallelImagePulls: 3', (c) => c.serializeImagePulls, false],
    ['nodeStatusUpdateFrequency: 5s', (c) => c.nodeStatusReportFrequencyMs, 5000],
    [
      'crashLoopBackOff: {maxContainerRestartPeriod: 60s}',
      (c) => c.maxContainerRestartPeriodMs,
      60_000,
    ],
  ];
  for (const [text, read, expected] of values) {
    it(text, () => assert.deepEqual(read(parseConfiguration(head + text)), expected));
  }

  const refused: [string, RegExp][] = [
    ['cpuManagerPolicy: static', /cpuManagerPolicy: "static" is not supported/],
    ['featureGates: {X: true}', /featureGates/],
    ['rotateCertificates: true', /rotateCertificates/],
    ['nonsense: 1', /nonsense/],
    ['port: x', /port: must be a number/],
    ['evictionHard: {some.thing: 1}', /evictionHard.some.thing/],
    ['authentication: {x509: {other: 1}}', /authentication.x509.other/],
  ];
  for (const [text, problem] of refused) {
    it(`refuses ${text}`, () => assert.throws(() => parseConfiguration(head + text), problem));
  }
  it('refuses another kind', () => assert.throws(() => parseConfiguration('kind: Pod'), /kind/));
});

describe('kubelet flags', () => {
  it('override the file', () => {
    const { identity, configuration } = applyFlags(
      [
        ['node-ip', '10.0.0.1,fd00::1'],
        ['node-labels', 'a=b,c='],
        ['register-with-taints', 'k=v:NoSchedule,x:NoExecute'],
        ['max-pods', '5'],
        ['client-ca-file', '/ca'],
        ['fail-swap-on', 'false'],
      ],
      defaultIdentity(),
      defaultConfiguration(),
    );
    assert.deepEqual(identity.nodeIps, ['10.0.0.1', 'fd00::1']);
    assert.deepEqual(identity.nodeLabels, { a: 'b', c: '' });
    assert.deepEqual(configuration.registerWithTaints, [
      { key: 'k', value: 'v', effect: 'NoSchedule' },
      { key: 'x', effect: 'NoExecute' },
    ]);
    assert.equal(configuration.maxPods, 5);
    assert.equal(configuration.authentication.clientCaFile, '/ca');
    assert.equal(configuration.failSwapOn, false);
  });
  it('refuse what is unknown or malformed', () => {
    const apply = (name: string, value: string): unknown =>
      applyFlags([[name, value]], defaultIdentity(), defaultConfiguration());
    assert.throws(() => apply('nope', '1'), /unknown flag: --nope/);
    assert.throws(() => apply('max-pods', 'x'), /--max-pods/);
    assert.throws(() => apply('register-with-taints', 'a=b'), /KEY=VALUE:EFFECT/);
  });
});
