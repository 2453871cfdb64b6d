/**
 * One profile: the plugins that serve the pods of one schedulerName, sorted by the points they take
 * part in, and how each point is run.
 */
import type { NodeInfo } from './cache/node-info.ts';
import type { PodInfo } from './cache/pod-info.ts';
import type { CycleState } from './cycle-state.ts';
import type { Nominations, Plugin, PostFilterResult } from './framework.ts';
import { maxNodeScore } from './framework.ts';
import type { NodeStatuses } from './node-statuses.ts';
import { failure, Status, unresolvable, unschedulable } from './status.ts';

/** The points a plugin can take part in, named as in KubeSchedulerConfiguration. */
export const extensionPoints = {
  preEnqueue: 'preEnqueue',
  queueSort: 'less',
  preFilter: 'preFilter',
  filter: 'filter',
  postFilter: 'postFilter',
  preScore: 'preScore',
  score: 'score',
  reserve: 'reserve',
  permit: 'permit',
  preBind: 'preBind',
  bind: 'bind',
  postBind: 'postBind',
} as const satisfies Record<string, keyof Plugin>;

export type ExtensionPoint = keyof typeof extensionPoints;

/** Which plugins take part where, in order. */
export type PluginLists = Readonly<Record<ExtensionPoint, readonly Plugin[]>>;

/** What the pre-filters found: the only nodes worth a look, or why there are none. */
export interface PreFilterOutcome {
  readonly status: Status | undefined;
  readonly nodeNames: ReadonlySet<string> | undefined;
  /** The plugins that named nodes. */
  readonly plugins: readonly string[];
}

export class Profile {
  readonly schedulerName: string;
  readonly lists: PluginLists;
  readonly weights: ReadonlyMap<string, number>;
  /** In percent; undefined: the scheduler's own setting. */
  readonly percentageOfNodesToScore: number | undefined;
  readonly #nominations: Nominations;

  constructor(
    schedulerName: string,
    lists: PluginLists,
    weights: ReadonlyMap<string, number>,
    nominations: Nominations,
    percentageOfNodesToScore?: number,
  ) {
    this.schedulerName = schedulerName;
    this.lists = lists;
    this.weights = weights;
    this.percentageOfNodesToScore = percentageOfNodesToScore;
    this.#nominations = nominations;
  }

  /** Every plugin of the profile once. */
  get plugins(): readonly Plugin[] {
    return [...new Set(Object.values(this.lists).flat())];
  }

  runPreFilters(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): PreFilterOutcome {
    const skipped = new Set<Plugin>();
    const naming: string[] = [];
    let names: ReadonlySet<string> | undefined;
    let rejected: Status | undefined;
    const done = (status: Status | undefined, plugins: readonly string[] = []) => {
      state.filters = this.lists.filter.filter((plugin) => !skipped.has(plugin));
      return { status, nodeNames: names, plugins };
    };
    for (const plugin of this.lists.preFilter) {
      const result = plugin.preFilter!(state, pod, nodes);
      if (result === undefined) continue;
      if (!(result instanceof Status)) {
        naming.push(plugin.name);
        names = names === undefined ? result.nodeNames : names.intersection(result.nodeNames);
        if (names.size === 0) return done(nobody(naming), naming);
        continue;
      }
      if (result.code === 'Skip') skipped.add(plugin);
      else if (result.code === 'UnschedulableAndUnresolvable') return done(result.of(plugin.name));
      // Preemption may follow, and it needs the notes of the others.
      else if (result.code === 'Unschedulable') rejected = result.of(plugin.name);
      else {
        const text = `running PreFilter plugin "${plugin.name}": ${result.message}`;
        return done(failure(plugin.name, new Error(text)));
      }
    }
    return done(rejected, naming);
  }

  /** The first objection of a filter to this node. */
  runFilters(state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined {
    for (const plugin of state.filters) {
      const status = plugin.filter!(state, pod, node);
      if (status === undefined) continue;
      if (status.rejected) return status.of(plugin.name);
      const text = `running "${plugin.name}" filter plugin: ${status.message}`;
      return failure(plugin.name, new Error(text));
    }
    return undefined;
  }

  /**
   * Filters as if the pods nominated to the node (of the same or a higher priority) ran there; when
   * they pass, once more without, since affinity may hold only without them.
   */
  runFiltersWithNominated(state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined {
    if (!this.#nominations.empty) {
      const nominated = this.#nominations
        .podsOn(node.name)
        .filter((other) => other.priority >= pod.priority && other.uid !== pod.uid);
      if (nominated.length > 0) {
        const trial = node.copy();
        const trialState = state.clone();
        for (const other of nominated) {
          trial.addPod(other);
          this.addPod(trialState, pod, other, trial);
        }
        const status = this.runFilters(trialState, pod, trial);
        if (status !== undefined) return status;
      }
    }
    return this.runFilters(state, pod, node);
  }

  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void {
    for (const plugin of state.filters) plugin.addPod?.(state, pod, added, node);
  }

  removePod(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void {
    for (const plugin of state.filters) plugin.removePod?.(state, pod, removed, node);
  }

  runPostFilters(state: CycleState, pod: PodInfo, statuses: NodeStatuses): PostFilterResult {
    let nominated: PostFilterResult = { status: undefined };
    const reasons: string[] = [];
    let rejecting = '';
    for (const plugin of this.lists.postFilter) {
      const result = plugin.postFilter!(state, pod, statuses);
      const status = result.status?.of(plugin.name);
      if (status === undefined) return result;
      if (status.code === 'UnschedulableAndUnresolvable' || !status.rejected) {
        return { ...result, status };
      }
      if (result.nominatedNodeName !== undefined) nominated = result;
      reasons.push(...status.reasons);
      rejecting ||= plugin.name;
    }
    return { ...nominated, status: unschedulable(rejecting, ...reasons) };
  }

  runPreScores(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): void {
    const skipped = new Set<Plugin>();
    for (const plugin of this.lists.preScore) {
      const status = plugin.preScore!(state, pod, nodes);
      if (status === undefined) continue;
      if (status.code === 'Skip') skipped.add(plugin);
      else throw new Error(`running PreScore plugin "${plugin.name}": ${status.message}`);
    }
    state.scorers = this.lists.score.filter((plugin) => !skipped.has(plugin));
  }

  /** Weighted sums, one per node; `each` sees every plugin's weighted scores (for tests, logs). */
  runScores(
    state: CycleState,
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    each?: (plugin: string, scores: Float64Array) => void,
  ): Float64Array {
    const totals = new Float64Array(nodes.length);
    const scores = new Float64Array(nodes.length);
    for (const plugin of state.scorers) {
      for (let i = 0; i < nodes.length; i++) scores[i] = plugin.score!(state, pod, nodes[i]!);
      plugin.normalize?.(state, pod, scores, nodes);
      const weight = this.weights.get(plugin.name) ?? 1;
      for (let i = 0; i < nodes.length; i++) {
        const score = scores[i]!;
        if (!(score >= 0 && score <= maxNodeScore)) throw invalidScore(plugin.name, score);
        scores[i] = score * weight;
        totals[i]! += scores[i]!;
      }
      each?.(plugin.name, scores);
    }
    return totals;
  }
}

function nobody(plugins: readonly string[]): Status {
  const sorted = [...plugins].sort();
  return unresolvable(
    '',
    sorted.length === 1
      ? `node(s) didn't satisfy plugin ${sorted[0]}`
      : `node(s) didn't satisfy plugin(s) [${sorted.join(' ')}] simultaneously`,
  );
}

function invalidScore(plugin: string, score: number): Error {
  return new Error(
    `plugin "${plugin}" returns an invalid score ${score}, ` +
      `it should in the range of [0, ${maxNodeScore}] after normalizing`,
  );
}
