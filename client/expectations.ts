/**
 * What a controller did and its cache does not show yet. A controller that creates or deletes
 * many objects must not plan from a cache that lacks its own writes, or it does them twice.
 */
import type { Clock } from '../machinery/meta/clock.ts';

interface Expected {
  creations: number;
  readonly deletions: Set<string>;
  readonly since: number;
}

/** A write whose event never came stops holding its controller after this (as upstream). */
const expiryMs = 5 * 60_000;

/** By the key of the owner. Deletions are tracked by object, so that one counts once. */
export class Expectations {
  private readonly clock: Clock;
  private readonly expected = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Call before creating: the event can be faster than the answer. */
  expectCreations(owner: string, count: number): void {
    this.entry(owner).creations += count;
  }

  /** Call before deleting, with keys that are unique per object. */
  expectDeletions(owner: string, objects: Iterable<string>): void {
    const entry = this.entry(owner);
    for (const object of objects) entry.deletions.add(object);
  }

  /** An owned object appeared, or creating it failed. */
  creationObserved(owner: string): void {
    const entry = this.expected.get(owner);
    if (entry !== undefined && entry.creations > 0) entry.creations--;
  }

  /** An owned object went (or was marked), or deleting it failed. */
  deletionObserved(owner: string, object: string): void {
    this.expected.get(owner)?.deletions.delete(object);
  }

  /** True when the cache shows all that was done, or has had its time. */
  satisfied(owner: string): boolean {
    const entry = this.expected.get(owner);
    if (entry === undefined) return true;
    const fulfilled = entry.creations <= 0 && entry.deletions.size === 0;
    if (!fulfilled && this.clock.now() - entry.since < expiryMs) return false;
    this.expected.delete(owner);
    return true;
  }

  /** The owner is gone. */
  delete(owner: string): void {
    this.expected.delete(owner);
  }

  private entry(owner: string): Expected {
    let entry = this.expected.get(owner);
    if (entry === undefined) {
      entry = { creations: 0, deletions: new Set(), since: this.clock.now() };
      this.expected.set(owner, entry);
    }
    return entry;
  }
}
