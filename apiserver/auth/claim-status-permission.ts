/**
 * Who may write what in the status of a ResourceClaim: the allocation and its users need the
 * permission to bind claims, the status of devices one for their driver (KEP-5793). Runs as an
 * admission plugin; what is missing becomes a problem of the object.
 */
import { semanticEqual } from '../../machinery/meta/equality.ts';
import { FieldPath, forbiddenField } from '../../machinery/meta/field-error.ts';
import { nameIsDnsSubdomain } from '../../machinery/meta/names.ts';
import { typeRef } from '../../machinery/schema/schema.ts';
import type { ResourceClaim } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts';
import { noteProblem } from '../registry/noted-problems.ts';
import type { UserInfo } from '../registry/resource.ts';
import type { AccessAttributes, Authorizer } from './authorizer.ts';
import { refusal } from './refusal.ts';

type Status = NonNullable<ResourceClaim['status']>;
type Device = NonNullable<Status['devices']>[number];

const group = 'resource.k8s.io';
const statusType = typeRef('resource/v1.ResourceClaimStatus');
const deviceType = typeRef('resource/v1.AllocatedDeviceStatus');
const allocationAt = FieldPath.of('status', 'allocation');
const devicesAt = FieldPath.of('status', 'devices');
const nodeNameExtra = 'authentication.kubernetes.io/node-name';

export function claimStatusPermission(authorizer: Pick<Authorizer, 'authorize'>): AdmissionPlugin {
  return {
    name: 'claim-status-permission',
    handles: (a) =>
      a.group === group &&
      a.resource === 'resourceclaims' &&
      a.subresource === 'status' &&
      a.operation === 'UPDATE',
    async admit(a) {
      const next: Status = (a.object as ResourceClaim).status ?? {};
      const prev: Status = (a.oldObject as ResourceClaim).status ?? {};
      await checkBinding(a, next, prev, authorizer);
      // The status of devices that are not allocated is dropped.
      if (next.allocation) await checkDevices(a, next, prev, authorizer);
    },
  };
}

async function checkBinding(
  a: AdmissionAttributes,
  next: Status,
  prev: Status,
  authorizer: Pick<Authorizer, 'authorize'>,
): Promise<void> {
  const part = ({ allocation, reservedFor }: Status) => ({ allocation, reservedFor });
  if (semanticEqual(statusType, part(next), part(prev))) return;
  const { verb = 'update' } = a;
  const why = await refusalOf(a, { verb, subresource: 'binding' }, authorizer);
  if (why === undefined) return;
  const text =
    'changing status.allocation or status.reservedFor requires ' +
    `resource="resourceclaims/binding", verb="${verb}" permission: ${why}`;
  noteProblem(a.object!, forbiddenField(allocationAt, text));
}

async function checkDevices(
  a: AdmissionAttributes,
  next: Status,
  prev: Status,
  authorizer: Pick<Authorizer, 'authorize'>,
): Promise<void> {
  const { verb = 'update', namespace } = a;
  const near = runsOn(a.user, nodeOf(next));
  const verbs = [...(near ? [`associated-node:${verb}`] : []), `arbitrary-node:${verb}`];
  for (const driver of changedDrivers(next.devices ?? [], prev.devices ?? [])) {
    const whys: string[] = [];
    for (const wanted of verbs) {
      const place = { verb: wanted, subresource: 'driver', namespace, name: driver };
      const why = await refusalOf(a, place, authorizer);
      if (why === undefined) break;
      whys.push(why);
    }
    if (whys.length < verbs.length) continue;
    const text =
      'changing status.devices requires resource="resourceclaims/driver", ' +
      `verb="[${verbs.join(' ')}]" permission: ${whys[0]}`;
    noteProblem(a.object!, forbiddenField(devicesAt, text));
  }
}

/** Why that is not allowed; undefined when it is. */
async function refusalOf(
  { user, version }: AdmissionAttributes,
  wanted: Pick<AccessAttributes, 'verb' | 'subresource'> & Partial<AccessAttributes>,
  authorizer: Pick<Authorizer, 'authorize'>,
): Promise<string | undefined> {
  const attributes: AccessAttributes = {
    ...{ user, group, version, resource: 'resourceclaims', resourceRequest: true, path: '' },
    ...{ namespace: '', name: '' },
    ...wanted,
  };
  const answer = await authorizer.authorize(attributes);
  if (answer.decision === 'allow') return undefined;
  return refusal(attributes, answer.reason).message;
}

/** Drivers of devices whose status came, went or changed, sorted. */
function changedDrivers(next: readonly Device[], prev: readonly Device[]): string[] {
  const key = (d: Device) => JSON.stringify([d.driver, d.pool, d.device, d.shareID ?? '']);
  const left = new Map(prev.map((d) => [key(d), d]));
  const changed = new Set<string>();
  for (const device of next) {
    const before = left.get(key(device));
    left.delete(key(device));
    if (before === undefined || !semanticEqual(deviceType, device, before)) {
      changed.add(device.driver);
    }
  }
  for (const { driver } of left.values()) changed.add(driver);
  return [...changed].sort();
}

/** The one node that the allocation is bound to; undefined for several, or none. */
function nodeOf({ allocation }: Status): string | undefined {
  const terms = allocation?.nodeSelector?.nodeSelectorTerms ?? [];
  const [term] = terms;
  const fields = term?.matchFields ?? [];
  if (terms.length !== 1 || (term!.matchExpressions ?? []).length > 0 || fields.length !== 1) {
    return undefined;
  }
  const { key, operator, values = [] } = fields[0]!;
  return key === 'metadata.name' && operator === 'In' && values.length === 1
    ? values[0]
    : undefined;
}

/** True for a service account whose token is bound to that node. */
function runsOn(user: UserInfo, node: string | undefined): boolean {
  if (!node || !/^system:serviceaccount:[^:]+:[^:]+$/.test(user.name)) return false;
  const names = user.extra?.[nodeNameExtra] ?? [];
  return names.length === 1 && names[0] === node && nameIsDnsSubdomain(node, false).length === 0;
}
