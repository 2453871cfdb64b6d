/** `k8ts apiserver`: flags by their upstream names. */
import type { Command } from 'commander';
import { run } from '../../apiserver/main.ts';
import { type ApiServerOptions, defaultOptions } from '../../apiserver/options.ts';
import { rootSignal } from '../signals.ts';

const list = (text: string) => text.split(',').filter((s) => s !== '');
const collect = (text: string, before: string[] | undefined) => [...(before ?? []), text];
const number = (text: string) => {
  if (!/^\d+$/.test(text)) throw new Error(`${text} is not a number`);
  return Number(text);
};
const bool = (text: string) => text !== 'false';

/** Adds the flags. Each is acted on; what is not supported is refused as unknown. */
export function define(command: Command): void {
  const d = defaultOptions;
  command
    .option('--data-dir <dir>', 'embedded store and certificates', './k8ts-data')
    .option('--etcd-servers <urls>', 'store in etcd, not in the embedded store', list)
    .option('--etcd-cafile <file>', 'authority of the etcd servers')
    .option('--etcd-certfile <file>', 'client certificate for etcd')
    .option('--etcd-keyfile <file>', 'key of the client certificate for etcd')
    .option('--etcd-prefix <prefix>', 'where keys stand in the store', d.etcdPrefix)
    .option('--secure-port <port>', 'port to listen on', number, d.securePort)
    .option('--bind-address <ip>', 'address to listen on', d.bindAddress)
    .option(
      '--advertise-address <ip>',
      'address that others reach the server by',
      d.advertiseAddress,
    )
    .option('--tls-cert-file <file>', 'serving certificate; made at first start when not given')
    .option('--tls-private-key-file <file>', 'key of the serving certificate')
    .option('--client-ca-file <file>', 'authorities of client certificates')
    .option('--token-auth-file <file>', 'static tokens: token,user,uid,"groups"')
    .option(
      '--anonymous-auth <bool>',
      'let requests without credentials in as anonymous',
      bool,
      d.anonymousAuth,
    )
    .option(
      '--authorization-mode <modes>',
      'Node, RBAC, AlwaysAllow',
      list,
      d.authorizationMode as string[],
    )
    .option('--enable-admission-plugins <names>', 'beside those on by default', list, [])
    .option('--disable-admission-plugins <names>', 'of those on by default', list, [])
    .option('--service-cluster-ip-range <cidr>', 'addresses of services', d.serviceClusterIpRange)
    .option('--service-node-port-range <range>', 'node ports of services', d.serviceNodePortRange)
    .option(
      '--service-account-issuer <url>',
      'issuer of service account tokens',
      d.serviceAccountIssuer,
    )
    .option('--api-audiences <names>', 'audiences of this server; default: the issuer', list, [])
    .option('--service-account-key-file <file>', 'checks tokens; may be repeated', collect)
    .option('--service-account-signing-key-file <file>', 'signs tokens')
    .option('--kubelet-client-certificate <file>', 'shown to kubelets')
    .option('--kubelet-client-key <file>', 'key of that certificate')
    .option('--kubelet-certificate-authority <file>', "authority of the kubelets' certificates")
    .option(
      '--kubelet-preferred-address-types <types>',
      'how to reach a kubelet',
      list,
      d.kubeletPreferredAddressTypes as string[],
    )
    .option('--event-ttl <seconds>', 'how long events are kept', number, d.eventTtlSeconds)
    .option('--log-level <level>', 'trace, debug, info, warn, error', d.logLevel)
    .action(async (flags: Partial<ApiServerOptions> & { eventTtl: number }) => {
      const { eventTtl, ...rest } = flags;
      const options: ApiServerOptions = {
        ...defaultOptions,
        dataDir: './k8ts-data',
        ...rest,
        eventTtlSeconds: eventTtl,
      };
      const server = await run(options, rootSignal());
      await server.ended;
    });
}
