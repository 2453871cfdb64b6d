/** LimitRanger: containers get a namespace's defaults; pods and claims stay within its limits. */
import { member } from '../../machinery/meta/member.ts';
import { addAmounts, amountsOf } from '../../machinery/quota/amounts.ts';
import { podLimits, podRequests } from '../../machinery/quota/pod-resources.ts';
import type { JsonObject } from '../../machinery/schema/default-paths.ts';
import { defaultPodLevelResources } from '../../machinery/schema/pod-level-resources.ts';
import type {
  Container,
  LimitRange,
  PersistentVolumeClaim,
  Pod,
} from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { type Asked, type Limit, problemsOf, problemsOfClaim } from './limit-range-constraints.ts';
import { isCore, refused } from './refusal.ts';

const annotation = 'kubernetes.io/limit-ranger';

export function limitRanger(env: AdmissionEnvironment): AdmissionPlugin {
  const rangesOf = (a: AdmissionAttributes) =>
    env.access.list<LimitRange>('limitranges', a.namespace);
  return {
    name: 'LimitRanger',
    handles: concerns,
    async admit(a) {
      if (a.resource !== 'pods') return;
      for (const range of await rangesOf(a)) setDefaults(a.object as Pod, limitsOf(range));
    },
    async validate(a) {
      for (const range of await rangesOf(a)) {
        const problems =
          a.resource === 'pods'
            ? podProblems(a.object as Pod, limitsOf(range))
            : claimProblems(a.object as PersistentVolumeClaim, limitsOf(range));
        const texts = [...new Set(problems)];
        if (texts.length === 0) continue;
        throw refused(a, texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`);
      }
    },
  };
}

/** Pods when they are made or resized, and claims; not what is going away. */
function concerns(a: AdmissionAttributes): boolean {
  if (a.oldObject?.metadata?.deletionTimestamp !== undefined) return false;
  if (a.operation === 'UPDATE' && isCore(a, 'pods', 'resize')) return true;
  if (a.operation === 'CREATE' && isCore(a, 'pods')) return true;
  const writes = a.operation === 'CREATE' || a.operation === 'UPDATE';
  return writes && isCore(a, 'persistentvolumeclaims');
}

function limitsOf(range: LimitRange): readonly Limit[] {
  return range.spec?.limits ?? [];
}

/** Fills in what the containers leave out, and notes it in an annotation. */
function setDefaults(pod: Pod, limits: readonly Limit[]): void {
  const requests: Record<string, string> = {};
  const maximums: Record<string, string> = {};
  for (const limit of limits) {
    if (limit.type !== 'Container') continue;
    Object.assign(requests, limit.defaultRequest);
    Object.assign(maximums, limit.default);
  }
  const notes = [
    ...fillAll(pod.spec?.containers, 'container', requests, maximums),
    ...fillAll(pod.spec?.initContainers, 'init container', requests, maximums),
  ];
  if (notes.length === 0) return;
  // Of what containers request now, the pod as a whole may have defaults.
  if (pod.spec !== undefined) defaultPodLevelResources(pod.spec as unknown as JsonObject);
  pod.metadata ??= {};
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

function fillAll(
  containers: readonly Container[] | undefined,
  what: string,
  requests: Readonly<Record<string, string>>,
  limits: Readonly<Record<string, string>>,
): string[] {
  const notes: string[] = [];
  for (const container of containers ?? []) {
    for (const [field, defaults] of [
      ['requests', requests],
      ['limits', limits],
    ] as const) {
      const own = container.resources?.[field];
      const set = Object.keys(defaults).filter((name) => member(own, name) === undefined);
      if (set.length === 0) continue;
      container.resources ??= {};
      container.resources[field] = { ...defaults, ...own };
      notes.push(`${set.sort().join(', ')} ${field.slice(0, -1)} for ${what} ${container.name}`);
    }
  }
  return notes;
}

function podProblems(pod: Pod, limits: readonly Limit[]): string[] {
  const { containers, initContainers } = pod.spec ?? {};
  const all = [...(containers ?? []), ...(initContainers ?? [])];
  return limits.flatMap((limit) => {
    if (limit.type === 'Pod') return problemsOf(limit, wholePod(pod));
    if (limit.type !== 'Container') return [];
    return all.flatMap(({ resources }) =>
      problemsOf(limit, {
        requests: amountsOf(resources?.requests),
        limits: amountsOf(resources?.limits),
      }),
    );
  });
}

/** What the pod asks for in its spec, without overhead; of pod-level resources cpu and memory. */
function wholePod({ spec }: Pod): Asked {
  const { overhead: _, resources, ...rest } = spec!;
  const bare: Pod = { spec: rest };
  const asked = { requests: podRequests(bare), limits: podLimits(bare) };
  for (const field of ['requests', 'limits'] as const) {
    for (const name of ['cpu', 'memory']) {
      const text = resources?.[field]?.[name];
      if (text === undefined) continue;
      asked[field].delete(name);
      addAmounts(asked[field], amountsOf({ [name]: text }));
    }
  }
  return asked;
}

function claimProblems(claim: PersistentVolumeClaim, limits: readonly Limit[]): string[] {
  const requests = amountsOf(claim.spec?.resources?.requests);
  return limits.flatMap((limit) =>
    limit.type === 'PersistentVolumeClaim' ? problemsOfClaim(limit, requests) : [],
  );
}
