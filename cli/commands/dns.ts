/** `k8ts dns`. */
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { dnsDefaults, run as runDns } from '../../dns/main.ts';
import { type Start, toList, toNumber } from '../command.ts';
import { componentClient, componentLog } from '../component.ts';

interface Flags {
  kubeconfig?: string;
  clusterDomain: string;
  address: string[];
  port: number;
  ttl: number;
  resolvConf: string;
  clusterDns: string[];
  hostnameOverride?: string;
  healthPort: number;
  readyPort: number;
  metricsPort: number;
  logLevel: string;
}

export function define(command: Command, run: (start: Start) => Promise<void>): void {
  const d = dnsDefaults;
  command
    .option('--kubeconfig <file>', 'how to reach the API server')
    .option('--cluster-domain <name>', 'domain of services and pods', d.clusterDomain)
    .option('--address <ips>', 'addresses to listen on', toList, ['0.0.0.0'])
    .option('--port <port>', 'port to listen on, UDP and TCP', toNumber, 53)
    .option('--ttl <seconds>', 'how long answers may be kept', toNumber, d.ttlSeconds)
    .option(
      '--resolv-conf <file>',
      'servers for other names; none: they are refused',
      '/etc/resolv.conf',
    )
    .option(
      '--cluster-dns <ips>',
      'make the service kube-system/kube-dns with these addresses',
      toList,
      [],
    )
    .option('--hostname-override <name>', "the node's name")
    .option('--health-port <port>', '0 for none', toNumber, d.healthPort)
    .option('--ready-port <port>', '0 for none', toNumber, d.readyPort)
    .option('--metrics-port <port>', '0 for none', toNumber, d.metricsPort)
    .option('--log-level <level>', 'trace, debug, info, warn, error', 'info')
    .action((flags: Flags) =>
      run(async (signal) => {
        using client = componentClient(flags.kubeconfig, 'dns');
        const instance = flags.hostnameOverride ?? hostname();
        await runDns(
          {
            client,
            log: componentLog('dns', flags.logLevel),
            clusterDomain: flags.clusterDomain,
            listen: flags.address.map((address) => ({ address, port: flags.port })),
            ttlSeconds: flags.ttl,
            upstreams: flags.resolvConf === '' ? undefined : { resolvConf: flags.resolvConf },
            ...(flags.clusterDns.length === 0
              ? {}
              : {
                  publish: {
                    namespace: 'kube-system',
                    service: 'kube-dns',
                    clusterIps: flags.clusterDns,
                    instance,
                  },
                }),
            healthPort: flags.healthPort,
            readyPort: flags.readyPort,
            metricsPort: flags.metricsPort,
          },
          signal,
        );
      }),
    );
}
