/** What a namespace that becomes stricter is told of the pods that it has. */
import { controllerOf } from '../../../machinery/meta/owner.ts';
import type { Pod } from '../../../machinery/schema/wire.ts';
import type { AdmissionEnvironment } from '../admission.ts';
import { subjectOf } from './check.ts';
import type { PodSecurityConfiguration } from './configuration.ts';
import { reasonsOf, violationsOf } from './evaluate.ts';
import { type LevelVersion, policyName } from './policy.ts';

/** Looking at pods may take so many of them, and so long. */
const mostPods = 3000;
const mostMs = 1000;

/** One text for each set of broken rules, with the first of the pods that break them. */
export async function existingPodWarnings(
  env: AdmissionEnvironment,
  namespace: string,
  enforce: LevelVersion,
  exemptions: PodSecurityConfiguration['exemptions'],
): Promise<string[]> {
  const deadlineMs = env.now() + mostMs;
  const all = await env.access.list<Pod>('pods', namespace);
  const pods = prioritized(
    all.filter((p) => !exemptions.runtimeClasses.includes(p.spec?.runtimeClassName ?? '')),
  );
  const namesByReasons = new Map<string, string[]>();
  let checked = 0;
  for (const pod of pods.slice(0, mostPods)) {
    const reasons = reasonsOf(violationsOf(enforce, subjectOf(pod)));
    const name = pod.metadata?.name ?? '';
    if (reasons !== '') {
      const names = namesByReasons.get(reasons);
      if (names === undefined) namesByReasons.set(reasons, [name]);
      else names.push(name);
    }
    checked++;
    if (env.now() > deadlineMs) break;
  }
  const out: string[] = [];
  if (checked < pods.length) {
    out.push(
      `new PodSecurity enforce level only checked against the first ${checked} of ${pods.length} existing pods`,
    );
  }
  if (namesByReasons.size > 0) {
    out.push(
      `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(policyName(enforce))}`,
    );
  }
  const lines = [...namesByReasons].map(([reasons, names]) => `${group(names)}: ${reasons}`);
  return [...out, ...lines.sort()];
}

/** Pods of a controller are alike: one of each comes before the rest. */
function prioritized(pods: readonly Pod[]): Pod[] {
  const seen = new Set<string>();
  const first: Pod[] = [];
  const rest: Pod[] = [];
  for (const pod of pods) {
    const owner = controllerOf(pod)?.uid;
    if (owner !== undefined && seen.has(owner)) {
      rest.push(pod);
      continue;
    }
    first.push(pod);
    if (owner !== undefined) seen.add(owner);
  }
  return [...first, ...rest];
}

function group(names: readonly string[]): string {
  const [first = ''] = names.toSorted();
  const others = names.length - 1;
  if (others === 0) return first;
  return `${first} (and ${others} other ${others === 1 ? 'pod' : 'pods'})`;
}
