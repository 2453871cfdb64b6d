/** Tokens that a kubelet may ask for: those of the pods that run on it, for audiences they name. */
import { notFound } from '../../machinery/meta/status-error.ts';
import type {
  CSIDriver,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  TokenRequest,
  Volume,
} from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment } from './admission.ts';
import { refused } from './refusal.ts';

/** `serviceaccounts/token` of a node. */
export async function admitTokenRequest(
  node: string,
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
): Promise<void> {
  if (a.operation !== 'CREATE' || a.subresource !== 'token') return;
  const { spec } = a.object as TokenRequest;
  const ref = spec?.boundObjectRef;
  if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) {
    throw refused(a, 'node requested token not bound to a pod');
  }
  if (!ref.uid) throw refused(a, 'node requested token with a pod binding without a uid');
  const pod = await env.access.get<Pod>('pods', a.namespace, ref.name);
  if (pod === undefined) throw notFound({ group: '', resource: 'pod' }, ref.name);
  if (ref.uid !== pod.metadata?.uid) {
    throw refused(
      a,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (pod.spec?.nodeName !== node) {
    throw refused(a, 'node requested token bound to a pod scheduled on a different node');
  }
  await checkAudience(a, env, pod, spec?.audiences ?? []);
}

async function checkAudience(
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
  pod: Pod,
  audiences: readonly string[],
): Promise<void> {
  if (audiences.length > 1) throw refused(a, 'node may only request 0 or 1 audiences');
  const audience = audiences[0] ?? '';
  const quoted = JSON.stringify(audience);
  const problems: string[] = [];
  for (const v of pod.spec?.volumes ?? []) {
    const found = await volumeNames(v, audience, pod, env);
    if (found === true) return;
    if (typeof found === 'string') problems.push(found);
  }
  if (problems.length > 0) {
    const text = problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`;
    throw refused(a, `error validating audience ${quoted}: ${text}`);
  }
  const allowed = await env.authorize({
    user: a.user,
    verb: 'request-serviceaccounts-token-audience',
    resourceRequest: true,
    group: '',
    version: 'v1',
    resource: audience,
    subresource: '',
    namespace: a.namespace,
    name: a.name,
    path: '',
  });
  if (allowed) return;
  throw refused(
    a,
    `audience ${quoted} not found in pod spec volume, ${a.user.name} is not authorized to request tokens for this audience`,
  );
}

/** Whether a volume asks for tokens of this audience; a text when that cannot be told. */
async function volumeNames(
  v: Volume,
  audience: string,
  pod: Pod,
  env: AdmissionEnvironment,
): Promise<boolean | string> {
  for (const { serviceAccountToken: token } of v.projected?.sources ?? []) {
    if (token !== undefined && (token.audience ?? '') === audience) return true;
  }
  let driver = v.csi?.driver;
  const claim =
    v.ephemeral?.volumeClaimTemplate === undefined
      ? v.persistentVolumeClaim?.claimName
      : `${pod.metadata?.name ?? ''}-${v.name}`;
  if (claim !== undefined) {
    const found = await driverOfClaim(env, pod.metadata?.namespace ?? '', claim);
    if ('problem' in found) return found.problem;
    driver = found.driver;
  }
  if (driver === undefined || driver === '') return false;
  const known = await env.access.get<CSIDriver>('csidrivers.storage.k8s.io', '', driver);
  if (known === undefined) return missing('csidriver.storage.k8s.io', driver);
  return (known.spec.tokenRequests ?? []).some((t) => (t.audience ?? '') === audience);
}

async function driverOfClaim(
  env: AdmissionEnvironment,
  namespace: string,
  name: string,
): Promise<{ driver: string | undefined } | { problem: string }> {
  const claim = await env.access.get<PersistentVolumeClaim>(
    'persistentvolumeclaims',
    namespace,
    name,
  );
  if (claim === undefined) return { problem: missing('persistentvolumeclaim', name) };
  const volumeName = claim.spec?.volumeName ?? '';
  const volume = await env.access.get<PersistentVolume>('persistentvolumes', '', volumeName);
  if (volume === undefined) return { problem: missing('persistentvolume', volumeName) };
  return { driver: volume.spec?.csi?.driver };
}

function missing(what: string, name: string): string {
  return `${what} ${JSON.stringify(name)} not found`;
}
