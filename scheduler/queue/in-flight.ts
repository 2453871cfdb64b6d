/**
 * What happened while pods were being scheduled. A pod that comes back rejected is checked against
 * the events it missed, so that none is lost between its rejection and its return to the queue.
 */
import type { ClusterEvent } from '../cluster-event.ts';

/** An event with the objects it is about. */
export interface Happening {
  readonly event: ClusterEvent;
  readonly before: unknown;
  readonly after: unknown;
}

/** Events are kept only as long as a pod taken before them is out. */
export class InFlight {
  /** Pod uid to the number of the first event after it was taken; oldest pod first. */
  readonly #pods = new Map<string, number>();
  #events: Happening[] = [];
  /** The number of the first event kept. */
  #first = 0;

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  get size(): number {
    return this.#pods.size;
  }

  take(uid: string): void {
    this.#pods.set(uid, this.#first + this.#events.length);
  }

  /** Notes an event when any pod is out. */
  note(happening: Happening): void {
    if (this.#pods.size > 0) this.#events.push(happening);
  }

  /** The events since the pod was taken. */
  since(uid: string): readonly Happening[] {
    const from = this.#pods.get(uid);
    return from === undefined ? [] : this.#events.slice(from - this.#first);
  }

  done(uid: string): void {
    if (!this.#pods.delete(uid)) return;
    const oldest = this.#pods.values().next();
    const keepFrom = oldest.done ? this.#first + this.#events.length : oldest.value;
    if (keepFrom > this.#first) {
      this.#events = this.#events.slice(keepFrom - this.#first);
      this.#first = keepFrom;
    }
  }
}
