/**
 * What a round trip through the real server's internal version does to objects of one version:
 * aliases are kept in step, write-only fields move to where they are kept. By struct id.
 */
import { setMember } from '../codec/json-text.ts';
import { quote } from '../meta/field-error.ts';
import { badRequest } from '../meta/status-error.ts';
import type { JsonObject } from './default-paths.ts';

/** Changes the object where it must; true when it did. */
type Conversion = (object: JsonObject) => boolean;

/** Annotations that carried init containers before they were fields. */
const initContainerAnnotations = [
  'pod.beta.kubernetes.io/init-containers',
  'pod.alpha.kubernetes.io/init-containers',
  'pod.beta.kubernetes.io/init-container-statuses',
  'pod.alpha.kubernetes.io/init-container-statuses',
];

/** Counts the changes of a DaemonSet's template: apps/v1 has no field for it. */
const templateGeneration = 'deprecated.daemonset.template.generation';

/** The revision that a Deployment is to go back to: apps/v1 has no field for it either. */
const rollbackTo = 'deprecated.deployment.rollback.to';

/** What carries fields of autoscaling/v2 through v1; v2 itself never shows them. */
const hpaRoundTrip = new Set(
  [
    'metrics',
    'behavior',
    'scale-down-tolerance',
    'scale-up-tolerance',
    'current-metrics',
    'conditions',
  ].map((name) => `autoscaling.alpha.kubernetes.io/${name}`),
);

/** Runs behind the defaulting rules of the same struct. */
export const conversions: Readonly<Record<string, Conversion>> = {
  'core/v1.PodSpec'(spec) {
    const name = spec['serviceAccountName'] || spec['serviceAccount'];
    if (!name || (spec['serviceAccountName'] === name && spec['serviceAccount'] === name)) {
      return false;
    }
    spec['serviceAccountName'] = name;
    spec['serviceAccount'] = name;
    return true;
  },

  'core/v1.Pod'(pod) {
    const spec = pod['spec'] as { terminationGracePeriodSeconds?: number };
    const { annotations } = pod['metadata'] as { annotations?: Record<string, string> };
    let changed = false;
    if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
      spec.terminationGracePeriodSeconds = 1;
      changed = true;
    }
    if (annotations === undefined) return changed;
    for (const name of initContainerAnnotations) {
      if (!Object.hasOwn(annotations, name)) continue;
      delete annotations[name];
      changed = true;
    }
    return changed;
  },

  'core/v1.PodStatus'(status) {
    const s = status as { podIP?: string; podIPs?: { ip?: string }[] };
    if (s.podIP && s.podIPs?.[0]?.ip !== s.podIP) s.podIPs = [{ ip: s.podIP }];
    else if (!s.podIP && s.podIPs?.[0]?.ip) s.podIP = s.podIPs[0].ip;
    else return false;
    return true;
  },

  'core/v1.NodeSpec'(spec) {
    const s = spec as { podCIDR?: string; podCIDRs?: string[] };
    if (s.podCIDR && s.podCIDRs?.[0] !== s.podCIDR) s.podCIDRs = [s.podCIDR];
    else if (!s.podCIDR && s.podCIDRs?.[0]) s.podCIDR = s.podCIDRs[0];
    else return false;
    return true;
  },

  'core/v1.Secret'(secret) {
    const text = secret['stringData'] as Record<string, string> | undefined;
    if (text === undefined) return false;
    const stored = { ...(secret['data'] as JsonObject | undefined) };
    for (const name of Object.keys(text)) {
      setMember(stored, name, Buffer.from(text[name]!).toString('base64'));
    }
    secret['data'] = stored;
    delete secret['stringData'];
    return true;
  },

  'apps/v1.DaemonSet'(set) {
    const meta = set['metadata'] as { annotations?: Record<string, string> };
    const given = meta.annotations?.[templateGeneration];
    const text = given === undefined ? '0' : parseInt64(given, (why) => cannot('DaemonSet', why));
    if (given === text) return false;
    meta.annotations = { ...meta.annotations, [templateGeneration]: text };
    return true;
  },

  /** The fields behind the API's pointers are none. */
  'apps/v1.RollingUpdateDaemonSet'(update) {
    const missing = (['maxUnavailable', 'maxSurge'] as const).filter(
      (f) => update[f] === undefined,
    );
    for (const f of missing) update[f] = 0;
    return missing.length > 0;
  },

  'apps/v1.Deployment'(deployment) {
    const meta = deployment['metadata'] as { annotations?: Record<string, string> };
    const given = meta.annotations?.[rollbackTo];
    if (given === undefined) return false;
    if (given === '') {
      delete meta.annotations![rollbackTo];
      return true;
    }
    const text = parseInt64(given, (why) =>
      cannot('Deployment', `failed to parse annotation[${rollbackTo}]=${given} as int64: ${why}`),
    );
    meta.annotations![rollbackTo] = text;
    return given !== text;
  },

  'autoscaling/v2.HorizontalPodAutoscaler'(hpa) {
    const { annotations } = hpa['metadata'] as { annotations?: Record<string, string> };
    const carried = Object.keys(annotations ?? {}).filter((k) => hpaRoundTrip.has(k));
    for (const name of carried) delete annotations![name];
    return carried.length > 0;
  },

  'apps/v1.StatefulSet'(set) {
    const spec = set['spec'] as { volumeClaimTemplates?: { kind?: string; apiVersion?: string }[] };
    let changed = false;
    for (const template of spec.volumeClaimTemplates ?? []) {
      if (template.kind === 'PersistentVolumeClaim' && template.apiVersion === 'v1') continue;
      template.kind = 'PersistentVolumeClaim';
      template.apiVersion = 'v1';
      changed = true;
    }
    return changed;
  },
};

const maxInt64 = 2n ** 63n - 1n;

/** The number in its usual spelling; what `failure` makes of the reason is thrown. */
function parseInt64(text: string, failure: (why: string) => Error): string {
  const parsing = `strconv.ParseInt: parsing ${quote(text)}`;
  if (!/^[+-]?[0-9]+$/.test(text)) throw failure(`${parsing}: invalid syntax`);
  const value = BigInt(text.replace(/^\+/, ''));
  if (value > maxInt64 || value < -maxInt64 - 1n) throw failure(`${parsing}: value out of range`);
  return String(value);
}

function cannot(kind: string, why: string): Error {
  return badRequest(`${kind} in version "v1" cannot be handled as a ${kind}: ${why}`);
}
