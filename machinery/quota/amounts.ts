/** Amounts of resources by name: what quotas add up and compare. */
import { parseQuantity, Quantity } from '../meta/quantity.ts';

/** Resource names with their quantities as text, as objects carry them. */
export type ResourceList = Readonly<Record<string, string>>;
export type Amounts = Map<string, Quantity>;

export function amountsOf(list: ResourceList | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]));
}

export function listOf(amounts: ReadonlyMap<string, Quantity>): Record<string, string> {
  return Object.fromEntries([...amounts].map(([name, q]) => [name, q.toString()]));
}

/** Adds to `sums`. */
export function addAmounts(sums: Amounts, more: ReadonlyMap<string, Quantity>): void {
  for (const [name, q] of more) sums.set(name, (sums.get(name) ?? Quantity.zero).add(q));
}

/** Raises what is smaller in `target`, and takes in what it lacks. */
export function raiseAmounts(target: Amounts, floor: ReadonlyMap<string, Quantity>): void {
  for (const [name, q] of floor) {
    const known = target.get(name);
    if (known === undefined || q.cmp(known) > 0) target.set(name, q);
  }
}

/** The same names with the same values, in whatever format. */
export function sameAmounts(
  a: ReadonlyMap<string, Quantity>,
  b: ReadonlyMap<string, Quantity>,
): boolean {
  return a.size === b.size && [...a].every(([name, q]) => b.get(name)?.equals(q) === true);
}
