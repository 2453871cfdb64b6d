/** What is to become of an object, given what is known of its owners. */
import type { ObjectMeta, OwnerReference } from '../../machinery/schema/wire.ts';
import { foregroundFinalizer, orphanFinalizer } from './graph.ts';

/** An owner as it stands now. */
export type OwnerState = 'solid' | 'dangling' | 'waiting';

export interface ClassifiedReference {
  readonly reference: OwnerReference;
  /** solid: it exists; dangling: it does not; waiting: it is deleted in the foreground. */
  readonly state: OwnerState;
}

export type GarbageAction =
  | { readonly type: 'keep' }
  | { readonly type: 'dropReferences'; readonly uids: readonly string[] }
  | {
      readonly type: 'delete';
      readonly policy: 'Orphan' | 'Background' | 'Foreground';
      /** References that must no longer block, or two would wait for each other. */
      readonly unblock: boolean;
    };

/** `dependents`: for each of the object's own dependents, whether it is deleted in the foreground. */
export function planGarbage(
  meta: Pick<ObjectMeta, 'finalizers'>,
  references: readonly ClassifiedReference[],
  dependents: readonly { readonly deletingDependents: boolean }[],
): GarbageAction {
  if (references.length === 0) return { type: 'keep' };
  const gone = references.filter((r) => r.state !== 'solid');
  if (gone.length < references.length) {
    // References to waiting owners must go too, or those never end.
    return gone.length === 0
      ? { type: 'keep' }
      : { type: 'dropReferences', uids: gone.map((r) => r.reference.uid) };
  }
  const waiting = references.some((r) => r.state === 'waiting');
  if (waiting && dependents.length > 0) {
    const unblock = dependents.some((d) => d.deletingDependents);
    return { type: 'delete', policy: 'Foreground', unblock };
  }
  const finalizers = meta.finalizers ?? [];
  if (finalizers.includes(orphanFinalizer)) {
    return { type: 'delete', policy: 'Orphan', unblock: false };
  }
  const policy = finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
  return { type: 'delete', policy, unblock: false };
}
