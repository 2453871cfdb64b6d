/** Writes OCI image layouts of one uncompressed layer, as `ctr images import` reads them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a container of the image runs with. */
export interface ImageConfig {
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly exposedPorts?: readonly string[];
  readonly stopSignal?: string;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Packs `rootfs` into `<work>/image.tar` with one manifest per name (`registry/repository:tag`).
 * Each name has a configuration of its own, so that tags do not fall together in one image id.
 */
export function writeImage(
  rootfs: string,
  work: string,
  names: readonly string[],
  config: ImageConfig,
): string {
  const layout = join(work, 'layout');
  const blobs = join(layout, 'blobs', 'sha256');
  rmSync(layout, { recursive: true, force: true });
  mkdirSync(blobs, { recursive: true });

  const layerTar = join(work, 'layer.tar');
  execFileSync('tar', [
    '--sort=name',
    '--mtime=@0',
    '--numeric-owner',
    '--owner=0',
    '--group=0',
    '-C',
    rootfs,
    '-cf',
    layerTar,
    '.',
  ]);
  const layerHash = execFileSync('sha256sum', [layerTar], { encoding: 'utf8' }).slice(0, 64);
  linkSync(layerTar, join(blobs, layerHash));
  const layer: Descriptor = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    digest: `sha256:${layerHash}`,
    size: statSync(layerTar).size,
  };

  const blob = (mediaType: string, content: unknown): Descriptor => {
    const bytes = Buffer.from(JSON.stringify(content));
    const hash = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(blobs, hash), bytes);
    return { mediaType, digest: `sha256:${hash}`, size: bytes.length };
  };

  const manifests = names.map((name) => {
    const tag = name.slice(name.lastIndexOf(':') + 1);
    const configBlob = blob('application/vnd.oci.image.config.v1+json', {
      created: '1970-01-01T00:00:00Z',
      architecture: architectures[process.arch] ?? process.arch,
      os: 'linux',
      config: runtimeConfig(config, tag),
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'hack/images' }],
    });
    const manifest = blob('application/vnd.oci.image.manifest.v1+json', {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: configBlob,
      layers: [layer],
    });
    const annotations = {
      'io.containerd.image.name': name,
      'org.opencontainers.image.ref.name': tag,
    };
    return { ...manifest, annotations };
  });
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  const image = join(work, 'image.tar');
  execFileSync('tar', ['-C', layout, '-cf', image, 'oci-layout', 'index.json', 'blobs']);
  rmSync(layerTar);
  rmSync(layout, { recursive: true });
  return image;
}

function runtimeConfig(config: ImageConfig, tag: string): Record<string, unknown> {
  return {
    Env: [
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...(config.env ?? []),
    ],
    Labels: { 'org.opencontainers.image.version': tag },
    ...(config.entrypoint ? { Entrypoint: config.entrypoint } : {}),
    ...(config.cmd ? { Cmd: config.cmd } : {}),
    ...(config.workingDir ? { WorkingDir: config.workingDir } : {}),
    ...(config.user ? { User: config.user } : {}),
    ...(config.stopSignal ? { StopSignal: config.stopSignal } : {}),
    ...(config.exposedPorts
      ? { ExposedPorts: Object.fromEntries(config.exposedPorts.map((p) => [p, {}])) }
      : {}),
  };
}

/** The names an image tar carries, in order. */
export function namesOf(imageTar: string): string[] {
  const index = execFileSync('tar', ['-xOf', imageTar, 'index.json'], { encoding: 'utf8' });
  const { manifests } = JSON.parse(index) as {
    manifests: { annotations: Record<string, string> }[];
  };
  return manifests.map((m) => m.annotations['io.containerd.image.name']!);
}

/** A digest over files of this folder: what is built changes when the recipe does. */
export function recipeDigest(files: readonly URL[], extra: string): string {
  const hash = createHash('sha256').update(extra);
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}
