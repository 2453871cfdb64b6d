/** Members of JSON objects by names that a client chose. */

/**
 * The object's own member; undefined when it has none. `object[name]` would find `constructor` and
 * `toString` in every object.
 */
export function member<T>(
  object: Readonly<Record<string, T>> | null | undefined,
  name: string,
): T | undefined {
  if (object === null || object === undefined || !Object.hasOwn(object, name)) return undefined;
  return object[name];
}
