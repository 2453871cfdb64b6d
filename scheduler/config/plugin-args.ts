/** Checks of the arguments plugins take. API: kubescheduler.config.k8s.io/v1, *Args. */

type Fields = Readonly<Record<string, unknown>>;
/** Returns the first problem, starting with the field's path; undefined when there is none. */
type Check = (args: Fields) => string | undefined;

const checks: Readonly<Record<string, Check>> = {
  NodeResourcesFit(args) {
    const strategy = args['scoringStrategy'] as Fields | undefined;
    const extra = unknownField(args, [
      'ignoredResources',
      'ignoredResourceGroups',
      'scoringStrategy',
    ]);
    if (extra !== undefined || strategy === undefined) return extra;
    const types = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'];
    const type = (strategy['type'] ?? 'LeastAllocated') as string;
    if (!types.includes(type)) {
      return `scoringStrategy.type: Unsupported value: "${type}"`;
    }
    const problem = resources(strategy['resources'], 'scoringStrategy.resources');
    if (problem !== undefined || type !== 'RequestedToCapacityRatio') return problem;
    return shape((strategy['requestedToCapacityRatio'] as Fields | undefined)?.['shape']);
  },
  NodeResourcesBalancedAllocation: (args) =>
    unknownField(args, ['resources']) ?? resources(args['resources'], 'resources'),
  NodeAffinity: (args) => unknownField(args, ['addedAffinity']),
  InterPodAffinity(args) {
    const extra = unknownField(args, [
      'hardPodAffinityWeight',
      'ignorePreferredTermsOfExistingPods',
    ]);
    return extra ?? range(args, 'hardPodAffinityWeight', 0, 100);
  },
  PodTopologySpread(args) {
    const extra = unknownField(args, ['defaultConstraints', 'defaultingType']);
    if (extra !== undefined) return extra;
    const type = args['defaultingType'] ?? 'System';
    if (type !== 'System' && type !== 'List') {
      return `defaultingType: Unsupported value: "${type}"`;
    }
    return defaultConstraints(args['defaultConstraints'], type);
  },
  DefaultPreemption(args) {
    const extra = unknownField(args, ['minCandidateNodesPercentage', 'minCandidateNodesAbsolute']);
    if (extra !== undefined) return extra;
    const percentage = range(args, 'minCandidateNodesPercentage', 0, 100);
    if (percentage !== undefined) return percentage;
    const absolute = range(args, 'minCandidateNodesAbsolute', 0, Number.MAX_SAFE_INTEGER);
    if (absolute !== undefined) return absolute;
    if (args['minCandidateNodesPercentage'] === 0 && args['minCandidateNodesAbsolute'] === 0) {
      const text = 'cannot be zero at the same time as minCandidateNodesAbsolute';
      return `minCandidateNodesPercentage: ${text}`;
    }
    return undefined;
  },
  VolumeBinding(args) {
    const extra = unknownField(args, ['bindTimeoutSeconds']);
    return extra ?? range(args, 'bindTimeoutSeconds', 0, Number.MAX_SAFE_INTEGER);
  },
};

/** The first problem with a plugin's arguments; undefined when they are fine. */
export function checkPluginArgs(plugin: string, args: Fields): string | undefined {
  const check = checks[plugin];
  if (check === undefined) return unknownField(args, []);
  return check(args);
}

function unknownField(args: Fields, known: readonly string[]): string | undefined {
  const allowed = ['apiVersion', 'kind', ...known];
  const name = Object.keys(args).find((one) => !allowed.includes(one));
  return name === undefined ? undefined : `${name}: not supported`;
}

function range(args: Fields, name: string, min: number, max: number): string | undefined {
  const value = args[name];
  if (value === undefined) return undefined;
  const fits = typeof value === 'number' && value >= min && value <= max;
  return fits ? undefined : `${name}: not in valid range [${min}-${max}]`;
}

function resources(value: unknown, at: string): string | undefined {
  for (const [i, resource] of ((value ?? []) as Fields[]).entries()) {
    const weight = resource['weight'] ?? 1;
    if (typeof weight !== 'number' || weight < 1 || weight > 100) {
      const what = `resource weight of ${resource['name']}`;
      return `${at}[${i}].weight: ${what} not in valid range [1-100]`;
    }
  }
  return undefined;
}

function shape(value: unknown): string | undefined {
  const at = 'scoringStrategy.requestedToCapacityRatio.shape';
  const points = (value ?? []) as { utilization: number; score: number }[];
  if (points.length === 0) return `${at}: at least one point must be specified`;
  for (const [i, point] of points.entries()) {
    if (!(point.utilization >= 0 && point.utilization <= 100)) {
      return `${at}[${i}].utilization: not in valid range [0-100]`;
    }
    if (!(point.score >= 0 && point.score <= 10)) {
      return `${at}[${i}].score: not in valid range [0-10]`;
    }
    if (i > 0 && point.utilization <= points[i - 1]!.utilization) {
      return `${at}[${i}].utilization: utilization values must be sorted in increasing order`;
    }
  }
  return undefined;
}

function defaultConstraints(value: unknown, type: string): string | undefined {
  const list = (value ?? []) as Fields[];
  if (type === 'System' && list.length > 0) {
    return 'defaultingType: when .defaultConstraints are not empty';
  }
  for (const [i, one] of list.entries()) {
    const at = `defaultConstraints[${i}]`;
    if (!((one['maxSkew'] as number) > 0)) return `${at}.maxSkew: must be greater than zero`;
    if (!one['topologyKey']) return `${at}.topologyKey: can not be empty`;
    if (!['DoNotSchedule', 'ScheduleAnyway'].includes(one['whenUnsatisfiable'] as string)) {
      return `${at}.whenUnsatisfiable: Unsupported value: "${one['whenUnsatisfiable']}"`;
    }
    if (one['labelSelector'] !== undefined) {
      const text = 'constraint must not define a selector, as they deduced for each pod';
      return `${at}.labelSelector: ${text}`;
    }
  }
  return undefined;
}
