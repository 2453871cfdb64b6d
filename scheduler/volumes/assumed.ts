/** Objects as they will be once our own writes are through, over what the informer shows. */
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { Lister } from '../listers.ts';

interface Assumed<T> {
  readonly object: T;
  /** The version the assumption was made on; a newer one ends it. */
  readonly over: string | undefined;
}

/** Assumptions end when the informer shows something newer, or when they are dropped. */
export class AssumedObjects<T extends KubeObject> {
  readonly #lister: Lister<T>;
  readonly #assumed = new Map<string, Assumed<T>>();

  constructor(lister: Lister<T>) {
    this.#lister = lister;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    const actual = this.#lister.get(namespace, name);
    return actual === undefined ? undefined : this.#over(actual);
  }

  list(): T[] {
    return this.#lister.list().map((actual) => this.#over(actual));
  }

  assume(object: T): void {
    const over = object.metadata?.resourceVersion;
    this.#assumed.set(keyOf(object), { object, over });
  }

  drop(object: T): void {
    this.#assumed.delete(keyOf(object));
  }

  #over(actual: T): T {
    const key = keyOf(actual);
    const assumed = this.#assumed.get(key);
    if (assumed === undefined) return actual;
    if (assumed.over === actual.metadata?.resourceVersion) return assumed.object;
    this.#assumed.delete(key);
    return actual;
  }
}

function keyOf(object: KubeObject): string {
  return `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`;
}
