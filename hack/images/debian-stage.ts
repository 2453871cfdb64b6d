/**
 * Debian packages unpacked into a folder without installing them, and binaries copied out of it
 * together with the shared libraries they load.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const multiarch = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
const loaders = { x64: '/lib64/ld-linux-x86-64.so.2', arm64: '/lib/ld-linux-aarch64.so.1' };

function forArch(table: Record<string, string>): string {
  const value = table[process.arch];
  if (value === undefined) throw new Error(`images are not built on ${process.arch}`);
  return value;
}

/** Libraries that `packages` need, by apt's own dependency data. */
function withLibraries(packages: readonly string[]): string[] {
  const out = execFileSync(
    'apt-cache',
    ['depends', '--recurse', '--important', '--no-recommends', '--no-suggests', ...packages],
    { encoding: 'utf8', maxBuffer: 64 << 20 },
  );
  const found = new Set(packages);
  for (const line of out.split('\n')) {
    if (/^(lib[a-z0-9.+-]+|zlib1g|gcc-\d+-base)$/.test(line)) found.add(line);
  }
  return [...found];
}

/** Downloads packages with their libraries into `<cache>/debs` and unpacks them; returns the root. */
export function stagePackages(packages: readonly string[], cache: string): string {
  const debs = join(cache, 'debs');
  const stage = join(cache, 'stage');
  mkdirSync(debs, { recursive: true });
  const all = withLibraries(packages);
  const have = new Set(readdirSync(debs).map((f) => f.split('_')[0]!));
  const missing = all.filter((p) => !have.has(p));
  if (missing.length > 0) {
    execFileSync('apt-get', ['-q', 'download', '-o', 'APT::Sandbox::User=root', ...missing], {
      cwd: debs,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  if (missing.length > 0 || !existsSync(stage)) {
    mkdirSync(stage, { recursive: true });
    for (const deb of readdirSync(debs)) {
      execFileSync('dpkg-deb', ['-x', join(debs, deb), stage]);
    }
  }
  return stage;
}

/** Where a path of the stage lies, whether or not /bin and /lib are links into /usr there. */
function inStage(stage: string, path: string): string {
  for (const candidate of [path, `/usr${path}`, path.replace(/^\/usr/, '')]) {
    const full = join(stage, candidate);
    if (existsSync(full)) return full;
  }
  throw new Error(`${path} is not in the staged packages`);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (!existsSync(to) || lstatSync(to).isSymbolicLink()) copyFileSync(realpathSync(from), to);
}

/**
 * Copies `binary` of the stage to `target` in `rootfs`, with its libraries and the loader where
 * the binary looks for them. A static binary is copied alone.
 */
export function copyBinary(stage: string, binary: string, rootfs: string, target = binary): void {
  const from = inStage(stage, binary);
  copy(from, join(rootfs, target));
  const triple = forArch(multiarch);
  const loader = inStage(stage, forArch(loaders));
  const libraryPath = [`${stage}/lib/${triple}`, `${stage}/usr/lib/${triple}`].join(':');
  let listed: string;
  try {
    listed = execFileSync(loader, ['--library-path', libraryPath, '--list', from], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    // The loader refuses what has no interpreter: a static binary.
    return;
  }
  for (const line of listed.split('\n')) {
    const m = /=> (\/\S+) \(/.exec(line);
    if (m === null || basename(m[1]!).startsWith('ld-linux')) continue;
    if (!m[1]!.startsWith(stage)) throw new Error(`${binary}: ${m[1]} is not a staged library`);
    copy(m[1]!, join(rootfs, 'lib', triple, basename(m[1]!)));
  }
  copy(loader, join(rootfs, forArch(loaders)));
}
