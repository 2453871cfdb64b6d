/**
 * Flags of kube-apiserver that k8ts knows and does not act on: a value that says what is so anyway
 * is taken, any other is refused with the reason.
 */
import { type Command, Option } from 'commander';

interface UpstreamFlag {
  readonly name: string;
  /** Values that say what is so; none: the flag is refused. */
  readonly holds?: RegExp;
  readonly why: string;
}

const yes = /^(true|1|t|T|TRUE|True)$/;
const no = /^(false|0|f|F|FALSE|False)$/;
const bool = /^(true|false|1|0|t|f|T|F|TRUE|FALSE|True|False)$/;
const any = /^/;
const nothing = /^$/;

const flags: readonly UpstreamFlag[] = [
  { name: 'admission-control', why: 'use --enable-admission-plugins' },
  { name: 'aggregator-reject-forwarding-redirect', holds: yes, why: 'redirects are refused' },
  { name: 'allow-metric-labels', holds: nothing, why: 'labels of metrics are not filtered' },
  { name: 'allow-metric-labels-manifest', holds: nothing, why: 'labels are not filtered' },
  { name: 'apiserver-count', holds: /^1$/, why: 'servers find each other through the store' },
  { name: 'contention-profiling', holds: no, why: 'there are no profiles' },
  { name: 'coordinated-leadership-lease-duration', why: 'leases are not coordinated' },
  { name: 'coordinated-leadership-renew-deadline', why: 'leases are not coordinated' },
  { name: 'coordinated-leadership-retry-period', why: 'leases are not coordinated' },
  { name: 'debug-socket-path', holds: nothing, why: 'there are no profiles' },
  { name: 'default-watch-cache-size', holds: /^[1-9]\d*$/, why: 'everything is cached' },
  { name: 'delete-collection-workers', holds: /^1$/, why: 'one worker deletes a collection' },
  { name: 'disable-http2-serving', holds: yes, why: 'HTTP/2 is not served' },
  { name: 'disabled-metrics', holds: nothing, why: 'metrics cannot be turned off' },
  { name: 'egress-selector-config-file', holds: nothing, why: 'connections go out directly' },
  { name: 'emulated-version', holds: /^(kube=)?1\.36$/, why: 'this is 1.36' },
  { name: 'emulation-forward-compatible', holds: no, why: 'no version is emulated' },
  { name: 'enable-aggregator-routing', holds: no, why: 'endpoints are not chosen among' },
  { name: 'enable-garbage-collector', holds: yes, why: 'it is part of the API here' },
  { name: 'enable-logs-handler', holds: no, why: '/logs is not served' },
  { name: 'etcd-count-metric-poll-period', holds: any, why: 'counts are always right' },
  { name: 'etcd-db-metric-poll-interval', holds: /^0s?$/, why: 'its size is not asked for' },
  { name: 'etcd-servers-overrides', holds: nothing, why: 'all resources are in one store' },
  // A bound on streams of a connection, and a way to end one: HTTP/1.1 has one request at a time.
  { name: 'goaway-chance', holds: /^(0(\.0[01]\d*|\.02|\.0*)?)$/, why: 'from 0 to 0.02' },
  { name: 'http2-max-streams-per-connection', holds: /^\d+$/, why: 'not a number' },
  { name: 'kubelet-port', holds: /^10250$/, why: 'nodes say on which port they are' },
  { name: 'kubelet-read-only-port', holds: /^(0|10255)$/, why: 'it is not used' },
  { name: 'kubelet-timeout', holds: /^(5s|5000ms)$/, why: 'it is 5s' },
  { name: 'kubernetes-service-node-port', holds: /^0$/, why: 'the service has a cluster IP' },
  { name: 'lease-reuse-duration-seconds', holds: /^60$/, why: 'it is 60' },
  { name: 'livez-grace-period', holds: /^0s?$/, why: '/livez tells at once' },
  { name: 'log-flush-frequency', holds: any, why: 'logs are not held back' },
  { name: 'log-json-info-buffer-size', holds: /^0$/, why: 'logs are not held back' },
  { name: 'log-json-split-stream', holds: no, why: 'there is one stream of logs' },
  { name: 'log-text-info-buffer-size', holds: /^0$/, why: 'logs are not held back' },
  { name: 'log-text-split-stream', holds: no, why: 'there is one stream of logs' },
  { name: 'logging-format', holds: /^json$/, why: 'logs are json' },
  { name: 'max-connection-bytes-per-sec', holds: /^0$/, why: 'connections are not slowed down' },
  { name: 'min-compatibility-version', holds: /^(kube=)?1\.35$/, why: 'it is 1.35' },
  { name: 'peer-advertise-ip', holds: nothing, why: 'requests are not handed to other servers' },
  { name: 'peer-advertise-port', holds: nothing, why: 'requests are not handed to others' },
  { name: 'peer-ca-file', holds: nothing, why: 'requests are not handed to other servers' },
  { name: 'permit-address-sharing', holds: bool, why: 'neither true nor false' },
  { name: 'profiling', holds: no, why: 'there are no profiles' },
  { name: 'runtime-config-emulation-forward-compatible', holds: no, why: 'nothing is emulated' },
  { name: 'send-retry-after-while-not-ready-once', holds: no, why: '/readyz says when it is' },
  { name: 'service-account-extend-token-expiration', holds: yes, why: 'tokens of pods last' },
  { name: 'service-account-lookup', holds: yes, why: 'accounts of tokens are looked up' },
  { name: 'service-account-max-token-expiration', holds: /^0s?$/, why: 'it is not bounded' },
  { name: 'service-account-signing-endpoint', holds: nothing, why: 'keys are read from files' },
  { name: 'show-hidden-metrics-for-version', holds: nothing, why: 'no metric is hidden' },
  { name: 'shutdown-send-retry-after', holds: no, why: 'connections are closed at the end' },
  { name: 'shutdown-watch-termination-grace-period', holds: /^0s?$/, why: 'watches end at once' },
  { name: 'storage-backend', holds: /^(etcd3)?$/, why: 'it is etcd3, or the embedded store' },
  { name: 'storage-initialization-timeout', holds: any, why: 'the store is waited for' },
  { name: 'storage-media-type', holds: /^application\/json$/, why: 'values are written as JSON' },
  { name: 'tracing-config-file', holds: nothing, why: 'there are no traces' },
  { name: 'vmodule', holds: nothing, why: 'use --log-level' },
  { name: 'watch-cache', holds: yes, why: 'everything is cached' },
  {
    name: 'watch-cache-sizes',
    holds: /^([^#,]+#[1-9]\d*(,|$))*$/,
    why: 'sizes are dynamic, and every resource is cached',
  },
  // Of authentication, authorization and audit: whatever is not defined elsewhere.
  ...[
    'audit-log-batch-buffer-size',
    'audit-log-batch-max-size',
    'audit-log-batch-max-wait',
    'audit-log-batch-throttle-burst',
    'audit-log-batch-throttle-enable',
    'audit-log-batch-throttle-qps',
    'audit-log-compress',
    'audit-log-format',
    'audit-log-maxage',
    'audit-log-maxbackup',
    'audit-log-maxsize',
    'audit-log-mode',
    'audit-log-path',
    'audit-log-truncate-enabled',
    'audit-log-truncate-max-batch-size',
    'audit-log-truncate-max-event-size',
    'audit-log-version',
    'audit-policy-file',
    'audit-webhook-batch-buffer-size',
    'audit-webhook-batch-initial-backoff',
    'audit-webhook-batch-max-size',
    'audit-webhook-batch-max-wait',
    'audit-webhook-batch-throttle-burst',
    'audit-webhook-batch-throttle-enable',
    'audit-webhook-batch-throttle-qps',
    'audit-webhook-config-file',
    'audit-webhook-initial-backoff',
    'audit-webhook-mode',
    'audit-webhook-truncate-enabled',
    'audit-webhook-truncate-max-batch-size',
    'audit-webhook-truncate-max-event-size',
    'audit-webhook-version',
    'authentication-config',
    'authentication-token-webhook-cache-ttl',
    'authentication-token-webhook-config-file',
    'authentication-token-webhook-version',
    'authorization-config',
    'authorization-policy-file',
    'authorization-webhook-cache-authorized-ttl',
    'authorization-webhook-cache-unauthorized-ttl',
    'authorization-webhook-config-file',
    'authorization-webhook-version',
    'encryption-provider-config',
    'encryption-provider-config-automatic-reload',
    'oidc-ca-file',
    'oidc-client-id',
    'oidc-groups-claim',
    'oidc-groups-prefix',
    'oidc-issuer-url',
    'oidc-required-claim',
    'oidc-signing-algs',
    'oidc-username-claim',
    'oidc-username-prefix',
  ].map((name) => ({ name, why: 'not supported by k8ts' })),
];

/**
 * Adds those that the command does not have already: call it after all others have been defined. The
 * returned function takes them out of what was given; it throws an Error with one line for people
 * for a value that is not so.
 */
export function defineUpstreamFlags(command: Command): <T extends object>(given: T) => T {
  const there = new Set(command.options.map((o) => o.long));
  const own = flags.filter(({ name }) => !there.has(`--${name}`));
  const options = own.map(({ name }) => new Option(`--${name} [value]`).hideHelp());
  for (const option of options) command.addOption(option);
  return (given) => {
    const rest = { ...given } as Record<string, unknown>;
    own.forEach(({ name, holds, why }, i) => {
      const key = options[i]!.attributeName();
      const value = rest[key];
      delete rest[key];
      if (value === undefined || holds?.test(String(value)) === true) return;
      throw new Error(`--${name}=${value} is not possible here: ${why}`);
    });
    return rest as typeof given;
  };
}
