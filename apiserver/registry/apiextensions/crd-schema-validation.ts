/** The rules of the schema of a version, or of all versions. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
} from '../../../machinery/meta/field-error.ts';
import { internalForm } from '../internal-form.ts';
import { type CrdSpec, schemasOf } from './crd-spec.ts';
import { allSchemas, type JsonSchema } from './json-schema.ts';
import { validateDefaults } from './schema-defaults.ts';
import {
  type SchemaOptions,
  validateRootNullable,
  validateRootWithStatus,
  validateSchema,
} from './schema-validation.ts';
import { structuralProblem, validateStructural } from './structural-validation.ts';

/** What an old definition may keep in its schemas. */
export interface RootSchemaOptions extends SchemaOptions {
  /** Defaults have no fields that their schemas do not know. */
  readonly requirePrunedDefaults: boolean;
}

/** True when some schema anywhere in the definition is like that. */
export function hasSchemaWith(spec: CrdSpec, test: (s: JsonSchema) => boolean): boolean {
  return schemasOf(spec).some((root) => {
    for (const s of allSchemas(root)) if (test(s)) return true;
    return false;
  });
}

/** `hasStatus`: objects have a status subresource, which restricts the root. */
export function validateRootSchema(
  holder: CrdSpec['schema'],
  hasStatus: boolean,
  options: RootSchemaOptions,
  owner: FieldPath,
): FieldError[] {
  const schema = holder?.openAPIV3Schema;
  if (!schema) return [];
  const at = owner.child('openAPIV3Schema');
  const shown = (): unknown => internalForm('apiextensions/v1.JSONSchemaProps', schema);
  const errors = hasStatus ? validateRootWithStatus(schema, shown, at) : [];
  errors.push(...validateRootNullable(schema, at));
  // Overlaps with what is said of single fields, and is only shown where nothing else is.
  const problem = structuralProblem(schema);
  if (problem === undefined) {
    const structural = validateStructural(schema, at);
    if (structural.length === 0) {
      structural.push(...validateDefaults(schema, options.requirePrunedDefaults, at));
    }
    errors.push(...structural);
  }
  errors.push(...validateSchema(schema, options, at));
  if (errors.length > 0 || problem === undefined) return errors;
  return [invalidValue(at, '', problem)];
}
