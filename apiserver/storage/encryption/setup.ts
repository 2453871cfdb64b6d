/** Puts encryption in front of a store when a configuration asks for it. */
import { readFile } from 'node:fs/promises';
import { followFile, RetryError } from '../../configuration/file-follower.ts';
import type { Reloads } from '../../metrics/reloads.ts';
import { pause } from '../../pause.ts';
import type { ApiGroup } from '../../registry/groups.ts';
import type { HealthCheck } from '../../server/health.ts';
import type { Storage } from '../storage.ts';
import { EncryptedStorage } from './encrypted-storage.ts';
import { readEncryptionConfiguration } from './encryption-configuration.ts';
import type { EncryptionRules } from './encryption-rules.ts';
import type { KmsConfiguration } from './kms/kms-configuration.ts';
import type { KmsMetrics } from './kms/kms-metrics.ts';
import { KmsProviders } from './kms/kms-providers.ts';

export interface EncryptionOptions {
  readonly encryptionProviderConfig?: string;
  /** Changes of the file are followed. */
  readonly encryptionProviderConfigAutomaticReload: boolean;
  readonly etcdPrefix: string;
}

export interface EncryptionEnvironment {
  readonly groups: readonly ApiGroup[];
  readonly signal: AbortSignal;
  /** Counts calls of key management plugins. */
  readonly kmsMetrics: KmsMetrics;
  onProblem(what: string, error: unknown): void;
  /** Counts those of the file, where it is followed. */
  readonly reloads?: Reloads;
}

/** Dispose it before the store. */
export interface EncryptionSetup extends AsyncDisposable {
  /** The store itself when nothing is to be encrypted. */
  readonly storage: Storage;
  /** How its key management plugins are. */
  readonly checks: readonly HealthCheck[];
}

const lookEveryMs = 60_000;

/** Throws an Error of one line. */
export async function withEncryption(
  storage: Storage,
  options: EncryptionOptions,
  env: EncryptionEnvironment,
): Promise<EncryptionSetup> {
  const { encryptionProviderConfig: path, encryptionProviderConfigAutomaticReload } = options;
  if (path === undefined) return { storage, checks: [], [Symbol.asyncDispose]: async () => {} };
  const text = await read(path);
  let current = await load(text, env);
  const encrypted = new EncryptedStorage({
    storage,
    rules: current.rules,
    resourceOf: resourcesByKey(env.groups, `${options.etcdPrefix}/`),
    onProblem: env.onProblem,
  });
  const followed = encryptionProviderConfigAutomaticReload;
  if (followed) {
    const changed = async (now: string) => {
      const next = await load(now, env);
      const problem = await next.plugins.check();
      if (problem !== undefined) {
        await next.plugins.close();
        throw new RetryError(problem);
      }
      const before = current.plugins;
      current = next;
      encrypted.rules = next.rules;
      // What is being read now may need the old ones.
      await pause(2 * before.timeoutsMs, env.signal);
      await before.close();
    };
    const onProblem = (e: unknown) => env.onProblem('the encryption configuration stands', e);
    void followFile(
      { path, text, everyMs: lookEveryMs, changed, onProblem, reloads: env.reloads },
      env.signal,
    );
  }
  // One answer for all of them, whatever the configuration becomes.
  const check = { name: 'kms-providers', check: () => current.plugins.check() };
  return {
    storage: encrypted,
    checks: followed || current.plugins.any ? [check] : [],
    [Symbol.asyncDispose]: () => current.plugins.close(),
  };
}

interface Loaded {
  readonly rules: EncryptionRules;
  readonly plugins: KmsProviders;
}

/** Plugins have been asked once and are looked after. */
async function load(text: string, env: EncryptionEnvironment): Promise<Loaded> {
  const plugins = new KmsProviders({
    metrics: env.kmsMetrics,
    signal: env.signal,
    now: () => Date.now(),
    onProblem: env.onProblem,
  });
  try {
    const open = (kms: KmsConfiguration) => plugins.open(kms);
    const rules = await readEncryptionConfiguration(Buffer.from(text), open);
    await plugins.start();
    return { rules, plugins };
  } catch (e) {
    await plugins.close();
    throw new Error(`--encryption-provider-config: ${e instanceof Error ? e.message : e}`, {
      cause: e,
    });
  }
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
