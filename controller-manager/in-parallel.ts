/** Many calls at a time, but not too many. */

/** Calls `call` for each item, at most `limit` at once. Returns what was thrown. */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  call: (item: T) => Promise<void>,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  const rest = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      try {
        await call(next.value);
      } catch (e) {
        failures.push(e);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  return failures;
}
