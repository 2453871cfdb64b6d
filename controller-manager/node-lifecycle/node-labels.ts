/** Labels of nodes that exist under an old name too: the new one decides. */

const names: readonly (readonly [present: string, old: string])[] = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
];

/** The labels to set; undefined when all agree. */
export function labelChange(
  labels: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  const change: Record<string, string> = {};
  for (const [present, old] of names) {
    const value = labels[present];
    if (value !== undefined && labels[old] !== value) change[old] = value;
  }
  return Object.keys(change).length === 0 ? undefined : change;
}
