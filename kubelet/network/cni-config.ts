/** The CNI configuration for a node's pod network: bridge, host-local addresses, host ports. */

export interface CniSettings {
  /** One per family. */
  readonly podCidrs: readonly string[];
  readonly mtu: number;
  /** Where host-local keeps what it gave out. */
  readonly ipamDir: string;
  /** The bandwidth plugin is installed. */
  readonly bandwidth: boolean;
}

export const bridgeName = 'k8ts0';
/** Sorts before what others put there; runtimes take the first file. */
export const configFile = '10-k8ts.conflist';

/** The text of the file. */
export function cniConfig(settings: CniSettings): string {
  const { podCidrs, mtu, ipamDir, bandwidth } = settings;
  const routes = podCidrs.map((cidr) => ({ dst: cidr.includes(':') ? '::/0' : '0.0.0.0/0' }));
  const config = {
    cniVersion: '0.4.0',
    name: 'k8ts',
    plugins: [
      {
        type: 'bridge',
        bridge: bridgeName,
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        mtu,
        ipam: {
          type: 'host-local',
          dataDir: ipamDir,
          ranges: podCidrs.map((subnet) => [{ subnet }]),
          routes,
        },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
      ...(bandwidth ? [{ type: 'bandwidth', capabilities: { bandwidth: true } }] : []),
    ],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
