/** Numbers that may be given as a share of a total: `3` or `25%`. */

export type IntOrPercent = number | string;

/** The number meant, a percentage of `total` rounded up or down. Throws on a malformed text. */
export function scaledValue(value: IntOrPercent, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value;
  const match = /^([0-9]+)%$/.exec(value);
  if (match === null) throw new Error(`invalid value for IntOrString: invalid type: ${value}`);
  const exact = (Number(match[1]) * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}
