/**
 * What objects count for in quotas: for each kind which resource names it bears on, and how much
 * of each one object uses. API: core/v1 ResourceQuota. Resource claims have their own file.
 */
import { Quantity } from '../meta/quantity.ts';
import { parseTime } from '../meta/times.ts';
import type { KubeObject, PersistentVolumeClaim, Pod, Service } from '../schema/wire.ts';
import { type Amounts, addAmounts, amountsOf } from './amounts.ts';
import { podLimits, podRequests } from './pod-resources.ts';
import { claimInScope, podInScope, type ScopeRequirement } from './scopes.ts';

/** How objects of one kind count. */
export interface QuotaEvaluator<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly plural: string;
  /** True for a resource name in a quota's `hard` that objects of this kind use. */
  tracks(name: string): boolean;
  /** What one object uses. */
  usage(object: T, nowMs: number): Amounts;
  inScope(object: T, requirement: ScopeRequirement): boolean;
}

const one = Quantity.of(1);

/** `count/deployments.apps`, `count/pods`. */
export function countName(group: string, plural: string): string {
  return group === '' ? `count/${plural}` : `count/${plural}.${group}`;
}

/** The kind that a name such as `count/deployments.apps` counts; undefined for other names. */
export function countedKind(name: string): { group: string; plural: string } | undefined {
  const match = /^count\/([^.]+)(?:\.(.+))?$/.exec(name);
  return match === null ? undefined : { group: match[2] ?? '', plural: match[1]! };
}

const aliases = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']);
const uncounted = new Set(['events', 'events.events.k8s.io', 'bindings', 'componentstatuses']);

/** Counts objects, for kinds without rules of their own. Undefined for kinds never counted. */
export function countEvaluator(group: string, plural: string): QuotaEvaluator | undefined {
  const name = countName(group, plural);
  if (uncounted.has(name.slice('count/'.length))) return undefined;
  const names = group === '' && aliases.has(plural) ? [name, plural] : [name];
  return {
    group,
    plural,
    tracks: (n) => names.includes(n),
    usage: () => new Map(names.map((n) => [n, one])),
    inScope: () => false,
  };
}

const podComputeNames = new Set([
  'pods',
  ...['cpu', 'memory', 'ephemeral-storage'].flatMap((n) => [n, `requests.${n}`, `limits.${n}`]),
]);

/** Pods: all of them as objects; those that have not ended with what they ask for. */
export const podEvaluator: QuotaEvaluator<Pod> = {
  group: '',
  plural: 'pods',
  tracks(name) {
    if (name === 'count/pods' || podComputeNames.has(name)) return true;
    if (name.startsWith('hugepages-') || name.startsWith('requests.hugepages-')) return true;
    return name.startsWith('requests.') && isExtended(name.slice('requests.'.length));
  },
  usage(pod, nowMs) {
    const used: Amounts = new Map([['count/pods', one]]);
    if (!isCharged(pod, nowMs)) return used;
    used.set('pods', one);
    for (const [name, q] of podRequests(pod)) {
      const huge = name.startsWith('hugepages-');
      if (huge || podComputeNames.has(name)) used.set(name, q);
      if (huge || podComputeNames.has(name) || isExtended(name)) used.set(`requests.${name}`, q);
    }
    for (const [name, q] of podLimits(pod)) {
      if (podComputeNames.has(name)) used.set(`limits.${name}`, q);
    }
    return used;
  },
  inScope: podInScope,
};

const deviceClassPrefix = 'deviceclass.resource.kubernetes.io/';

/** Counted by nodes and not overcommitted: of a foreign domain, or a device class. */
function isExtended(name: string): boolean {
  if (name.startsWith(deviceClassPrefix)) return true;
  return name.includes('/') && !name.includes('kubernetes.io/');
}

/** False for pods that have ended, and for those stuck past their time to end. */
export function isCharged(pod: Pod, nowMs: number): boolean {
  const phase = pod.status?.phase;
  if (phase === 'Failed' || phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {};
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  const deletedMs = parseTime(deletionTimestamp) ?? nowMs;
  return nowMs <= deletedMs + deletionGracePeriodSeconds * 1000;
}

const serviceNames = [
  'count/services',
  'services',
  'services.nodeports',
  'services.loadbalancers',
] as const;

export const serviceEvaluator: QuotaEvaluator<Service> = {
  group: '',
  plural: 'services',
  tracks: (name) => (serviceNames as readonly string[]).includes(name),
  usage({ spec }) {
    const ports = spec?.ports ?? [];
    const balancer = spec?.type === 'LoadBalancer';
    let nodePorts = 0;
    if (balancer && spec.allocateLoadBalancerNodePorts === false) {
      nodePorts = ports.filter((p) => (p.nodePort ?? 0) !== 0).length;
    } else if (balancer || spec?.type === 'NodePort') nodePorts = ports.length;
    return new Map([
      ['count/services', one],
      ['services', one],
      ['services.nodeports', Quantity.of(nodePorts)],
      ['services.loadbalancers', Quantity.of(balancer ? 1 : 0)],
    ]);
  },
  inScope: () => false,
};

const claimNames = ['persistentvolumeclaims', 'requests.storage'] as const;
const classInfix = '.storageclass.storage.k8s.io/';

/** Claims and the storage they ask for, in all and by storage class. */
export const claimEvaluator: QuotaEvaluator<PersistentVolumeClaim> = {
  group: '',
  plural: 'persistentvolumeclaims',
  tracks: (name) =>
    name === 'count/persistentvolumeclaims' ||
    claimNames.some((n) => name === n || name.endsWith(classInfix + n)),
  usage(claim) {
    const used: Amounts = new Map([
      ['count/persistentvolumeclaims', one],
      ['persistentvolumeclaims', one],
    ]);
    const storage = claimStorage(claim);
    if (storage !== undefined) used.set('requests.storage', storage);
    const storageClass =
      claim.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ??
      claim.spec?.storageClassName ??
      '';
    if (storageClass !== '') {
      for (const name of claimNames) {
        const q = used.get(name);
        if (q !== undefined) used.set(storageClass + classInfix + name, q);
      }
    }
    return used;
  },
  inScope: claimInScope,
};

/** Whole bytes: what is asked for, or what is already set aside if that is more. */
function claimStorage(claim: PersistentVolumeClaim): Quantity | undefined {
  const asked = amountsOf(claim.spec?.resources?.requests).get('storage')?.roundUp(0);
  if (asked === undefined) return undefined;
  const allocated = amountsOf(claim.status?.allocatedResources).get('storage')?.roundUp(0);
  return allocated !== undefined && allocated.cmp(asked) > 0 ? allocated : asked;
}

/** The use of those `objects` that are in all scopes, of the names tracked; 0 where none is. */
export function sumUsage<T extends KubeObject>(
  evaluator: QuotaEvaluator<T>,
  objects: Iterable<T>,
  names: readonly string[],
  scopes: readonly ScopeRequirement[],
  nowMs: number,
): Amounts {
  const sums: Amounts = new Map();
  for (const object of objects) {
    if (!scopes.every((scope) => evaluator.inScope(object, scope))) continue;
    addAmounts(sums, evaluator.usage(object, nowMs));
  }
  const tracked = names.filter((n) => evaluator.tracks(n));
  return new Map(tracked.map((name) => [name, sums.get(name) ?? Quantity.zero]));
}
