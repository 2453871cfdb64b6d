/** Priority: resolves a pod's priority class to its number; holds that only one class is default. */
import type { Pod, PriorityClass } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { isCore, refused } from './refusal.ts';

const classes = 'priorityclasses.scheduling.k8s.io';

export function priority(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'Priority',
    handles: (a) => (a.operation === 'CREATE' || a.operation === 'UPDATE') && concerns(a),
    async admit(a) {
      if (a.resource !== 'pods') return;
      if (a.operation === 'CREATE') await resolve(a, env);
      else keep(a.object as Pod, a.oldObject as Pod);
    },
    async validate(a) {
      if (a.resource === 'priorityclasses') await validateClass(a, env);
    },
  };
}

function concerns(a: AdmissionAttributes): boolean {
  return (
    isCore(a, 'pods') ||
    (a.group === 'scheduling.k8s.io' && a.resource === 'priorityclasses' && a.subresource === '')
  );
}

/** An update that leaves the numbers out does not change them. */
function keep(next: Pod, prev: Pod): void {
  const { priority: number, preemptionPolicy } = prev.spec!;
  if (number !== undefined) next.spec!.priority ??= number;
  if (preemptionPolicy !== undefined) next.spec!.preemptionPolicy ??= preemptionPolicy;
}

async function resolve(a: AdmissionAttributes, env: AdmissionEnvironment): Promise<void> {
  const spec = (a.object as Pod).spec!;
  const asked = spec.priorityClassName ?? '';
  const found = asked === '' ? await defaultClass(env) : await classOf(a, env, asked);
  if (asked === '' && found !== undefined) spec.priorityClassName = found.metadata!.name!;
  const number = found?.value ?? 0;
  if (spec.priority !== undefined && spec.priority !== number) {
    throw refused(
      a,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${number} from the given PriorityClass name`,
    );
  }
  spec.priority = number;
  const policy = found === undefined ? 'PreemptLowerPriority' : found.preemptionPolicy;
  if (policy === undefined) return;
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw refused(
      a,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  }
  spec.preemptionPolicy = policy;
}

async function classOf(
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
  name: string,
): Promise<PriorityClass> {
  const found = await env.access.get<PriorityClass>(classes, '', name);
  if (found === undefined) throw refused(a, `no PriorityClass with name ${name} was found`);
  return found;
}

/** Two creates at the same time can leave several defaults: the one with the lowest value counts. */
async function defaultClass(env: AdmissionEnvironment): Promise<PriorityClass | undefined> {
  let found: PriorityClass | undefined;
  for (const c of await env.access.list<PriorityClass>(classes, '')) {
    if (c.globalDefault !== true) continue;
    if (found === undefined || (found.value ?? 0) > (c.value ?? 0)) found = c;
  }
  return found;
}

async function validateClass(a: AdmissionAttributes, env: AdmissionEnvironment): Promise<void> {
  const next = a.object as PriorityClass;
  if (next.globalDefault !== true) return;
  const present = await defaultClass(env);
  if (present === undefined) return;
  const name = present.metadata?.name ?? '';
  if (a.operation === 'UPDATE' && name === next.metadata?.name) return;
  throw refused(
    a,
    `PriorityClass ${name} is already marked as default. Only one default can exist`,
  );
}
