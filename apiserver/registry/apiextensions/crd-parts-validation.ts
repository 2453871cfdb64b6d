/** The rules of names, columns, subresources, selectable fields and conversion. */
import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
  tooMany,
} from '../../../machinery/meta/field-error.ts';
import { byteLength, isDns1035Label } from '../../../machinery/meta/names.ts';
import type { CustomResourceDefinition } from '../../../machinery/schema/wire.ts';
import { caBundleProblem } from '../ca-bundle.ts';
import { validateOneOf } from '../core/field-checks.ts';
import { validateWebhookService, validateWebhookUrl } from '../webhook-client.ts';
import type { CrdSpec, CrdVersion } from './crd-spec.ts';
import { fieldAt } from './field-path.ts';
import type { JsonSchema } from './json-schema.ts';

type Names = NonNullable<CustomResourceDefinition['spec']['names']>;
type Column = CrdVersion['columns'][number];
type SelectableField = CrdVersion['selectableFields'][number];

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = 'byte,date,date-time,double,float,int32,int64,password'.split(',');
const reviewVersions = ['v1', 'v1beta1'];
const maxSelectableFields = 8;
const maxDeprecationWarning = 256;

/** Names wanted and names accepted alike. */
export function validateNames(names: Partial<Names>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const label = (value: string, here: FieldPath): void => {
    const problems = isDns1035Label(value);
    if (problems.length > 0) errors.push(invalidValue(here, value, problems.join(',')));
  };
  if (names.plural) label(names.plural, at.child('plural'));
  if (names.singular) label(names.singular, at.child('singular'));
  for (const field of ['kind', 'listKind'] as const) {
    const value = names[field] ?? '';
    const problems = isDns1035Label(value.toLowerCase());
    if (value === '' || problems.length === 0) continue;
    const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
    errors.push(invalidValue(at.child(field), value, text));
  }
  for (const [i, s] of (names.shortNames ?? []).entries())
    label(s, at.child('shortNames').index(i));
  if (names.kind && names.kind === names.listKind) {
    const text = 'kind and listKind may not be the same';
    errors.push(invalidValue(at.child('listKind'), names.listKind, text));
  }
  for (const [i, c] of (names.categories ?? []).entries())
    label(c, at.child('categories').index(i));
  return errors;
}

/** Why a version's deprecation warning will not do. */
export function validateDeprecation(version: CrdVersion, at: FieldPath): FieldError[] {
  const warning = version.deprecationWarning;
  if (warning === undefined) return [];
  const problems: string[] = [];
  if (!version.deprecated) problems.push('can only be set for deprecated versions');
  else {
    if (byteLength(warning) > maxDeprecationWarning) {
      problems.push(`must be <= ${maxDeprecationWarning} characters long`);
    }
    if (warning === '') problems.push('must not be an empty string');
    const bad = /[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/u.exec(warning);
    if (bad !== null) {
      const index = byteLength(warning.slice(0, bad.index));
      problems.push(
        'must only contain printable UTF-8 characters; non-printable character found at index ' +
          String(index),
      );
    }
  }
  return problems.map((p) => invalidValue(at, warning, p));
}

/** A column of tables. */
export function validateColumn(column: Column, at: FieldPath): FieldError[] {
  const errors = column.name ? [] : [required(at.child('name'))];
  const typeText = `must be one of ${columnTypes.join(',')}`;
  if (!column.type) errors.push(required(at.child('type'), typeText));
  else if (!columnTypes.includes(column.type)) {
    errors.push(invalidValue(at.child('type'), column.type, typeText));
  }
  if (column.format && !columnFormats.includes(column.format)) {
    const text = `must be one of ${columnFormats.join(',')}`;
    errors.push(invalidValue(at.child('format'), column.format, text));
  }
  const pathAt = at.child('JSONPath');
  if (!column.jsonPath) return [...errors, required(pathAt)];
  return [...errors, ...validateSimplePath(column.jsonPath, pathAt)];
}

function validateSimplePath(path: string, at: FieldPath): FieldError[] {
  if (path.startsWith('.')) return [];
  return [invalidValue(at, path, 'must be a simple json path starting with .')];
}

/** status and scale. */
export function validateSubresources(
  subresources: CrdSpec['subresources'],
  at: FieldPath,
): FieldError[] {
  const scale = subresources?.scale ?? undefined;
  if (scale === undefined) return [];
  const errors: FieldError[] = [];
  const check = (
    field: 'specReplicasPath' | 'statusReplicasPath' | 'labelSelectorPath',
    roots: readonly string[],
    text: string,
  ): void => {
    const path = scale[field] ?? '';
    const here = at.child('scale', field);
    if (path === '') {
      if (field !== 'labelSelectorPath') errors.push(required(here));
      return;
    }
    const problems = validateSimplePath(path, here);
    errors.push(...problems);
    if (problems.length === 0 && !roots.some((r) => path.startsWith(r))) {
      errors.push(invalidValue(here, path, text));
    }
  };
  check('specReplicasPath', ['.spec.'], 'should be a json path under .spec');
  check('statusReplicasPath', ['.status.'], 'should be a json path under .status');
  const either = 'should be a json path under either .spec or .status';
  check('labelSelectorPath', ['.spec.', '.status.'], either);
  return errors;
}

/** Fields to select objects by; `manyKept`: an old definition had too many already. */
export function validateSelectableFields(
  fields: readonly SelectableField[],
  schema: JsonSchema,
  manyKept: boolean,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, f] of fields.entries()) {
    const here = at.index(i).child('jsonPath');
    if (!f.jsonPath) {
      errors.push(required(here));
      continue;
    }
    const refuse = (text: string): void => {
      errors.push(invalidValue(here, f.jsonPath, text));
    };
    const found = fieldAt(f.jsonPath, schema, { brackets: false });
    if ('problem' in found) {
      refuse(`is an invalid path: ${found.problem}`);
      continue;
    }
    if (found.steps[0] === '.metadata') refuse('must not point to fields in metadata');
    if (!['string', 'boolean', 'integer'].includes(found.schema?.type ?? '')) {
      refuse(
        'must point to a field of type string, boolean or integer. Enum string fields and ' +
          'strings with formats are allowed.',
      );
    }
    const path = found.steps.join('');
    if (seen.has(path)) errors.push(duplicate(here, f.jsonPath));
    seen.add(path);
  }
  if (seen.size > maxSelectableFields && !manyKept) {
    errors.push(tooMany(at, seen.size, maxSelectableFields));
  }
  return errors;
}

/** More selectable fields than there may be. */
export function hasTooManySelectableFields(fields: readonly SelectableField[]): boolean {
  return fields.length > maxSelectableFields;
}

/** True when one of the review versions is known to the server, or there are none. */
export function hasKnownReviewVersion(conversion: CrdSpec['conversion']): boolean {
  const versions = conversion?.webhook?.conversionReviewVersions ?? [];
  return versions.length === 0 || versions.some((v) => reviewVersions.includes(v));
}

/** How objects are brought from one version to another. */
export function validateConversion(
  conversion: CrdSpec['conversion'],
  options: { readonly requireKnownReviewVersion: boolean; readonly requireCaBundle: boolean },
  at: FieldPath,
): FieldError[] {
  if (conversion === undefined) return [];
  const errors: FieldError[] = [];
  const strategyAt = at.child('strategy');
  if (!conversion.strategy) errors.push(required(strategyAt));
  else errors.push(...validateOneOf(conversion.strategy, ['None', 'Webhook'], strategyAt));
  const client = conversion.webhook?.clientConfig ?? undefined;
  const versions = conversion.webhook?.conversionReviewVersions ?? [];
  const clientAt = at.child('webhookClientConfig');
  const versionsAt = at.child('conversionReviewVersions');
  if (conversion.strategy !== 'Webhook') {
    const text = 'should not be set when strategy is not set to Webhook';
    if (client !== undefined) errors.push(forbiddenField(clientAt, text));
    if (versions.length > 0) errors.push(forbiddenField(versionsAt, text));
    return errors;
  }
  const url = client?.url ?? undefined;
  const service = client?.service ?? undefined;
  if (client === undefined) {
    errors.push(required(clientAt, 'required when strategy is set to Webhook'));
  } else if ((url === undefined) === (service === undefined)) {
    errors.push(required(clientAt, 'exactly one of url or service is required'));
  } else if (url !== undefined) errors.push(...validateWebhookUrl(url, clientAt.child('url')));
  else {
    const serviceAt = clientAt.child('service');
    errors.push(...validateWebhookService(service!, serviceAt, { swapped: true }));
  }
  const problem = options.requireCaBundle ? caBundleProblem(client?.caBundle) : undefined;
  if (problem !== undefined) {
    errors.push(invalidValue(clientAt.child('caBundle'), client!.caBundle, problem));
  }
  return [
    ...errors,
    ...validateReviewVersions(versions, options.requireKnownReviewVersion, versionsAt),
  ];
}

function validateReviewVersions(
  versions: readonly string[],
  requireKnown: boolean,
  at: FieldPath,
): FieldError[] {
  if (versions.length === 0) return [required(at)];
  const errors = versions.flatMap((v, i) =>
    versions.indexOf(v) < i
      ? [invalidValue(at.index(i), v, 'duplicate version')]
      : isDns1035Label(v).map((p) => invalidValue(at.index(i), v, p)),
  );
  if (requireKnown && !versions.some((v) => reviewVersions.includes(v))) {
    const text = `must include at least one of ${reviewVersions.join(', ')}`;
    errors.push(invalidValue(at, versions, text));
  }
  return errors;
}
