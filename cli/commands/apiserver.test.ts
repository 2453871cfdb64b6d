/** The command line of kube-apiserver, as kubeadm writes it and as people do. */
import assert from 'node:assert/strict';
import { Command } from 'commander';
import type { ApiServerOptions } from '../../apiserver/options.ts';
import { defineFlags, type Flags } from './apiserver.ts';

/** Parses as the command does; throws what it would say. */
function parse(...args: string[]): ApiServerOptions {
  const command = new Command('apiserver').exitOverride().configureOutput({ writeErr: () => {} });
  const optionsOf = defineFlags(command);
  let options: ApiServerOptions | undefined;
  command.action((flags: Flags) => {
    options = optionsOf(flags);
  });
  command.parse(args, { from: 'user' });
  return options!;
}

describe('flags of /flagz', () => {
  it('are all there are, as they are written', () => {
    const { flags } = parse(
      '--event-ttl=90s',
      '--min-request-timeout=60',
      '--v=2',
      '--profiling=0',
    );
    const some = ['event-ttl', 'min-request-timeout', 'v', 'profiling', 'request-timeout'];
    const more = ['secure-port', 'api-audiences', 'allow-privileged', 'etcd-cafile', 'watch-cache'];
    assert.deepEqual(
      [...some, ...more].map((name) => flags[name]),
      ['1m30s', '60', '2', '0', '1m0s', '6443', '[]', 'true', '', ''],
    );
    const { flags: lists } = parse('--authorization-mode=Node,RBAC');
    assert.equal(lists['authorization-mode'], '[Node,RBAC]');
  });
});

const pki = '/etc/kubernetes/pki';
/** kubeadm v1.36, a control plane with its own etcd. */
const kubeadm = [
  '--advertise-address=192.168.1.10',
  '--allow-privileged=true',
  '--authorization-mode=Node,RBAC',
  `--client-ca-file=${pki}/ca.crt`,
  '--enable-admission-plugins=NodeRestriction',
  '--enable-bootstrap-token-auth=true',
  `--etcd-cafile=${pki}/etcd/ca.crt`,
  `--etcd-certfile=${pki}/apiserver-etcd-client.crt`,
  `--etcd-keyfile=${pki}/apiserver-etcd-client.key`,
  '--etcd-servers=https://127.0.0.1:2379',
  `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
  `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
  '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
  `--proxy-client-cert-file=${pki}/front-proxy-client.crt`,
  `--proxy-client-key-file=${pki}/front-proxy-client.key`,
  '--requestheader-allowed-names=front-proxy-client',
  `--requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
  '--requestheader-extra-headers-prefix=X-Remote-Extra-',
  '--requestheader-group-headers=X-Remote-Group',
  '--requestheader-username-headers=X-Remote-User',
  '--secure-port=6443',
  '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
  `--service-account-key-file=${pki}/sa.pub`,
  `--service-account-signing-key-file=${pki}/sa.key`,
  '--service-cluster-ip-range=10.96.0.0/12',
  `--tls-cert-file=${pki}/apiserver.crt`,
  `--tls-private-key-file=${pki}/apiserver.key`,
];

describe('flags of k8ts apiserver', () => {
  it('are those that kubeadm writes', () => {
    const options = parse(...kubeadm);
    assert.equal(options.allowPrivileged, true);
    assert.equal(options.proxyClientCertFile, `${pki}/front-proxy-client.crt`);
    assert.equal(options.serviceAccountIssuer, 'https://kubernetes.default.svc.cluster.local');
    assert.deepEqual(options.etcdServers, ['https://127.0.0.1:2379']);
    assert.deepEqual(options.kubeletPreferredAddressTypes, [
      'InternalIP',
      'ExternalIP',
      'Hostname',
    ]);
    assert.equal(options.enableBootstrapTokenAuth, true);
  });

  it('have the defaults of upstream, privileged containers aside', () => {
    const options = parse();
    assert.equal(options.allowPrivileged, true);
    assert.equal(options.enablePriorityAndFairness, true);
    assert.equal(options.maxRequestsInflight, 400);
    assert.equal(options.maxMutatingRequestsInflight, 200);
    assert.equal(options.requestTimeoutMs, 60_000);
    assert.equal(options.eventTtlSeconds, 3600);
  });

  const read: [string[], (o: ApiServerOptions) => unknown, unknown][] = [
    [['--event-ttl=30m'], (o) => o.eventTtlSeconds, 1800],
    [['--request-timeout=1m30s'], (o) => o.requestTimeoutMs, 90_000],
    [['--allow-privileged=false'], (o) => o.allowPrivileged, false],
    [['--enable-priority-and-fairness=F'], (o) => o.enablePriorityAndFairness, false],
    [['-v=4'], (o) => o.logLevel, 'debug'],
    [['--v', '2'], (o) => o.logLevel, 'info'],
    [
      ['--service-account-issuer=https://a', '--service-account-issuer=https://b'],
      (o) => [o.serviceAccountIssuer, o.furtherServiceAccountIssuers],
      ['https://a', ['https://b']],
    ],
    [
      ['--runtime-config=api/all=false,v1=true', '--runtime-config=apps/v1=true'],
      (o) => o.runtimeConfig,
      ['api/all=false', 'v1=true', 'apps/v1=true'],
    ],
  ];
  for (const [args, of, expected] of read) {
    it(`read ${args.join(' ')}`, () => assert.deepEqual(of(parse(...args)), expected));
  }

  const soAnyway = [
    '--profiling=false',
    '--storage-backend=etcd3',
    '--storage-media-type=application/json',
    '--watch-cache=true',
    '--default-watch-cache-size=100',
    '--goaway-chance=0.001',
    '--enable-aggregator-routing=false',
    '--logging-format=json',
    '--emulated-version=kube=1.36',
  ];
  for (const flag of soAnyway) {
    it(`take ${flag}, which says what is so`, () => void parse(flag));
  }

  const refused: [string, RegExp][] = [
    ['--profiling', /^--profiling=true is not possible here: there are no profiles$/],
    ['--watch-cache=false', /everything is cached/],
    ['--goaway-chance=0.5', /from 0 to 0.02/],
    ['--storage-media-type=application/vnd.kubernetes.protobuf', /written as JSON/],
    ['--egress-selector-config-file=x', /connections go out directly/],
    ['--event-ttl=nonsense', /invalid/],
    ['--endpoint-reconciler-type=master-count', /lease or none/],
    ['--insecure-port=0', /unknown option/],
  ];
  for (const [flag, why] of refused) {
    it(`refuse ${flag}`, () => assert.throws(() => parse(flag), { message: why }));
  }
});
