/**
 * KubeSchedulerConfiguration v1: reading, defaults, checks. What is not acted on is refused.
 * API: kubescheduler.config.k8s.io/v1.
 */
import { parse } from 'yaml';
import { parseDuration } from '../../machinery/meta/times.ts';
import type { ProfileConfig } from '../profile-builder.ts';
import { checkPluginArgs } from './plugin-args.ts';
import type { PluginSets } from './plugin-sets.ts';

/** The settings that are acted on, with defaults filled in. */
export interface SchedulerConfiguration {
  readonly kubeconfig: string | undefined;
  readonly leaderElection: LeaderElectionSettings;
  readonly percentageOfNodesToScore: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly profiles: readonly ProfileConfig[];
}

export interface LeaderElectionSettings {
  readonly leaderElect: boolean;
  readonly namespace: string;
  readonly name: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** A configuration that cannot be used; the message names the field. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads a configuration file's text. Throws ConfigurationError. */
export function parseConfiguration(text: string): SchedulerConfiguration {
  const root = asObject(parse(text, { version: '1.1' }) ?? {}, 'configuration');
  if (root['kind'] !== 'KubeSchedulerConfiguration') {
    throw new ConfigurationError(`kind: expected KubeSchedulerConfiguration, got ${root['kind']}`);
  }
  if (root['apiVersion'] !== 'kubescheduler.config.k8s.io/v1') {
    throw new ConfigurationError(
      `apiVersion: expected kubescheduler.config.k8s.io/v1, got ${root['apiVersion']}`,
    );
  }
  refuseUnknown(root, '', [
    'apiVersion',
    'kind',
    'clientConnection',
    'leaderElection',
    'percentageOfNodesToScore',
    'podInitialBackoffSeconds',
    'podMaxBackoffSeconds',
    'profiles',
    // Cycles run on one thread, so that any parallelism is kept to.
    'parallelism',
    'enableProfiling',
    'enableContentionProfiling',
  ]);
  for (const flag of ['enableProfiling', 'enableContentionProfiling']) {
    if (root[flag] === true) throw new ConfigurationError(`${flag}: profiling is not supported`);
  }
  const connection = asObject(root['clientConnection'] ?? {}, 'clientConnection');
  refuseUnknown(connection, 'clientConnection.', ['kubeconfig', 'contentType', 'qps', 'burst']);
  const initial = numberAt(root, 'podInitialBackoffSeconds', 1);
  const max = numberAt(root, 'podMaxBackoffSeconds', 10);
  if (initial <= 0)
    throw new ConfigurationError('podInitialBackoffSeconds: must be greater than 0');
  if (max < initial) {
    const text = 'must be greater than or equal to PodInitialBackoffSeconds';
    throw new ConfigurationError(`podMaxBackoffSeconds: ${text}`);
  }
  return {
    kubeconfig: textAt(connection, 'kubeconfig'),
    leaderElection: leaderElectionOf(asObject(root['leaderElection'] ?? {}, 'leaderElection')),
    percentageOfNodesToScore: percentageAt(root, '') ?? 0,
    initialBackoffMs: initial * 1000,
    maxBackoffMs: max * 1000,
    profiles: profilesOf(root['profiles']),
  };
}

/** What a scheduler without a configuration file runs with. */
export function defaultConfiguration(): SchedulerConfiguration {
  return {
    kubeconfig: undefined,
    leaderElection: leaderElectionOf({}),
    percentageOfNodesToScore: 0,
    initialBackoffMs: 1000,
    maxBackoffMs: 10_000,
    profiles: profilesOf(undefined),
  };
}

function leaderElectionOf(fields: Fields): LeaderElectionSettings {
  refuseUnknown(fields, 'leaderElection.', [
    'leaderElect',
    'leaseDuration',
    'renewDeadline',
    'retryPeriod',
    'resourceLock',
    'resourceName',
    'resourceNamespace',
  ]);
  const lock = fields['resourceLock'] ?? 'leases';
  if (lock !== 'leases') throw new ConfigurationError('leaderElection.resourceLock: only leases');
  return {
    leaderElect: fields['leaderElect'] !== false,
    namespace: textAt(fields, 'resourceNamespace') ?? 'kube-system',
    name: textAt(fields, 'resourceName') ?? 'kube-scheduler',
    leaseDurationMs: durationAt(fields, 'leaseDuration', 15_000),
    renewDeadlineMs: durationAt(fields, 'renewDeadline', 10_000),
    retryPeriodMs: durationAt(fields, 'retryPeriod', 2000),
  };
}

function profilesOf(value: unknown): ProfileConfig[] {
  const list = value === undefined || value === null ? [{}] : value;
  if (!Array.isArray(list)) throw new ConfigurationError('profiles: must be a list');
  const items = list.length === 0 ? [{}] : list;
  const names = new Set<string>();
  return items.map((item, i) => {
    const at = `profiles[${i}]`;
    const fields = asObject(item, at);
    refuseUnknown(fields, `${at}.`, [
      'schedulerName',
      'plugins',
      'pluginConfig',
      'percentageOfNodesToScore',
    ]);
    const schedulerName =
      textAt(fields, 'schedulerName') ?? (items.length === 1 ? 'default-scheduler' : undefined);
    if (!schedulerName) throw new ConfigurationError(`${at}.schedulerName: Required value`);
    if (names.has(schedulerName)) {
      throw new ConfigurationError(`${at}.schedulerName: Duplicate value: "${schedulerName}"`);
    }
    names.add(schedulerName);
    const percentage = percentageAt(fields, `${at}.`);
    return {
      schedulerName,
      plugins: asObject(fields['plugins'] ?? {}, `${at}.plugins`) as PluginSets,
      pluginArgs: pluginArgsOf(fields['pluginConfig'], at),
      ...(percentage === undefined ? {} : { percentageOfNodesToScore: percentage }),
    };
  });
}

function pluginArgsOf(value: unknown, at: string): Map<string, unknown> {
  const result = new Map<string, unknown>();
  if (value === undefined || value === null) return result;
  if (!Array.isArray(value)) throw new ConfigurationError(`${at}.pluginConfig: must be a list`);
  value.forEach((item, i) => {
    const path = `${at}.pluginConfig[${i}]`;
    const fields = asObject(item, path);
    const name = textAt(fields, 'name') ?? '';
    if (result.has(name))
      throw new ConfigurationError(`${path}: repeated config for plugin ${name}`);
    const args = asObject(fields['args'] ?? {}, `${path}.args`);
    const problem = checkPluginArgs(name, args);
    if (problem !== undefined) throw new ConfigurationError(`${path}.args.${problem}`);
    result.set(name, args);
  });
  return result;
}

function asObject(value: unknown, at: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigurationError(`${at}: must be an object`);
  }
  return value as Fields;
}

function refuseUnknown(fields: Fields, at: string, known: readonly string[]): void {
  for (const name of Object.keys(fields)) {
    if (!known.includes(name)) throw new ConfigurationError(`${at}${name}: not supported`);
  }
}

function textAt(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new ConfigurationError(`${name}: must be a string`);
  return value;
}

function numberAt(fields: Fields, name: string, otherwise: number): number {
  const value = fields[name] ?? otherwise;
  if (typeof value !== 'number') throw new ConfigurationError(`${name}: must be a number`);
  return value;
}

function percentageAt(fields: Fields, at: string): number | undefined {
  if (fields['percentageOfNodesToScore'] === undefined) return undefined;
  const value = numberAt(fields, 'percentageOfNodesToScore', 0);
  if (value < 0 || value > 100) {
    throw new ConfigurationError(`${at}percentageOfNodesToScore: not in valid range [0-100]`);
  }
  return value;
}

function durationAt(fields: Fields, name: string, otherwise: number): number {
  const value = fields[name];
  if (value === undefined || value === null) return otherwise;
  try {
    return parseDuration(String(value));
  } catch (e) {
    throw new ConfigurationError(`leaderElection.${name}: ${(e as Error).message}`);
  }
}
