/**
 * ServiceAccount: every pod runs as an account that exists, and its containers find that account's
 * token mounted.
 */
import { quote } from '../../machinery/meta/field-error.ts';
import { isPathSegmentName } from '../../machinery/meta/names.ts';
import { simpleNameGenerator } from '../../machinery/meta/random.ts';
import type { Pod, ServiceAccount } from '../../machinery/schema/wire.ts';
import { secretNames } from '../auth/node/pod-references.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { mountableSecretsProblem } from './mountable-secrets.ts';
import { isCore, refused } from './refusal.ts';
import { mountToken } from './token-volume.ts';

const mirror = 'kubernetes.io/config.mirror';
/** A controller makes the default account right after its namespace: pods wait a little for it. */
const waitsMs = [10, 20, 40, 80, 160, 160, 160, 160, 160, 160];

export function serviceAccount(
  env: AdmissionEnvironment,
  generateName = simpleNameGenerator,
): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    handles: (a) =>
      (a.operation === 'CREATE' && isCore(a, 'pods')) ||
      (a.operation === 'UPDATE' && isCore(a, 'pods', 'ephemeralcontainers')),
    async admit(a) {
      if (a.operation !== 'CREATE') return;
      const pod = a.object as Pod;
      if (isMirror(pod)) return validateMirror(a);
      const spec = pod.spec!;
      const name = spec.serviceAccountName || 'default';
      spec.serviceAccountName = name;
      spec.serviceAccount = name;
      const account = await lookUp(a, env, name);
      const automount =
        spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
      if (automount) mountToken(pod, generateName);
      const pulls = account.imagePullSecrets ?? [];
      if ((spec.imagePullSecrets ?? []).length === 0 && pulls.length > 0) {
        spec.imagePullSecrets = pulls.map((s) => ({ ...s }));
      }
      checkSecrets(a, account);
    },
    async validate(a) {
      const pod = a.object as Pod;
      if (a.operation === 'CREATE' && isMirror(pod)) return validateMirror(a);
      const name = pod.spec?.serviceAccountName ?? '';
      if (name === '') {
        throw refused(
          a,
          `no service account specified for pod ${a.namespace}/${pod.metadata?.name ?? ''}`,
        );
      }
      checkSecrets(a, await lookUp(a, env, name));
    },
  };
}

function isMirror(pod: Pod): boolean {
  return pod.metadata?.annotations?.[mirror] !== undefined;
}

/** Pods that a kubelet made from a file: they have no account and no access to the API. */
function validateMirror(a: AdmissionAttributes): void {
  const pod = a.object as Pod;
  if (pod.spec?.serviceAccountName) {
    throw refused(a, 'a mirror pod may not reference service accounts');
  }
  if (secretNames(pod).length > 0) throw refused(a, 'a mirror pod may not reference secrets');
  for (const v of pod.spec?.volumes ?? []) {
    if (v.projected?.sources?.some((s) => s.serviceAccountToken !== undefined) === true) {
      throw refused(a, 'a mirror pod may not use ServiceAccountToken volume projections');
    }
  }
}

async function lookUp(
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
  name: string,
): Promise<ServiceAccount> {
  const get = () => env.access.get<ServiceAccount>('serviceaccounts', a.namespace, name);
  let found = await get();
  if (found === undefined) {
    await env.fresh();
    found = await get();
  }
  for (const ms of name === 'default' ? waitsMs : []) {
    if (found !== undefined) break;
    await env.wait(ms);
    found = await get();
  }
  if (found !== undefined) return found;
  const problems = isPathSegmentName(name);
  const why =
    problems.length === 0
      ? `serviceaccount ${quote(name)} not found`
      : `invalid resource name ${quote(name)}: [${problems.join(' ')}]`;
  throw refused(a, `error looking up service account ${a.namespace}/${name}: ${why}`);
}

function checkSecrets(a: AdmissionAttributes, account: ServiceAccount): void {
  const problem = mountableSecretsProblem(
    a.object as Pod,
    account,
    a.subresource === 'ephemeralcontainers',
  );
  if (problem !== undefined) throw refused(a, problem);
}
