/**
 * Which plugins run at which point: the defaults, what a profile switches on and off, and the
 * expansion of `multiPoint`. API: KubeSchedulerConfiguration v1, Plugins.
 */
import type { Plugin } from '../framework.ts';
import { type DefaultPlugin, defaultPlugins } from '../plugins/plugins.ts';
import { type ExtensionPoint, extensionPoints, type PluginLists } from '../profile.ts';

/** What is switched on and off at one point; `*` in `disabled` means all. */
export interface PluginSet {
  readonly enabled?: readonly DefaultPlugin[];
  readonly disabled?: readonly { readonly name: string }[];
}

/** By point, and for all points at once. */
export type PluginSets = { readonly [K in ExtensionPoint | 'multiPoint']?: PluginSet };

/** A set with the defaults in it: entries of the profile replace those of the same name. */
export function mergeSets(defaults: readonly DefaultPlugin[], own: PluginSet = {}): PluginSet {
  const disabled = own.disabled ?? [];
  const off = new Set(disabled.map((plugin) => plugin.name));
  const mine = own.enabled ?? [];
  const replacing = new Set<DefaultPlugin>();
  const enabled: DefaultPlugin[] = [];
  if (!off.has('*')) {
    for (const plugin of defaults) {
      if (off.has(plugin.name)) continue;
      const replacement = mine.findLast((one) => one.name === plugin.name);
      if (replacement !== undefined) replacing.add(replacement);
      enabled.push(replacement ?? plugin);
    }
  }
  enabled.push(...mine.filter((plugin) => !replacing.has(plugin)));
  return { enabled, disabled };
}

/** The names a profile uses at all, in order. */
export function usedPlugins(sets: PluginSets): string[] {
  const names = new Set<string>();
  const multi = mergeSets(defaultPlugins, sets.multiPoint);
  for (const { name } of multi.enabled!) names.add(name);
  for (const point of points) for (const { name } of sets[point]?.enabled ?? []) names.add(name);
  return [...names];
}

const points = Object.keys(extensionPoints) as ExtensionPoint[];

/** Resolved: the plugins of every point in order, and the weights of scores. */
export interface Resolved {
  readonly lists: PluginLists;
  readonly weights: ReadonlyMap<string, number>;
}

/**
 * Expands the sets for plugins that exist. Throws when a plugin is named twice at a point, or does
 * not take part in a point it is switched on at.
 */
export function resolveSets(
  sets: PluginSets,
  pluginOf: (name: string) => Plugin | undefined,
): Resolved {
  const multi = mergeSets(defaultPlugins, sets.multiPoint).enabled!;
  const lists = {} as Record<ExtensionPoint, Plugin[]>;
  const weights = new Map<string, number>();
  for (const point of points) {
    const entries = entriesAt(point, sets[point] ?? {}, multi, pluginOf);
    lists[point] = entries.map(({ name }) => pluginOf(name)!);
    if (point === 'score') {
      for (const { name, weight } of entries) weights.set(name, weight || 1);
    }
  }
  return { lists, weights };
}

function entriesAt(
  point: ExtensionPoint,
  own: PluginSet,
  multi: readonly DefaultPlugin[],
  pluginOf: (name: string) => Plugin | undefined,
): DefaultPlugin[] {
  const takesPart = (name: string) => {
    const plugin = pluginOf(name);
    if (plugin === undefined) throw new Error(`plugin "${name}" does not exist`);
    return plugin[extensionPoints[point]] !== undefined;
  };
  const explicit = own.enabled ?? [];
  const seen = new Set<string>();
  for (const { name } of explicit) {
    if (seen.has(name)) throw new Error(`plugin "${name}" already registered as "${point}"`);
    seen.add(name);
    if (!takesPart(name)) throw new Error(`plugin "${name}" does not extend ${point} plugin`);
  }
  const off = new Set((own.disabled ?? []).map((plugin) => plugin.name));
  if (off.has('*')) return [...explicit];
  const overriding: DefaultPlugin[] = [];
  const inherited: DefaultPlugin[] = [];
  for (const plugin of multi) {
    if (!takesPart(plugin.name) || off.has(plugin.name)) continue;
    if (seen.has(plugin.name)) overriding.push(explicit.find((e) => e.name === plugin.name)!);
    else if (inherited.some((one) => one.name === plugin.name)) {
      throw new Error(`plugin "${plugin.name}" already registered as "${point}"`);
    } else inherited.push(plugin);
  }
  // First those set for this point in place of a general entry, in the order of this point.
  const first = explicit.filter((plugin) => overriding.includes(plugin));
  const last = explicit.filter((plugin) => !overriding.includes(plugin));
  return [...first, ...inherited, ...last];
}
