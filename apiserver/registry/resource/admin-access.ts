/** Devices that are in use may be shared only in namespaces whose label allows it. */
import { FieldPath, forbiddenField } from '../../../machinery/meta/field-error.ts';
import type { KubeObject, ResourceClaim } from '../../../machinery/schema/wire.ts';
import { noteProblem } from '../noted-problems.ts';
import type { WriteContext } from '../resource.ts';

const label = 'resource.kubernetes.io/admin-access';

/** Where a spec asks for admin access first. */
export function adminAccessInSpec(spec: ResourceClaim['spec'] | undefined): FieldPath | undefined {
  const requests = spec?.devices?.requests ?? [];
  const i = requests.findIndex((r) => r.exactly?.adminAccess === true);
  if (i < 0) return undefined;
  // The path is an older version's, as in the real server.
  return FieldPath.of('spec', 'devices', 'requests').index(i).child('adminAccess');
}

/** Where a status grants admin access first. */
export function adminAccessInStatus(claim: ResourceClaim): FieldPath | undefined {
  const results = claim.status?.allocation?.devices?.results ?? [];
  const i = results.findIndex((r) => r.adminAccess === true);
  if (i < 0) return undefined;
  return FieldPath.of('status', 'allocation', 'devices', 'results').index(i).child('adminAccess');
}

/** Looks whether the object's namespace allows what is asked for; notes it when not. */
export async function checkAdminAccess(
  asked: FieldPath | undefined,
  object: KubeObject,
  ctx: WriteContext,
): Promise<void> {
  if (asked === undefined) return;
  const namespace = await ctx.access.get<KubeObject>('namespaces', '', ctx.namespace);
  if (namespace?.metadata?.labels?.[label] === 'true') return;
  const text =
    `admin access to devices requires the \`${label}: true\` label on the containing ` +
    'namespace';
  noteProblem(object, forbiddenField(asked, text));
}
