/** Makes the profiles of a configuration, and the handle through which plugins see the rest. */
import type { Client } from '../client/client.ts';
import type { Clock } from '../machinery/meta/clock.ts';
import type { Cache } from './cache/cache.ts';
import { type PluginSets, resolveSets, usedPlugins } from './config/plugin-sets.ts';
import type { EventSink, Handle, Plugin } from './framework.ts';
import type { Listers } from './listers.ts';
import type { SchedulerMetrics } from './metrics.ts';
import { plugins } from './plugins/plugins.ts';
import { Profile } from './profile.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';
import type { WaitingPods } from './waiting-pods.ts';

/** A profile as configured. */
export interface ProfileConfig {
  readonly schedulerName: string;
  readonly plugins: PluginSets;
  /** Arguments by plugin name. */
  readonly pluginArgs: ReadonlyMap<string, unknown>;
  readonly percentageOfNodesToScore?: number;
}

export interface ProfileDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  readonly listers: Listers;
  readonly recordEvent: EventSink;
  readonly cache: Cache;
  readonly queue: SchedulingQueue;
  readonly waiting: WaitingPods;
  readonly metrics: SchedulerMetrics;
  readonly background: Handle['background'];
}

/** By schedulerName. Throws when the configuration names plugins that do not exist or clash. */
export function buildProfiles(
  configs: readonly ProfileConfig[],
  deps: ProfileDeps,
): ReadonlyMap<string, Profile> {
  return new Map(configs.map((config) => [config.schedulerName, build(config, deps)]));
}

function build(config: ProfileConfig, deps: ProfileDeps): Profile {
  const made = new Map<string, Plugin>();
  let profile: Profile | undefined;
  const handle = handleFor(() => profile!, deps);
  for (const name of usedPlugins(config.plugins)) {
    const factory = plugins[name];
    if (factory === undefined) throw new Error(`plugin "${name}" does not exist`);
    made.set(name, factory(config.pluginArgs.get(name), handle));
  }
  const { lists, weights } = resolveSets(config.plugins, (name) => made.get(name));
  if (lists.queueSort.length !== 1) {
    throw new Error(
      `exactly one queue sort plugin is required for profile with scheduler name ` +
        `"${config.schedulerName}", but got ${lists.queueSort.length}`,
    );
  }
  if (lists.bind.length === 0) {
    const whose = `profile with scheduler name "${config.schedulerName}"`;
    throw new Error(`at least one bind plugin is needed for ${whose}`);
  }
  profile = new Profile(
    config.schedulerName,
    lists,
    weights,
    deps.queue.nominator,
    config.percentageOfNodesToScore,
  );
  return profile;
}

function handleFor(profile: () => Profile, deps: ProfileDeps): Handle {
  return {
    cache: deps.cache,
    listers: deps.listers,
    nominations: deps.queue.nominator,
    client: deps.client,
    clock: deps.clock,
    recordEvent: deps.recordEvent,
    random: deps.random,
    filterNode: (state, pod, node) => profile().runFilters(state, pod, node),
    filterWithNominated: (state, pod, node) => profile().runFiltersWithNominated(state, pod, node),
    addPod: (state, pod, added, node) => profile().addPod(state, pod, added, node),
    removePod: (state, pod, removed, node) => profile().removePod(state, pod, removed, node),
    activate: (pods) => deps.queue.activate(pods),
    rejectWaiting: (uid, plugin, reason) => deps.waiting.reject(uid, plugin, reason),
    observePreemption: (victims) => deps.metrics.preemption(victims),
    background: deps.background,
  };
}
