/**
 * The query parameters of writes, parsed and checked as the real server does (meta/v1 CreateOptions,
 * UpdateOptions, PatchOptions).
 */
import * as fe from '../../machinery/meta/field-error.ts';
import { validateFieldManager } from '../../machinery/meta/object-meta-validation.ts';
import { invalid } from '../../machinery/meta/status-error.ts';
import { isTrue } from '../server/api-request.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Only of patches. */
  readonly force: boolean | undefined;
}

/** The group of the options of requests. */
export const metaGroup = 'meta.k8s.io';

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
  errors.push(...validateFieldManager(fieldManager));
  const dryRun = query.getAll('dryRun');
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

/** What is wrong with the values of `dryRun`. */
export function checkDryRun(values: readonly string[]): fe.FieldError[] {
  if (values.every((v) => v === 'All')) return [];
  return [fe.notSupported(fe.FieldPath.of('dryRun'), values, ['All'])];
}
