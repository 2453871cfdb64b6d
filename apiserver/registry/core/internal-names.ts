/** Names of the real server's internal types, which annotations of old hold. */

/** Those names are capitalised, and read in any case: members as the API names them. */
export function lowerKeys(value: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries((value ?? {}) as object).map(([k, v]) => [k[0]!.toLowerCase() + k.slice(1), v]),
  );
}
