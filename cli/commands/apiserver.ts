/** `k8ts apiserver`: flags by their upstream names. */
import type { Command } from 'commander';
import { run as runApiServer } from '../../apiserver/main.ts';
import { type ApiServerOptions, defaultOptions } from '../../apiserver/options.ts';
import { type Start, toBool, toList, toNumber } from '../command.ts';
import { flagValues } from '../flag-values.ts';
import { defineAuditFlags } from './apiserver-audit-flags.ts';
import { defineAuthFlags } from './apiserver-auth-flags.ts';
import { defineLimitFlags } from './apiserver-limit-flags.ts';
import { defineOidcFlags } from './apiserver-oidc-flags.ts';
import { defineServingFlags } from './apiserver-serving-flags.ts';
import { toDurationMs } from './durations.ts';
import { defineUpstreamFlags } from './upstream-flags.ts';

const collect = (text: string, before: string[] | undefined) => [...(before ?? []), text];

/** Flags whose units are not those of the options. */
interface Durations {
  readonly eventTtl?: number;
  readonly requestTimeout?: number;
  readonly shutdownDelayDuration?: number;
  readonly etcdCompactionInterval?: number;
  readonly etcdHealthcheckTimeout?: number;
  readonly etcdReadycheckTimeout?: number;
  /** The verbosity that other components know. */
  readonly v?: number;
}

/**
 * Adds the flags. Each is acted on; those of kube-apiserver that are not are refused with the
 * reason, unless they say what is so anyway.
 */
export function define(command: Command, run: (start: Start) => Promise<void>): void {
  const optionsOf = defineFlags(command);
  command.action(async (flags: Flags) => {
    const options = optionsOf(flags);
    await run(async (signal) => {
      const server = await runApiServer(options, signal);
      await server.ended;
    });
  });
}

/** What has been parsed, and what of it the server takes in another form. */
export type Flags = Omit<Partial<ApiServerOptions>, 'serviceAccountIssuer'> & Durations & Issuers;

/**
 * Adds the flags. The returned function makes options of what has been parsed; it throws an Error
 * with one line for people.
 */
export function defineFlags(command: Command): (flags: Flags) => ApiServerOptions {
  const d = defaultOptions;
  defineAuthFlags(command);
  defineOidcFlags(command);
  defineAuditFlags(command);
  defineLimitFlags(command);
  defineServingFlags(command);
  command
    .option('--data-dir <dir>', 'embedded store and certificates', './k8ts-data')
    .option('--etcd-servers <urls>', 'store in etcd, not in the embedded store', toList)
    .option('--etcd-cafile <file>', 'authority of the etcd servers')
    .option('--etcd-certfile <file>', 'client certificate for etcd')
    .option('--etcd-keyfile <file>', 'key of the client certificate for etcd')
    .option('--etcd-compaction-interval <duration>', 'of its history; 0 for never', toDurationMs)
    .option('--etcd-healthcheck-timeout <duration>', 'for /livez', toDurationMs)
    .option('--etcd-readycheck-timeout <duration>', 'for /readyz', toDurationMs)
    .option('--encryption-provider-config <file>', 'which resources are encrypted, and how')
    .option(
      '--encryption-provider-config-automatic-reload [bool]',
      'follow changes of that file',
      toBool,
      d.encryptionProviderConfigAutomaticReload,
    )
    .option('--etcd-prefix <prefix>', 'where keys stand in the store', d.etcdPrefix)
    .option('--secure-port <port>', 'port to listen on', toNumber, d.securePort)
    .option('--bind-address <ip>', 'address to listen on', d.bindAddress)
    .option(
      '--advertise-address <ip>',
      'address that others reach the server by; of the default interface when not given',
      d.advertiseAddress,
    )
    .option('--tls-cert-file <file>', 'serving certificate; made at first start when not given')
    .option('--tls-private-key-file <file>', 'key of the serving certificate')
    .option('--cert-dir <dir>', 'where a serving certificate is looked for and made otherwise')
    .option('--enable-admission-plugins <names>', 'beside those on by default', toList, [])
    .option('--disable-admission-plugins <names>', 'of those on by default', toList, [])
    .option('--admission-control-config-file <file>', 'configures admission plugins')
    .option('--service-cluster-ip-range <cidr>', 'addresses of services', d.serviceClusterIpRange)
    .option('--service-node-port-range <range>', 'node ports of services', d.serviceNodePortRange)
    .option(
      '--service-account-issuer <url>',
      'issuer of service account tokens; those of further ones are accepted',
      collect,
    )
    .option('--service-account-jwks-uri <url>', 'where the keys of tokens are published')
    .option('--api-audiences <names>', 'audiences of this server; default: the issuer', toList, [])
    .option('--service-account-key-file <file>', 'checks tokens; may be repeated', collect)
    .option('--service-account-signing-key-file <file>', 'signs tokens')
    .option('--kubelet-client-certificate <file>', 'shown to kubelets')
    .option('--kubelet-client-key <file>', 'key of that certificate')
    .option('--kubelet-certificate-authority <file>', "authority of the kubelets' certificates")
    .option(
      '--kubelet-preferred-address-types <types>',
      'how to reach a kubelet',
      toList,
      d.kubeletPreferredAddressTypes as string[],
    )
    .option(
      '--endpoint-reconciler-type <type>',
      'lease or none: of the service kubernetes',
      'lease',
    )
    .option('--event-ttl <duration>', 'how long events are kept: 1h0m0s', toDurationMs)
    .option('--log-level <level>', 'trace, debug, info, warn, error', d.logLevel)
    .option('-v, --v <level>', 'verbosity: 4 is debug, 6 is trace', toVerbosity);
  const withoutOthers = defineUpstreamFlags(command);
  return (flags) => {
    const options = optionsOf(withoutOthers(flags));
    return { ...options, flags: flagValues(command, flags, options) };
  };
}

interface Issuers {
  readonly serviceAccountIssuer?: string[];
}

function optionsOf(given: Flags): ApiServerOptions {
  const d = defaultOptions;
  const {
    eventTtl,
    requestTimeout = d.requestTimeoutMs,
    shutdownDelayDuration = d.shutdownDelayDurationMs,
    etcdCompactionInterval = d.etcdCompactionIntervalMs,
    etcdHealthcheckTimeout = d.etcdHealthcheckTimeoutMs,
    etcdReadycheckTimeout = d.etcdReadycheckTimeoutMs,
    serviceAccountIssuer: issuers = [],
    v,
    ...rest
  } = given;
  const [serviceAccountIssuer = d.serviceAccountIssuer, ...furtherServiceAccountIssuers] = issuers;
  const { endpointReconcilerType = d.endpointReconcilerType } = given;
  if (!['lease', 'none'].includes(endpointReconcilerType)) {
    throw new Error(
      `--endpoint-reconciler-type=${endpointReconcilerType} is not possible here: lease or none`,
    );
  }
  return {
    ...d,
    dataDir: './k8ts-data',
    ...rest,
    ...(v === undefined ? {} : { logLevel: levelOf(v) }),
    serviceAccountIssuer,
    furtherServiceAccountIssuers,
    eventTtlSeconds: eventTtl === undefined ? d.eventTtlSeconds : Math.ceil(eventTtl / 1000),
    requestTimeoutMs: requestTimeout,
    shutdownDelayDurationMs: shutdownDelayDuration,
    etcdCompactionIntervalMs: etcdCompactionInterval,
    etcdHealthcheckTimeoutMs: etcdHealthcheckTimeout,
    etcdReadycheckTimeoutMs: etcdReadycheckTimeout,
  };
}

/** `-v=4` comes with its equals sign. */
function toVerbosity(text: string): number {
  return toNumber(text.replace(/^=/, ''));
}

function levelOf(verbosity: number): string {
  if (verbosity >= 6) return 'trace';
  return verbosity >= 4 ? 'debug' : 'info';
}
