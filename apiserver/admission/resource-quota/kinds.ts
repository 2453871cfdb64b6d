/** Which requests change how much of a quota is used, and what their objects must then say. */
import { resourceClaimEvaluator } from '../../../machinery/quota/device-claims.ts';
import {
  claimEvaluator,
  countEvaluator,
  podEvaluator,
  type QuotaEvaluator,
  serviceEvaluator,
} from '../../../machinery/quota/evaluators.ts';
import { isTerminating } from '../../../machinery/quota/scopes.ts';
import type { DeviceClass, KubeObject, Pod } from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes } from '../admission.ts';

/** How one kind is charged. */
export interface ChargedKind {
  readonly evaluator: QuotaEvaluator;
  /** True for requests that may use more, or other quotas, than before. */
  handles(a: AdmissionAttributes): boolean;
  /** What the object leaves unsaid that must be said where these names are limited. */
  problem(names: readonly string[], object: KubeObject): string | undefined;
}

const isWrite = (a: AdmissionAttributes) => a.operation === 'CREATE' || a.operation === 'UPDATE';
const noProblem = () => undefined;

const pods: ChargedKind = {
  evaluator: podEvaluator as QuotaEvaluator,
  handles(a) {
    if (a.subresource === 'resize') return a.operation === 'UPDATE';
    if (a.subresource !== '') return false;
    if (a.operation === 'CREATE') return true;
    // The scope that a pod is in may change while it runs.
    return isTerminating(a.object as Pod) !== isTerminating(a.oldObject as Pod);
  },
  problem: (names, object) => unsaid(names, object as Pod),
};

const services: ChargedKind = {
  evaluator: serviceEvaluator as QuotaEvaluator,
  handles: (a) => a.subresource === '' && isWrite(a),
  problem: noProblem,
};

const claims: ChargedKind = {
  evaluator: claimEvaluator as QuotaEvaluator,
  // The status tells of storage that is set aside while a claim grows.
  handles: (a) =>
    a.subresource === '' ? isWrite(a) : a.subresource === 'status' && a.operation === 'UPDATE',
  problem: noProblem,
};

const special: Readonly<Record<string, ChargedKind>> = {
  pods,
  services,
  persistentvolumeclaims: claims,
};
/** How resource claims are charged, with the device classes there are. */
export function resourceClaimKind(classes: readonly DeviceClass[]): ChargedKind {
  return {
    evaluator: resourceClaimEvaluator(() => classes) as QuotaEvaluator,
    handles: (a) => a.subresource === '' && isWrite(a),
    problem: noProblem,
  };
}

/** Never stored. */
const reviewGroups = new Set(['authentication.k8s.io', 'authorization.k8s.io']);
const counted = new Map<string, ChargedKind | undefined>();

/** How objects of a resource are charged; undefined for what no quota counts. */
export function chargedKind(group: string, plural: string): ChargedKind | undefined {
  if (reviewGroups.has(group)) return undefined;
  if (group === '' && Object.hasOwn(special, plural)) return special[plural];
  const key = `${plural}.${group}`;
  if (!counted.has(key)) {
    const evaluator = countEvaluator(group, plural);
    counted.set(
      key,
      evaluator && {
        evaluator,
        handles: (a) => a.subresource === '' && a.operation === 'CREATE',
        problem: noProblem,
      },
    );
  }
  return counted.get(key);
}

/** Compute resources: every container must say how much of them it takes, once they are limited. */
const compute: Readonly<Record<string, readonly ['requests' | 'limits', string]>> = {
  cpu: ['requests', 'cpu'],
  memory: ['requests', 'memory'],
  'requests.cpu': ['requests', 'cpu'],
  'requests.memory': ['requests', 'memory'],
  'limits.cpu': ['limits', 'cpu'],
  'limits.memory': ['limits', 'memory'],
};

function unsaid(names: readonly string[], { spec }: Pod): string | undefined {
  const whole = spec?.resources;
  if (whole !== undefined && Object.keys({ ...whole.requests, ...whole.limits }).length > 0) {
    return undefined;
  }
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const missing = names.toSorted().flatMap((name) => {
    if (!Object.hasOwn(compute, name)) return [];
    const [field, resource] = compute[name]!;
    const silent = containers.filter((c) => c.resources?.[field]?.[resource] === undefined);
    if (silent.length === 0) return [];
    return [`${name} for: ${[...new Set(silent.map((c) => c.name))].sort().join(',')}`];
  });
  return missing.length === 0 ? undefined : `must specify ${missing.join('; ')}`;
}
