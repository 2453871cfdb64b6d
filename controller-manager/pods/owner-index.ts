/** Finds owned objects by their controller, and orphans by their namespace. */
import type { Informer } from '../../client/informer.ts';
import { controllerOf } from '../../machinery/meta/owner.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';

const index = 'controller';

/** Adds the index; call it in setup, as often as you like. */
export function indexByController<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex(index, (object) => {
    const controller = controllerOf(object);
    return [controller === undefined ? orphansOf(object.metadata?.namespace) : controller.uid];
  });
}

/** Objects that `owner` controls. */
export function ownedBy<T extends KubeObject>(
  informer: Informer<T>,
  owner: KubeObject,
): readonly T[] {
  return informer.store.byIndex(index, owner.metadata?.uid ?? '');
}

/** Objects that a controller with this uid controls. */
export function ownedByUid<T extends KubeObject>(informer: Informer<T>, uid: string): readonly T[] {
  return informer.store.byIndex(index, uid);
}

/** Objects that `owner` controls and those of its namespace without a controller. */
export function ownedOrOrphaned<T extends KubeObject>(
  informer: Informer<T>,
  owner: KubeObject,
): readonly T[] {
  return [
    ...informer.store.byIndex(index, owner.metadata?.uid ?? ''),
    ...informer.store.byIndex(index, orphansOf(owner.metadata?.namespace)),
  ];
}

function orphansOf(namespace: string | undefined): string {
  return `orphans of ${namespace ?? ''}`;
}
