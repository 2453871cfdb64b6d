/** What a namespace that is being deleted says about what is left in it. */
import { formatTime } from '../../machinery/meta/times.ts';
import type { Namespace } from '../../machinery/schema/wire.ts';

type NamespaceCondition = NonNullable<NonNullable<Namespace['status']>['conditions']>[number];

/** What was found on one round of deletion. */
export interface Remains {
  /** `group/version: why` per group that could not be discovered. */
  readonly discoveryFailures: readonly string[];
  readonly deletionErrors: readonly string[];
  /** Instances left by `plural.group`; undefined when other kinds were not looked at. */
  readonly resources: ReadonlyMap<string, number>;
  readonly finalizers: ReadonlyMap<string, number>;
}

/** Type, and reason and message while all is well; in the order of the list. */
const wellTexts = [
  [
    'NamespaceDeletionDiscoveryFailure',
    'ResourcesDiscovered',
    'All resources successfully discovered',
  ],
  [
    'NamespaceDeletionGroupVersionParsingFailure',
    'ParsedGroupVersions',
    'All legacy kube types successfully parsed',
  ],
  [
    'NamespaceDeletionContentFailure',
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  [
    'NamespaceFinalizersRemaining',
    'ContentHasNoFinalizers',
    'All content-preserving finalizers finished',
  ],
] as const;

/** The conditions brought up to date; the same list when nothing changed. */
export function namespaceConditions(
  old: readonly NamespaceCondition[],
  remains: Remains,
  nowMs: number,
): readonly NamespaceCondition[] {
  const troubles = new Map(troublesOf(remains).map((t) => [t.type, t]));
  let changed = false;
  const next = [...old];
  for (const [type, reason, message] of wellTexts) {
    const trouble = troubles.get(type);
    const wanted = trouble ?? { type, reason, message };
    const status = trouble === undefined ? 'False' : 'True';
    const at = next.findIndex((c) => c.type === type);
    const before = next[at];
    const same =
      before?.status === status &&
      before.reason === wanted.reason &&
      before.message === wanted.message;
    if (same) continue;
    changed = true;
    const lastTransitionTime =
      before?.status === status && before.lastTransitionTime !== undefined
        ? before.lastTransitionTime
        : formatTime(nowMs);
    const condition = { ...wanted, status, lastTransitionTime };
    if (at < 0) next.push(condition);
    else next[at] = condition;
  }
  return changed ? next : old;
}

function troublesOf(r: Remains): { type: string; reason: string; message: string }[] {
  const counted = (counts: ReadonlyMap<string, number>, word: string): string =>
    [...counts]
      .map(([name, n]) => `${name} ${word} ${n} resource instances`)
      .sort()
      .join(', ');
  const troubles: { type: string; reason: string; message: string }[] = [];
  if (r.discoveryFailures.length > 0) {
    const list = r.discoveryFailures.join(', ');
    troubles.push({
      type: 'NamespaceDeletionDiscoveryFailure',
      reason: 'DiscoveryFailed',
      message:
        `Discovery failed for some groups, ${r.discoveryFailures.length} failing: ` +
        `unable to retrieve the complete list of server APIs: ${list}`,
    });
  }
  if (r.deletionErrors.length > 0) {
    const list = r.deletionErrors.toSorted().join(', ');
    troubles.push({
      type: 'NamespaceDeletionContentFailure',
      reason: 'ContentDeletionFailed',
      message: `Failed to delete all resource types, ${r.deletionErrors.length} remaining: ${list}`,
    });
  }
  if (r.resources.size > 0) {
    troubles.push({
      type: 'NamespaceContentRemaining',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${counted(r.resources, 'has')}`,
    });
  }
  if (r.finalizers.size > 0) {
    const list = counted(r.finalizers, 'in');
    troubles.push({
      type: 'NamespaceFinalizersRemaining',
      reason: 'SomeFinalizersRemain',
      message: `Some content in the namespace has finalizers remaining: ${list}`,
    });
  }
  return troubles;
}
