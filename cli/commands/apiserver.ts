/** `k8ts apiserver`: flags by their upstream names. */
import type { Command } from 'commander';
import { run as runApiServer } from '../../apiserver/main.ts';
import { type ApiServerOptions, defaultOptions } from '../../apiserver/options.ts';
import { type Start, toList, toNumber } from '../command.ts';
import { defineAuditFlags } from './apiserver-audit-flags.ts';
import { defineAuthFlags } from './apiserver-auth-flags.ts';
import { defineOidcFlags } from './apiserver-oidc-flags.ts';
import { defineLimitFlags } from './apiserver-limit-flags.ts';

const collect = (text: string, before: string[] | undefined) => [...(before ?? []), text];

/** Adds the flags. Each is acted on; what is not supported is refused as unknown. */
export function define(command: Command, run: (start: Start) => Promise<void>): void {
  const d = defaultOptions;
  defineAuthFlags(command);
  defineOidcFlags(command);
  defineAuditFlags(command);
  defineLimitFlags(command);
  command
    .option('--data-dir <dir>', 'embedded store and certificates', './k8ts-data')
    .option('--etcd-servers <urls>', 'store in etcd, not in the embedded store', toList)
    .option('--etcd-cafile <file>', 'authority of the etcd servers')
    .option('--etcd-certfile <file>', 'client certificate for etcd')
    .option('--etcd-keyfile <file>', 'key of the client certificate for etcd')
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
    .option('--enable-admission-plugins <names>', 'beside those on by default', toList, [])
    .option('--disable-admission-plugins <names>', 'of those on by default', toList, [])
    .option('--admission-control-config-file <file>', 'configures admission plugins')
    .option('--service-cluster-ip-range <cidr>', 'addresses of services', d.serviceClusterIpRange)
    .option('--service-node-port-range <range>', 'node ports of services', d.serviceNodePortRange)
    .option(
      '--service-account-issuer <url>',
      'issuer of service account tokens',
      d.serviceAccountIssuer,
    )
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
    .option('--event-ttl <seconds>', 'how long events are kept', toNumber, d.eventTtlSeconds)
    .option('--log-level <level>', 'trace, debug, info, warn, error', d.logLevel)
    .action(
      async (flags: Partial<ApiServerOptions> & { eventTtl: number; requestTimeout?: number }) => {
        const { eventTtl, requestTimeout = d.requestTimeoutMs, ...rest } = flags;
        const options: ApiServerOptions = {
          ...defaultOptions,
          dataDir: './k8ts-data',
          ...rest,
          eventTtlSeconds: eventTtl,
          requestTimeoutMs: requestTimeout,
        };
        await run(async (signal) => {
          const server = await runApiServer(options, signal);
          await server.ended;
        });
      },
    );
}
