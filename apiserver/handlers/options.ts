/**
 * The query parameters of writes and reads, parsed and checked as the real server does
 * (meta/v1 CreateOptions, UpdateOptions, PatchOptions, DeleteOptions, ListOptions).
 */
import * as fe from '../../machinery/meta/field-error.ts';
import {
  everyField,
  type FieldSelector,
  FieldSelectorError,
  parseFieldSelector,
} from '../../machinery/meta/fields.ts';
import { everything, parseLabelSelector, type Selector } from '../../machinery/meta/labels.ts';
import { badRequest, invalid } from '../../machinery/meta/status-error.ts';
import type { DeletionOptions } from '../registry/object-store/deletion.ts';
import { isTrue } from '../server/api-request.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Only of patches. */
  readonly force: boolean | undefined;
}

const metaGroup = 'meta.k8s.io';

/** Options of a create, update or patch. Throws 422 for values that are not allowed. */
export function writeOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  applies = false,
): WriteOptions {
  const errors: fe.FieldError[] = [];
  const fieldManager = query.get('fieldManager') ?? '';
  const forceText = query.get('force');
  const force = forceText === null ? undefined : isTrue(forceText);
  if (kind === 'PatchOptions') {
    if (applies && fieldManager === '') {
      errors.push(fe.required(fe.FieldPath.of('fieldManager'), 'is required for apply patch'));
    } else if (!applies && force !== undefined) {
      errors.push(
        fe.forbiddenField(fe.FieldPath.of('force'), 'may not be specified for non-apply patch'),
      );
    }
  }
  errors.push(...checkFieldManager(fieldManager));
  const dryRun = query.getAll('dryRun').filter((v) => v !== '');
  errors.push(...checkDryRun(dryRun));
  const validation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(validation)) {
    errors.push(
      fe.notSupported(fe.FieldPath.of('fieldValidation'), validation, [
        '',
        'Ignore',
        'Strict',
        'Warn',
      ]),
    );
  }
  if (errors.length > 0) throw invalid({ group: metaGroup, resource: kind }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: validation === '' ? 'Warn' : (validation as FieldValidation),
    force,
  };
}

function checkFieldManager(manager: string): fe.FieldError[] {
  const at = fe.FieldPath.of('fieldManager');
  const errors: fe.FieldError[] = [];
  if (Buffer.byteLength(manager) > 128) errors.push(fe.tooLong(at, 128));
  let i = 0;
  for (const ch of manager) {
    if (/[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}]|[^\S ]/u.test(ch)) {
      const code = ch.codePointAt(0)!;
      const hex = code.toString(16).toUpperCase().padStart(4, '0');
      errors.push(
        fe.invalidValue(
          at,
          manager,
          `invalid character U+${hex} (at position ${i}): should only contain printable characters`,
        ),
      );
    }
    i += Buffer.byteLength(ch);
  }
  return errors;
}

function checkDryRun(values: readonly string[]): fe.FieldError[] {
  if (values.every((v) => v === 'All')) return [];
  return [fe.notSupported(fe.FieldPath.of('dryRun'), values, ['All'])];
}

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

/** DeleteOptions from the query string, for a request without a body. */
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
  const dryRun = query.getAll('dryRun').filter((v) => v !== '');
  if (dryRun.length > 0) out.dryRun = dryRun;
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

export interface ListOptions {
  readonly labelSelector: Selector;
  readonly fieldSelector: FieldSelector;
  /** '' when not given. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly limit: number;
  readonly continue: string;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  readonly timeoutSeconds: number | undefined;
}

const noOptions: ListOptions = {
  labelSelector: everything,
  fieldSelector: everyField,
  resourceVersion: '',
  resourceVersionMatch: '',
  limit: 0,
  continue: '',
  allowWatchBookmarks: false,
  sendInitialEvents: undefined,
  timeoutSeconds: undefined,
};

/**
 * ListOptions of a list, watch or deletecollection, with their defaults. A watch by its path alone
 * (`/watch/`) has those of a list. Throws 400 and 422.
 */
export function listOptions(query: URLSearchParams): ListOptions {
  if (query.size === 0) return noOptions;
  const resourceVersion = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const sendInitialEvents = optionalBool(query.get('sendInitialEvents'));
  const watch = isTrue(query.get('watch'));
  // The old custom of a watch from nowhere is a streaming list by another name.
  const old = watch && match === '' && sendInitialEvents === undefined;
  const streams = old && (resourceVersion === '' || resourceVersion === '0');
  const o: ListOptions = {
    labelSelector: labelSelectorOf(query.get('labelSelector')),
    fieldSelector: fieldSelectorOf(query.get('fieldSelector')),
    resourceVersion,
    resourceVersionMatch: streams ? 'NotOlderThan' : match,
    limit: integer(query.get('limit')) ?? 0,
    continue: query.get('continue') ?? '',
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: streams ? true : sendInitialEvents,
    timeoutSeconds: integer(query.get('timeoutSeconds')),
  };
  const errors = watch ? watchProblems(o) : listProblems(o);
  if (errors.length > 0) {
    throw invalid({ group: metaGroup, resource: 'ListOptions' }, '', errors);
  }
  return o;
}

function optionalBool(text: string | null): boolean | undefined {
  return text === null || text === '' ? undefined : isTrue(text);
}

function integer(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  const wrong = (why: string) => badRequest(`strconv.ParseInt: parsing ${fe.quote(text)}: ${why}`);
  if (!/^[+-]?\d+$/.test(text)) throw wrong('invalid syntax');
  const value = BigInt(text.replace('+', ''));
  if (value !== BigInt.asIntN(64, value)) throw wrong('value out of range');
  return Number(value);
}

function labelSelectorOf(text: string | null): Selector {
  if (text === null || text === '') return everything;
  try {
    return parseLabelSelector(text);
  } catch (e) {
    throw badRequest(e instanceof Error ? e.message : String(e));
  }
}

function fieldSelectorOf(text: string | null): FieldSelector {
  if (text === null || text === '') return everyField;
  try {
    return parseFieldSelector(text);
  } catch (e) {
    if (e instanceof FieldSelectorError) throw badRequest(e.message);
    throw e;
  }
}

const matchPath = fe.FieldPath.of('resourceVersionMatch');
const initialPath = fe.FieldPath.of('sendInitialEvents');

function listProblems(o: ListOptions): fe.FieldError[] {
  const errors: fe.FieldError[] = [];
  const match = o.resourceVersionMatch;
  if (match !== '') {
    if (o.resourceVersion === '') {
      errors.push(
        fe.forbiddenField(
          matchPath,
          'resourceVersionMatch is forbidden unless resourceVersion is provided',
        ),
      );
    }
    if (o.continue !== '') {
      errors.push(
        fe.forbiddenField(matchPath, 'resourceVersionMatch is forbidden when continue is provided'),
      );
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(fe.notSupported(matchPath, match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && o.resourceVersion === '0') {
      errors.push(
        fe.forbiddenField(
          matchPath,
          'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
      );
    }
  }
  if (o.sendInitialEvents !== undefined) {
    errors.push(fe.forbiddenField(initialPath, 'sendInitialEvents is forbidden for list'));
  }
  return errors;
}

function watchProblems(o: ListOptions): fe.FieldError[] {
  const errors: fe.FieldError[] = [];
  const match = o.resourceVersionMatch;
  if (o.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(
      fe.forbiddenField(
        matchPath,
        'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      ),
    );
  }
  if (match !== '') {
    if (o.sendInitialEvents === undefined) {
      errors.push(
        fe.forbiddenField(
          matchPath,
          'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
        ),
      );
    }
    if (match !== 'NotOlderThan') {
      errors.push(fe.notSupported(matchPath, match, ['NotOlderThan']));
    }
    if (o.continue !== '') {
      errors.push(
        fe.forbiddenField(matchPath, 'resourceVersionMatch is forbidden when continue is provided'),
      );
    }
  }
  return errors;
}
