/** Which rules a level and version are made of, and what of them a pod breaks. */
import type { Check, Subject, Violation } from './check.ts';
import { hostChecks } from './host-checks.ts';
import type { LevelVersion } from './policy.ts';
import { privilegeChecks } from './privilege-checks.ts';
import { restrictedChecks } from './restricted-checks.ts';
import { seccompBaseline } from './seccomp-checks.ts';

const byId = (a: Check, b: Check) => (a.id < b.id ? -1 : 1);
const baseline = [...hostChecks, ...privilegeChecks, seccompBaseline].sort(byId);
const restricted = restrictedChecks.toSorted(byId);

/** The rules of a level, in the order they are told. */
export function checksOf({ level, minor }: LevelVersion): readonly Check[] {
  if (level === 'privileged') return [];
  const basic = baseline.filter((c) => minor >= c.since);
  if (level === 'baseline') return basic;
  const strict = restricted.filter((c) => minor >= c.since);
  const replaced = new Set(strict.flatMap((c) => c.overrides ?? []));
  return [...basic.filter((c) => !replaced.has(c.id)), ...strict];
}

/** What the subject breaks. */
export function violationsOf(policy: LevelVersion, subject: Subject): Violation[] {
  return checksOf(policy)
    .map((check) => check.violation(subject, policy.minor))
    .filter((violation) => violation !== undefined);
}

/** `host namespaces (hostPID=true), privileged (…)`. */
export function detailsOf(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');
}

/** `host namespaces, privileged`. */
export function reasonsOf(violations: readonly Violation[]): string {
  return violations.map(({ reason }) => reason).join(', ');
}
