/**
 * Stored objects that have passed this server's own checks as they stand, metadata and status
 * aside: what an update leaves as it is need not be checked again. Objects that were read from the
 * store are not among them: another version, with other rules, may have written them.
 */

const sound = new WeakSet<object>();

/** Remembers that `stored`, as it was read for an update, is sound. */
export function noteSound(stored: object): void {
  sound.add(stored);
}

/** Whether the stored object that an update is given has been checked as it is. */
export function isSound(stored: object): boolean {
  return sound.has(stored);
}
