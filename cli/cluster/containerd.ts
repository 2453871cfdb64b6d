/** The cluster's own containerd: configuration under the data directory, nothing shared. */
import { existsSync, mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { cniFolder, oomScoreRestricted } from './preflight.ts';

/** The image of pod sandboxes. */
export const pauseImage = 'registry.k8s.io/pause:3.10';

/** Writes containerd's configuration. */
export function writeContainerdConfig(layout: Layout): void {
  const certs = join(layout.root, 'certs.d');
  for (const dir of [layout.containerd, layout.netConf, certs]) {
    mkdirSync(dir, { recursive: true });
  }
  const q = (text: string) => JSON.stringify(text);
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const text = `version = 2
root = ${q(join(layout.containerd, 'root'))}
state = ${q(join(layout.containerd, 'state'))}
[grpc]
  address = ${q(layout.containerdSocket)}
[ttrpc]
  address = ${q(`${layout.containerdSocket}.ttrpc`)}
[debug]
  level = "warn"
[${cri}]
  sandbox_image = ${q(pauseImage)}
  restrict_oom_score_adj = ${oomScoreRestricted()}
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [${cri}.cni]
    bin_dir = ${q(cniFolder() ?? '/opt/cni/bin')}
    conf_dir = ${q(layout.netConf)}
  [${cri}.registry]
    config_path = ${q(certs)}
  [${cri}.containerd]
    snapshotter = ${q(isOverlay(layout.containerd) ? 'native' : 'overlayfs')}
    discard_unpacked_layers = true
  [${cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;
  writeFileSync(join(layout.containerd, 'config.toml'), text);
}

/** statfs type of overlayfs (linux/magic.h): it cannot lie on itself. */
const overlayMagic = 0x794c7630;

function isOverlay(folder: string): boolean {
  return statfsSync(folder).type === overlayMagic;
}

/** True when the cluster's containerd takes connections. */
export function containerdAnswers(layout: Layout): Promise<boolean> {
  if (!existsSync(layout.containerdSocket)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect(layout.containerdSocket);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
