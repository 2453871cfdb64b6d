/** Rulesets as scripts for `nft -f -`: a whole table, or the difference to what is loaded. */
import { type NftSet, type Ruleset, wordsOf } from './ruleset.ts';

/**
 * Replaces the table in one transaction. Declaring it before deleting it makes the deletion work
 * whether it exists or not.
 */
export function fullScript(ruleset: Ruleset): string {
  const table = `${wordsOf(ruleset.family).ip} ${ruleset.table}`;
  const lines = [`table ${table}`, `delete table ${table}`, `table ${table} {`];
  for (const [name, set] of ruleset.sets) {
    lines.push(`  ${set.kind} ${name} {`, `    type ${set.type};`);
    if (set.extra !== undefined) lines.push(`    ${set.extra}`);
    lines.push('  }');
  }
  for (const [name, chain] of ruleset.chains) {
    lines.push(`  chain ${name} {`);
    if (chain.hook !== undefined) lines.push(`    ${chain.hook}`);
    lines.push(...chain.rules.map((rule) => `    ${rule}`), '  }');
  }
  lines.push('}');
  // Elements come last: their verdicts name chains.
  for (const [name, set] of ruleset.sets) {
    if (set.elements !== undefined) addElements(lines, table, name, [...set.elements]);
  }
  return `${lines.join('\n')}\n`;
}

/** Removes the table; works when there is none. */
export function removeScript(ruleset: Pick<Ruleset, 'family' | 'table'>): string {
  const table = `${wordsOf(ruleset.family).ip} ${ruleset.table}`;
  return `table ${table}\ndelete table ${table}\n`;
}

/** The commands between two states of one table, and the chains they leave empty. */
export interface Change {
  /** '' when nothing changes. */
  readonly script: string;
  /**
   * Chains that are no longer used. They are emptied now and deleted by a later change: kernels
   * before 6.2 still count a reference for a moment after the element that held it is gone.
   */
  readonly emptied: readonly string[];
}

/** `leftover`: chains emptied long enough ago to be deleted now. */
export function changeScript(
  before: Ruleset,
  after: Ruleset,
  leftover: ReadonlySet<string> = new Set(),
): Change {
  const table = `${wordsOf(after.family).ip} ${after.table}`;
  const lines: string[] = [];
  for (const [name, set] of after.sets) {
    if (!before.sets.has(name)) {
      lines.push(`add ${set.kind} ${table} ${name} { type ${set.type}; ${set.extra ?? ''} }`);
    }
  }
  const emptied = changeChains(lines, table, before, after);
  const removals: string[] = [];
  const additions: string[] = [];
  for (const [name, set] of after.sets) {
    changeElements(removals, additions, table, name, before.sets.get(name), set);
  }
  lines.push(...removals, ...additions);
  for (const [name, set] of before.sets) {
    if (!after.sets.has(name)) lines.push(`delete ${set.kind} ${table} ${name}`);
  }
  for (const chain of leftover) {
    if (!after.chains.has(chain)) lines.push(`delete chain ${table} ${chain}`);
  }
  return { script: lines.length === 0 ? '' : `${lines.join('\n')}\n`, emptied };
}

function changeChains(lines: string[], table: string, before: Ruleset, after: Ruleset): string[] {
  const rewritten: string[] = [];
  for (const [name, chain] of after.chains) {
    const old = before.chains.get(name);
    if (old !== undefined && sameRules(old.rules, chain.rules)) continue;
    // `add` does nothing for a chain that exists, also for one that was emptied before.
    if (chain.hook === undefined) lines.push(`add chain ${table} ${name}`);
    lines.push(`flush chain ${table} ${name}`);
    rewritten.push(name);
  }
  const emptied = [...before.chains.keys()].filter((name) => !after.chains.has(name));
  for (const name of emptied) lines.push(`flush chain ${table} ${name}`);
  for (const name of rewritten) {
    for (const rule of after.chains.get(name)!.rules)
      lines.push(`add rule ${table} ${name} ${rule}`);
  }
  return emptied;
}

function sameRules(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((rule, i) => rule === b[i]));
}

function changeElements(
  removals: string[],
  additions: string[],
  table: string,
  name: string,
  before: NftSet | undefined,
  after: NftSet,
): void {
  if (after.elements === undefined) return;
  const old = before?.elements ?? new Map<string, string>();
  const added: [string, string][] = [];
  const removed: string[] = [];
  for (const [key, value] of after.elements) {
    const known = old.get(key);
    if (known === value) continue;
    if (known !== undefined) removed.push(key);
    added.push([key, value]);
  }
  for (const key of old.keys()) if (!after.elements.has(key)) removed.push(key);
  if (removed.length > 0) {
    removals.push(`delete element ${table} ${name} { ${removed.join(', ')} }`);
  }
  addElements(additions, table, name, added);
}

function addElements(
  lines: string[],
  table: string,
  name: string,
  elements: readonly (readonly [string, string])[],
): void {
  if (elements.length === 0) return;
  const texts = elements.map(([key, value]) => (value === '' ? key : `${key} : ${value}`));
  lines.push(`add element ${table} ${name} { ${texts.join(', ')} }`);
}
