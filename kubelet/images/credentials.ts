/** Registry credentials out of imagePullSecrets and the node's Docker configuration. */

import type { Secret } from '../../machinery/schema/wire.ts';
import { decodeSecretValue } from '../env/environment.ts';

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
}

interface DockerEntry {
  username?: string;
  password?: string;
  auth?: string;
}

type DockerConfig = Record<string, DockerEntry>;

/** Credentials by the registry (with path) that they are for. */
export type Keyring = ReadonlyMap<string, readonly RegistryAuth[]>;

const defaultRegistry = 'index.docker.io';

function authOf(entry: DockerEntry): RegistryAuth {
  if (!entry.auth) return { username: entry.username ?? '', password: entry.password ?? '' };
  const text = Buffer.from(entry.auth, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0)
    throw new Error('unable to parse auth field, must be formatted as base64(username:password)');
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** `https://host/v1/` and the like without what does not count. */
function locationKey(location: string): string {
  const bare = location.replace(/^https?:\/\//, '');
  const slash = bare.indexOf('/');
  if (slash < 0) return bare;
  const path = bare.slice(slash).replace(/^\/v[12](?=\/)/, '');
  return path === '/' ? bare.slice(0, slash) : bare.slice(0, slash) + path;
}

/** Reads `.docker/config.json` (auths) or the older `.dockercfg`. */
export function parseDockerConfig(text: string, withAuths: boolean): DockerConfig {
  const parsed: unknown = JSON.parse(text);
  const value = withAuths ? (parsed as { auths?: unknown }).auths : parsed;
  return (value ?? {}) as DockerConfig;
}

/** Collects what the secrets hold; a secret of another type or malformed throws. */
export function keyringOf(secrets: readonly Secret[], node: DockerConfig = {}): Keyring {
  const ring = new Map<string, RegistryAuth[]>();
  const add = (config: DockerConfig): void => {
    for (const [location, entry] of Object.entries(config)) {
      const key = locationKey(location);
      ring.set(key, [...(ring.get(key) ?? []), authOf(entry)]);
    }
  };
  for (const secret of secrets) {
    const json = secret.data?.['.dockerconfigjson'];
    const cfg = secret.data?.['.dockercfg'];
    if (secret.type === 'kubernetes.io/dockerconfigjson' && json) {
      add(parseDockerConfig(decodeSecretValue(json).toString(), true));
    } else if (secret.type === 'kubernetes.io/dockercfg' && cfg) {
      add(parseDockerConfig(decodeSecretValue(cfg).toString(), false));
    }
  }
  add(node);
  return ring;
}

/** `*` for any run, `?` for one character; no pattern makes it slow. */
function globMatches(glob: string, text: string): boolean {
  let g = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (glob[g] === '*') {
      star = g++;
      resume = t;
    } else if (g < glob.length && (glob[g] === '?' || glob[g] === text[t])) {
      g++;
      t++;
    } else if (star >= 0) {
      g = star + 1;
      t = ++resume;
    } else return false;
  }
  while (glob[g] === '*') g++;
  return g === glob.length;
}

function split(location: string): { labels: string[]; port: string; path: string } {
  const slash = location.indexOf('/');
  const authority = slash < 0 ? location : location.slice(0, slash);
  const colon = authority.lastIndexOf(':');
  const host = colon < 0 ? authority : authority.slice(0, colon);
  return {
    labels: host.split('.'),
    port: colon < 0 ? '' : authority.slice(colon + 1),
    path: slash < 0 ? '' : location.slice(slash),
  };
}

function matches(key: string, repository: string): boolean {
  const glob = split(key);
  const target = split(repository);
  return (
    glob.port === target.port &&
    glob.labels.length === target.labels.length &&
    target.path.startsWith(glob.path) &&
    glob.labels.every((label, i) => globMatches(label, target.labels[i]!))
  );
}

/** Credentials to try for a repository, the most specific first. */
export function lookupAuth(ring: Keyring, repository: string): RegistryAuth[] {
  const keys = [...ring.keys()].sort().reverse();
  const found = keys.filter((k) => matches(k, repository)).flatMap((k) => ring.get(k)!);
  if (found.length > 0 || !repository.startsWith('docker.io/')) return found;
  return [...(ring.get(defaultRegistry) ?? [])];
}
