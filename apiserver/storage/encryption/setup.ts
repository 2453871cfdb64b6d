/** Puts encryption in front of a store when a configuration asks for it. */
import { readFile } from 'node:fs/promises';
import { followFile } from '../../configuration/file-follower.ts';
import type { Reloads } from '../../metrics/reloads.ts';
import type { ApiGroup } from '../../registry/groups.ts';
import type { Storage } from '../storage.ts';
import { EncryptedStorage } from './encrypted-storage.ts';
import { readEncryptionConfiguration } from './encryption-configuration.ts';

export interface EncryptionOptions {
  readonly encryptionProviderConfig?: string;
  /** Changes of the file are followed. */
  readonly encryptionProviderConfigAutomaticReload: boolean;
  readonly etcdPrefix: string;
}

export interface EncryptionEnvironment {
  readonly groups: readonly ApiGroup[];
  readonly signal: AbortSignal;
  onProblem(what: string, error: unknown): void;
  /** Counts those of the file, where it is followed. */
  readonly reloads?: Reloads;
}

const lookEveryMs = 60_000;

/** The store itself when nothing is to be encrypted. Throws an Error of one line. */
export async function withEncryption(
  storage: Storage,
  options: EncryptionOptions,
  env: EncryptionEnvironment,
): Promise<Storage> {
  const { encryptionProviderConfig: path, encryptionProviderConfigAutomaticReload } = options;
  if (path === undefined) return storage;
  const text = await read(path);
  const encrypted = new EncryptedStorage({
    storage,
    rules: await rulesOf(text),
    resourceOf: resourcesByKey(env.groups, `${options.etcdPrefix}/`),
    onProblem: env.onProblem,
  });
  if (encryptionProviderConfigAutomaticReload) {
    const changed = async (now: string) => {
      encrypted.rules = await rulesOf(now);
    };
    const onProblem = (e: unknown) => env.onProblem('the encryption configuration stands', e);
    void followFile(
      { path, text, everyMs: lookEveryMs, changed, onProblem, reloads: env.reloads },
      env.signal,
    );
  }
  return encrypted;
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (e) {
    throw new Error(`--encryption-provider-config: ${e instanceof Error ? e.message : e}`, {
      cause: e,
    });
  }
}

async function rulesOf(text: string) {
  try {
    return await readEncryptionConfiguration(Buffer.from(text));
  } catch (e) {
    throw new Error(`--encryption-provider-config: ${e instanceof Error ? e.message : e}`, {
      cause: e,
    });
  }
}

interface Resource {
  readonly group: string;
  readonly resource: string;
}

/** Built-in resources by the beginnings of their keys; others have group and name in them. */
export function resourcesByKey(
  groups: readonly ApiGroup[],
  root: string,
): (key: string) => Resource | undefined {
  const byPrefix = new Map<string, Resource>();
  for (const { resources } of groups) {
    for (const { storagePrefix, group, plural } of resources) {
      byPrefix.set(storagePrefix, { group, resource: plural });
    }
  }
  return (key) => {
    if (!key.startsWith(root)) return undefined;
    // Beginnings have two or three segments: /registry/pods, /registry/services/specs.
    let end = key.indexOf('/', root.length);
    while (end > 0) {
      const found = byPrefix.get(key.slice(0, end));
      if (found !== undefined) return found;
      end = key.indexOf('/', end + 1);
    }
    const [group = '', resource = ''] = key.slice(root.length).split('/');
    return group.includes('.') && resource !== '' ? { group, resource } : undefined;
  };
}
