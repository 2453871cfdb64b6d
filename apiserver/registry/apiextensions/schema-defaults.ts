/** Default values in a structural schema: they are values that the schema itself takes. */
import {
  errorText,
  type FieldError,
  FieldPath,
  invalidValue,
  summarize,
} from '../../../machinery/meta/field-error.ts';
import {
  objectTypeProblem,
  validateEmbeddedObjects,
  withReadMetadata,
} from './embedded-objects.ts';
import { byName, itemSchema, type JsonSchema } from './json-schema.ts';
import { hasUnknownFields, objectFields } from './schema-pruning.ts';
import { validateSchemaValue } from './schema-value.ts';

/** Where in an object a schema stands. */
interface Place {
  /** The schema of the innermost object around. */
  readonly root: JsonSchema;
  /** That object, with nothing in it but the value at this place, and what every object has. */
  around(value: unknown): unknown;
  /** It is, or is in, a field that every object has. */
  readonly insideMeta: boolean;
}

/** `pruned`: defaults may not have fields that the schema does not know. */
export function validateDefaults(s: JsonSchema, pruned: boolean, at: FieldPath): FieldError[] {
  const root = { ...s, 'x-kubernetes-embedded-resource': true };
  return walk(root, objectPlace(root), pruned, at);
}

/** True when some default has fields that its schema does not know. */
export function hasUnprunedDefault(s: JsonSchema): boolean {
  return isSet(s.default) && hasUnknownFields(s.default, s);
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function objectPlace(root: JsonSchema): Place {
  return {
    root,
    around: (value) => ({ apiVersion: 'validation/v1', kind: 'Validation', ...(value as object) }),
    insideMeta: false,
  };
}

function walk(s: JsonSchema, outer: Place, pruned: boolean, at: FieldPath): FieldError[] {
  const embedded = s['x-kubernetes-embedded-resource'] === true;
  const place = embedded ? objectPlace(s) : outer;
  const errors = isSet(s.default) ? validateDefault(s, place, pruned, at.child('default')) : [];
  const items = itemSchema(s);
  if (items !== undefined) {
    const inside = { ...place, around: (value: unknown) => place.around([value]) };
    errors.push(...walk(items, inside, pruned, at.child('items')));
  }
  for (const [name, property] of byName(s.properties)) {
    const inside = {
      root: place.root,
      around: (value: unknown) => place.around({ [name]: value }),
      insideMeta: place.insideMeta || (embedded && objectFields.has(name)),
    };
    errors.push(...walk(property, inside, pruned, at.child('properties').key(name)));
  }
  return errors;
}

function validateDefault(
  s: JsonSchema,
  place: Place,
  pruned: boolean,
  at: FieldPath,
): FieldError[] {
  const value = s.default;
  if (place.insideMeta) {
    const problem = metadataProblem(place.around(value), place.root);
    if (problem === undefined) return validateSchemaValue(value, s, at);
    return [invalidValue(at, value, `must result in valid metadata: ${problem}`)];
  }
  const errors: FieldError[] = [];
  if (pruned && hasUnknownFields(value, s)) {
    const shown = withReadMetadata(value, s);
    errors.push(invalidValue(at, shown, 'must not have unknown fields'));
  }
  const wrongType = objectTypeProblem(value, s, at);
  if (wrongType !== undefined) return [...errors, wrongType];
  const contents = validateEmbeddedObjects(value, s, at);
  return [...errors, ...(contents.length > 0 ? contents : validateSchemaValue(value, s, at))];
}

/** What is wrong with an object that has the value in its metadata. */
function metadataProblem(object: unknown, root: JsonSchema): string | undefined {
  const wrongType = objectTypeProblem(object, root, FieldPath.root);
  if (wrongType !== undefined) return errorText(wrongType);
  const errors = validateEmbeddedObjects(object, root, FieldPath.root);
  return errors.length === 0 ? undefined : summarize(errors);
}
