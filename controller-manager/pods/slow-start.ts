/** Many equal calls that may all fail: first one, then twice as many at a time. */

/**
 * Calls `call` up to `count` times in batches of 1, 2, 4 …; a batch with a failure is the last.
 * Returns how many succeeded and the first failure.
 */
export async function slowStart(
  count: number,
  call: (index: number) => Promise<void>,
): Promise<{ succeeded: number; error: unknown }> {
  let succeeded = 0;
  for (let at = 0, size = 1; at < count; at += size, size = Math.min(2 * size, count - at)) {
    const batch = Array.from({ length: size }, (_, i) => call(at + i));
    const results = await Promise.allSettled(batch);
    const failed = results.filter((r) => r.status === 'rejected');
    succeeded += size - failed.length;
    if (failed[0] !== undefined) return { succeeded, error: failed[0].reason };
  }
  return { succeeded, error: undefined };
}
