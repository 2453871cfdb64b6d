/** Paths as rules name them. */

/** Whether a path is meant: `*` at the end stands for any rest. */
export function matchesUrl(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''));
}
