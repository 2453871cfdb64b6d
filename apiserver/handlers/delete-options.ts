/** meta/v1 DeleteOptions, of a query or a body, checked as the real server does. */
import * as fe from '../../machinery/meta/field-error.ts';
import { badRequest, invalid } from '../../machinery/meta/status-error.ts';
import type { DeletionOptions } from '../registry/object-store/deletion.ts';
import { isTrue } from '../server/api-request.ts';
import { checkDryRun, metaGroup } from './write-options.ts';

interface RawDeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  orphanDependents?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: string[];
}

export interface CheckedDeleteOptions extends DeletionOptions {
  readonly dryRun: boolean;
}

/** DeleteOptions from the query string, preconditions too, for a request without a body. */
export function deleteOptionsOfQuery(query: URLSearchParams): RawDeleteOptions {
  const out: RawDeleteOptions = {};
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null) {
    if (!/^-?\d+$/.test(grace)) {
      throw badRequest(`strconv.ParseInt: parsing ${fe.quote(grace)}: invalid syntax`);
    }
    out.gracePeriodSeconds = Number(grace);
  }
  const policy = query.get('propagationPolicy');
  if (policy !== null) out.propagationPolicy = policy;
  const orphan = query.get('orphanDependents');
  if (orphan !== null) out.orphanDependents = isTrue(orphan);
  const dryRun = query.getAll('dryRun');
  if (dryRun.length > 0) out.dryRun = dryRun;
  const uid = query.get('uid') ?? '';
  const resourceVersion = query.get('resourceVersion') ?? '';
  if (uid !== '' || resourceVersion !== '') {
    out.preconditions = {
      ...(uid === '' ? {} : { uid }),
      ...(resourceVersion === '' ? {} : { resourceVersion }),
    };
  }
  return out;
}

/** Checks DeleteOptions. Throws 422. */
export function checkDeleteOptions(o: RawDeleteOptions): CheckedDeleteOptions {
  const errors: fe.FieldError[] = [];
  const at = fe.FieldPath.of('propagationPolicy');
  const policy = o.propagationPolicy;
  if (o.orphanDependents !== undefined && policy !== undefined) {
    errors.push(
      fe.invalidValue(at, policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  }
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy)) {
    errors.push(fe.notSupported(at, policy, ['Foreground', 'Background', 'Orphan', 'nil']));
  }
  const dryRun = o.dryRun ?? [];
  errors.push(...checkDryRun(dryRun));
  if (errors.length > 0) {
    throw invalid({ group: metaGroup, resource: 'DeleteOptions' }, '', errors);
  }
  return {
    gracePeriodSeconds: o.gracePeriodSeconds,
    propagationPolicy: policy as DeletionOptions['propagationPolicy'],
    orphanDependents: o.orphanDependents,
    preconditions: o.preconditions,
    dryRun: dryRun.length > 0,
  };
}
