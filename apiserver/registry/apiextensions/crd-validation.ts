/** The rules of CustomResourceDefinitions. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../../machinery/meta/names.ts';
import { validateImmutableField } from '../../../machinery/meta/object-meta-validation.ts';
import type { CustomResourceDefinition } from '../../../machinery/schema/wire.ts';
import { caBundleProblem } from '../ca-bundle.ts';
import { validateOneOf } from '../core/field-checks.ts';
import { internalList } from '../internal-form.ts';
import {
  validateApproval,
  validateCrdStatus,
  validateStoredVersions,
} from './crd-notes-validation.ts';
import {
  hasKnownReviewVersion,
  hasTooManySelectableFields,
  validateColumn,
  validateConversion,
  validateDeprecation,
  validateNames,
  validateSelectableFields,
  validateSubresources,
} from './crd-parts-validation.ts';
import {
  hasSchemaWith,
  type RootSchemaOptions,
  validateRootSchema,
} from './crd-schema-validation.ts';
import { type CrdSpec, type CrdVersion, crdSpec, subresourcesOf } from './crd-spec.ts';
import { nonAtomicSetItem, validateMapKeys } from './list-type-validation.ts';
import { hasUnprunedDefault } from './schema-defaults.ts';
import { hasInvalidType, missingSchema } from './schema-validation.ts';

/** What an old definition may keep. */
interface Options extends RootSchemaOptions {
  readonly requireSchema: boolean;
  readonly requireKnownReviewVersion: boolean;
  /** The CA bundle of conversion has to hold certificates. */
  readonly requireCaBundle: boolean;
  /** Names of versions with too many selectable fields; '' for those of all. */
  readonly manySelectableKept: ReadonlySet<string>;
}

const specPath = FieldPath.of('spec');
const versionsPath = specPath.child('versions');

const allRequired: Options = {
  requireSchema: true,
  requireKnownReviewVersion: true,
  requireCaBundle: false,
  requireValidTypes: true,
  requireAtomicSetItems: true,
  requireMapKeys: true,
  requirePrunedDefaults: true,
  manySelectableKept: new Set(),
};

/** A new definition. */
export function validateCrd(next: CustomResourceDefinition): FieldError[] {
  const spec = crdSpec(next.spec);
  const errors: FieldError[] = [];
  for (const field of ['generateName', 'name'] as const) {
    const name = next.metadata?.[field] ?? '';
    if (name === '' || name === `${spec.names.plural ?? ''}.${spec.group}`) continue;
    const text = 'must be spec.names.plural+"."+spec.group';
    errors.push(invalidValue(FieldPath.of('metadata', field), name, text));
  }
  return [
    ...errors,
    ...validateSpec(next, spec, allRequired),
    ...validateCrdStatus(next),
    ...validateStoredVersions(next, spec),
    ...validateApproval(next, undefined),
    ...validatePreserveUnknown(spec),
  ];
}

/** A changed definition. */
export function validateCrdUpdate(
  next: CustomResourceDefinition,
  prev: CustomResourceDefinition,
): FieldError[] {
  const spec = crdSpec(next.spec);
  const old = crdSpec(prev.spec);
  return [
    ...validateSpec(next, spec, keptFrom(spec, old, isEstablished(prev))),
    ...validateFixed(spec, old, isEstablished(prev)),
    ...validateCrdStatus(next),
    ...validateStoredVersions(next, spec),
    ...validateApproval(next, prev),
    ...(old.preserveUnknownFields ? [] : validatePreserveUnknown(spec)),
  ];
}

function isEstablished(crd: CustomResourceDefinition): boolean {
  return (crd.status?.conditions ?? []).some(
    (c) => c.type === 'Established' && c.status === 'True',
  );
}

function keptFrom(spec: CrdSpec, old: CrdSpec, established: boolean): Options {
  const oldVersions = new Map(old.versions.map((v) => [v.name, v]));
  const kept = spec.versions
    .filter((v) => {
      const before = oldVersions.get(v.name)?.selectableFields ?? [];
      return hasTooManySelectableFields(before) && deepEqual(before, v.selectableFields);
    })
    .map((v) => v.name);
  if (
    hasTooManySelectableFields(old.selectableFields) &&
    deepEqual(old.selectableFields, spec.selectableFields)
  ) {
    kept.push('');
  }
  const hasSchema = (s: CrdSpec['schema']): boolean => Boolean(s?.openAPIV3Schema);
  return {
    requireSchema: hasSchema(old.schema) || old.versions.every((v) => hasSchema(v.schema)),
    requireKnownReviewVersion: hasKnownReviewVersion(old.conversion),
    requireCaBundle:
      established && caBundleProblem(old.conversion?.webhook?.clientConfig?.caBundle) === undefined,
    requireValidTypes: !hasSchemaWith(old, hasInvalidType),
    requireAtomicSetItems: !hasSchemaWith(old, (s) => nonAtomicSetItem(s) !== undefined),
    requireMapKeys: !hasSchemaWith(old, (s) => validateMapKeys(s, FieldPath.root).length > 0),
    requirePrunedDefaults: !hasSchemaWith(old, hasUnprunedDefault),
    manySelectableKept: new Set(kept),
  };
}

function validateFixed(spec: CrdSpec, old: CrdSpec, established: boolean): FieldError[] {
  const names = specPath.child('names');
  return [
    ...(established
      ? [
          ...validateImmutableField(spec.scope, old.scope, specPath.child('scope')),
          ...validateImmutableField(spec.names.kind, old.names.kind, names.child('kind')),
        ]
      : []),
    ...validateImmutableField(spec.group, old.group, specPath.child('group')),
    ...validateImmutableField(spec.names.plural, old.names.plural, names.child('plural')),
  ];
}

function validateSpec(
  crd: CustomResourceDefinition,
  spec: CrdSpec,
  options: Options,
): FieldError[] {
  const errors = [...validateGroup(spec.group), ...validateScope(spec.scope)];
  errors.push(...validateSchemasPresent(spec, options));
  const hasDefaults = hasSchemaWith(spec, (s) => s.default !== undefined && s.default !== null);
  const preserveAt = specPath.child('preserveUnknownFields');
  if (hasDefaults && spec.preserveUnknownFields) {
    const text = 'must be false in order to use defaults in the schema';
    errors.push(invalidValue(preserveAt, true, text));
  }
  errors.push(
    ...spec.versions.flatMap((v, i) => validateVersion(spec, v, options, versionsPath.index(i))),
    ...validateVersionList(crd, spec),
    ...validateSpecNames(spec),
  );
  const hasStatus = [spec, ...spec.versions].some((v) => Boolean(v.subresources?.status));
  errors.push(
    ...validateRootSchema(spec.schema, hasStatus, options, specPath.child('validation')),
    ...validateSubresources(spec.subresources, specPath.child('subresources')),
    ...spec.columns.flatMap((c, i) =>
      validateColumn(c, specPath.child('additionalPrinterColumns').index(i)),
    ),
  );
  if (spec.selectableFields.length > 0) {
    const at = specPath.child('selectableFields');
    const schema = spec.schema?.openAPIV3Schema;
    const kept = options.manySelectableKept.has('');
    if (!schema) {
      const text = 'may only be set when validations.schema is included';
      errors.push(invalidValue(at, '', text));
    } else errors.push(...validateSelectableFields(spec.selectableFields, schema, kept, at));
  }
  const conversionAt = specPath.child('conversion');
  const strategy = spec.conversion?.strategy;
  if (spec.conversion !== undefined && strategy !== 'None' && spec.preserveUnknownFields) {
    const text = 'must be None if spec.preserveUnknownFields is true';
    errors.push(invalidValue(conversionAt.child('strategy'), strategy ?? '', text));
  }
  return [...errors, ...validateConversion(spec.conversion, options, conversionAt)];
}

function validateGroup(group: string): FieldError[] {
  const at = specPath.child('group');
  if (group === '') return [required(at)];
  const problems = isDns1123Subdomain(group);
  if (problems.length > 0) return [invalidValue(at, group, problems.join(','))];
  if (group.includes('.')) return [];
  return [invalidValue(at, group, 'should be a domain with at least one dot')];
}

function validateScope(scope: string): FieldError[] {
  const at = specPath.child('scope');
  return scope === '' ? [required(at)] : validateOneOf(scope, ['Cluster', 'Namespaced'], at);
}

function validateSchemasPresent(spec: CrdSpec, options: Options): FieldError[] {
  if (spec.schema?.openAPIV3Schema) return [];
  if (!options.requireSchema && spec.preserveUnknownFields) return [];
  const text = options.requireSchema ? '' : 'because otherwise all fields are pruned';
  return spec.versions.flatMap((v, i) =>
    v.schema?.openAPIV3Schema || (!options.requireSchema && !v.served)
      ? []
      : [missingSchema(versionsPath.index(i).child('schema'), text)],
  );
}

function validateVersion(
  spec: CrdSpec,
  v: CrdVersion,
  options: Options,
  at: FieldPath,
): FieldError[] {
  const problems = isDns1035Label(v.name);
  const errors: FieldError[] = [];
  if (problems.length > 0) {
    errors.push(invalidValue(at.child('name'), v.name, problems.join(',')));
  }
  const hasStatus = Boolean(subresourcesOf(spec, v)?.status);
  errors.push(
    ...validateDeprecation(v, at.child('deprecationWarning')),
    ...validateRootSchema(v.schema, hasStatus, options, at.child('schema')),
    ...validateSubresources(v.subresources, at.child('subresources')),
    ...v.columns.flatMap((c, i) =>
      validateColumn(c, at.child('additionalPrinterColumns').index(i)),
    ),
  );
  if (v.selectableFields.length === 0) return errors;
  const here = at.child('selectableFields');
  const schema = v.schema?.openAPIV3Schema;
  if (!schema) {
    const text = 'may only be set when `version.schema.openAPIV3Schema` is not included';
    return [...errors, invalidValue(here, '', text)];
  }
  const kept = options.manySelectableKept.has(v.name);
  return [...errors, ...validateSelectableFields(v.selectableFields, schema, kept, here)];
}

function validateVersionList(crd: CustomResourceDefinition, spec: CrdSpec): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (text: string): void => {
    const own = (crd.spec.versions ?? undefined)?.map((v, i) => ownParts(v, spec.versions[i]!));
    const shown = internalList('apiextensions/v1.CustomResourceDefinitionVersion', own);
    errors.push(invalidValue(versionsPath, shown, text));
  };
  const names = spec.versions.map((v) => v.name);
  if (new Set(names).size < names.length) refuse('must contain unique version names');
  if (spec.versions.filter((v) => v.storage).length !== 1) {
    refuse('must have exactly one version marked as storage version');
  }
  const problems = spec.version === '' ? [] : isDns1035Label(spec.version);
  if (problems.length > 0) {
    errors.push(invalidValue(specPath.child('version'), spec.version, problems.join(',')));
  }
  return errors;
}

/** A version without what it shares with all others, as messages show it. */
function ownParts(v: object, view: CrdVersion): object {
  return {
    ...v,
    schema: view.schema,
    subresources: view.subresources,
    additionalPrinterColumns: view.columns.length > 0 ? view.columns : undefined,
    selectableFields: view.selectableFields.length > 0 ? view.selectableFields : undefined,
  };
}

function validateSpecNames(spec: CrdSpec): FieldError[] {
  const at = specPath.child('names');
  const needed = ['plural', 'singular', 'kind', 'listKind'] as const;
  return [
    ...needed.filter((n) => !spec.names[n]).map((n) => required(at.child(n))),
    ...validateNames(spec.names, at),
  ];
}

function validatePreserveUnknown(spec: CrdSpec): FieldError[] {
  if (!spec.preserveUnknownFields) return [];
  const text =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in ' +
    'spec.versions[*].schema instead';
  return [invalidValue(specPath.child('preserveUnknownFields'), true, text)];
}
