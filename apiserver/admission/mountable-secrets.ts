/** The annotation by which an account's pods may only use the secrets that the account lists. */
import type { Container, Pod, ServiceAccount } from '../../machinery/schema/wire.ts';

const enforce = 'kubernetes.io/enforce-mountable-secrets';
const trueTexts = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

/** What a pod uses without leave; undefined when all is well or the account does not enforce. */
export function mountableSecretsProblem(
  pod: Pod,
  account: ServiceAccount,
  ephemeralOnly: boolean,
): string | undefined {
  const { annotations, name = '' } = account.metadata ?? {};
  if (!trueTexts.has(annotations?.[enforce] ?? '')) return undefined;
  const allowed = new Set((account.secrets ?? []).map((s) => s.name));
  const { spec } = pod;
  if (ephemeralOnly) {
    const containers = (spec?.ephemeralContainers ?? []) as Container[];
    return containerProblem('ephemeral container', containers, allowed, name);
  }
  for (const v of spec?.volumes ?? []) {
    if (v.secret === undefined || allowed.has(v.secret.secretName)) continue;
    return `volume with secret.secretName="${v.secret.secretName ?? ''}" is not allowed because service account ${name} does not reference that secret`;
  }
  return (
    containerProblem('init container', spec?.initContainers ?? [], allowed, name) ??
    containerProblem('container', spec?.containers ?? [], allowed, name) ??
    pullProblem(pod, account, name)
  );
}

function containerProblem(
  what: string,
  containers: readonly Container[],
  allowed: ReadonlySet<string | undefined>,
  account: string,
): string | undefined {
  for (const c of containers) {
    for (const e of c.env ?? []) {
      const ref = e.valueFrom?.secretKeyRef;
      if (ref === undefined || allowed.has(ref.name)) continue;
      return `${what} ${c.name} with envVar ${e.name} referencing secret.secretName="${ref.name ?? ''}" is not allowed because service account ${account} does not reference that secret`;
    }
    for (const { secretRef } of c.envFrom ?? []) {
      if (secretRef === undefined || allowed.has(secretRef.name)) continue;
      return `${what} ${c.name} with envFrom referencing secret.secretName="${secretRef.name ?? ''}" is not allowed because service account ${account} does not reference that secret`;
    }
  }
  return undefined;
}

function pullProblem(pod: Pod, account: ServiceAccount, name: string): string | undefined {
  const allowed = new Set((account.imagePullSecrets ?? []).map((s) => s.name));
  const refs = pod.spec?.imagePullSecrets ?? [];
  const i = refs.findIndex((r) => !allowed.has(r.name));
  if (i < 0) return undefined;
  return `imagePullSecrets[${i}].name="${refs[i]!.name ?? ''}" is not allowed because service account ${name} does not reference that imagePullSecret`;
}
