/**
 * A value against the schema of a custom resource, with the texts of the real server (those of its
 * OpenAPI library, which name a value by its path `a.b[0]` and the place `body`).
 */

import { jsonEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../../../machinery/meta/field-error.ts';
import { member } from '../../../machinery/meta/member.ts';
import { isOfFormat } from '../../../machinery/meta/string-formats.ts';
import { compileGoRegexp } from '../go-regexp.ts';
import { additionalSchema, byName, itemSchema, type JsonSchema } from './json-schema.ts';
import { ValueResult } from './schema-result.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** What is wrong with a value that stands at `at`. */
export function validateSchemaValue(
  value: unknown,
  schema: JsonSchema,
  at: FieldPath,
): FieldError[] {
  return check(value, schema, '').problems.map(({ name, render, message }) =>
    render(name === '' || name === '.' ? at : at.child(name.replace(/^\./, '')), message),
  );
}

function check(value: unknown, s: JsonSchema, path: string): ValueResult {
  const result = new ValueResult();
  const typed = Boolean(s.type) || Boolean(s.format);
  if (value === null || value === undefined) {
    if (typed) result.merge(checkType(null, s, path));
    return result.merge(checkEnum(null, s, path));
  }
  const steps: (ValueResult | false)[] = [
    typed && checkType(value, s, path),
    checkConditions(value, s, path),
    typeof value === 'string' && checkText(value, s, path),
    typeof value === 'string' && checkFormat(value, s, path),
    typeof value === 'number' && checkNumber(value, s, path),
    Array.isArray(value) && checkList(value, s, path),
    checkEnum(value, s, path),
    isObject(value) && checkObject(value, s, path),
  ];
  for (const step of steps) if (step !== false) result.merge(step).matched();
  return result.matched();
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function wrongType(path: string, wanted: string, actual: string): ValueResult {
  const text = `${path} in body must be of type ${wanted}: ${JSON.stringify(actual)}`;
  return ValueResult.of(path, text, (at, message) => typeInvalid(at, actual, message));
}

function checkType(value: unknown, { type = '', format = '', nullable }: JsonSchema, path: string) {
  const fine = new ValueResult().matched();
  const actual = typeOf(value);
  if (actual === 'null') {
    return type === '' || type === 'null' || nullable === true
      ? fine
      : wrongType(path, type, actual);
  }
  const fits = type === actual || (type === 'number' && actual === 'integer');
  const plain = actual !== 'string' && actual !== 'array';
  const own = actual === 'integer' ? 'int64' : actual === 'number' ? 'float64' : '';
  if (plain && format !== '' && !fits && own !== format) return wrongType(path, format, own);
  // A text in some format stands for what it says.
  if (!plain && format !== '' && type !== 'number' && type !== 'integer') return fine;
  return fits ? fine : wrongType(path, type, actual);
}

/** A problem with the value that is shown as it is. */
function wrong(path: string, value: unknown, text: string): ValueResult {
  return ValueResult.of(path, `${path} in body ${text}`, (at, message) =>
    invalidValue(at, value ?? '', message),
  );
}

/** A problem that names no value and no place. */
function vague(text: string): ValueResult {
  return ValueResult.of('', text, (at, message) => invalidValue(at, '', message));
}

function checkConditions(value: unknown, s: JsonSchema, path: string): ValueResult {
  const result = new ValueResult();
  const shown = JSON.stringify(path);
  const best = (all: readonly ValueResult[]) =>
    all.reduce((a, b) => (b.matches > a.matches ? b : a));
  const results = (list: readonly JsonSchema[] | null | undefined) =>
    (list ?? []).map((c) => check(value, c, path));
  const any = results(s.anyOf);
  if (any.length > 0) {
    const first = any.find((r) => r.valid);
    if (first === undefined) {
      result.merge(vague(`${shown} must validate at least one schema (anyOf)`));
    }
    result.merge(first ?? best(any));
  }
  const one = results(s.oneOf);
  if (one.length > 0) {
    const valid = one.filter((r) => r.valid);
    if (valid.length === 1) result.merge(valid[0]!);
    else {
      const found =
        valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
      result.merge(vague(`${shown} must validate one and only one schema (oneOf). ${found}`));
      if (valid.length === 0) result.merge(best(one));
    }
  }
  const all = results(s.allOf);
  for (const r of all) result.merge(r);
  if (all.some((r) => !r.valid)) {
    const none = all.some((r) => r.valid) ? '' : '. None validated';
    result.merge(vague(`${shown} must validate all the schemas (allOf)${none}`));
  }
  if (s.not && check(value, s.not, path).valid) {
    result.merge(vague(`${shown} must not validate the schema (not)`));
  }
  return result.matched();
}

function checkText(value: string, s: JsonSchema, path: string): ValueResult {
  const length = [...value].length;
  const { maxLength: most, minLength: least, pattern } = s;
  if (isNumber(most) && length > most) {
    const text = `${path} in body should be at most ${most} chars long`;
    return ValueResult.of(path, text, (at) => tooLong(at, most));
  }
  if (isNumber(least) && length < least) {
    return wrong(path, value, `should be at least ${least} chars long`);
  }
  if (!pattern) return new ValueResult();
  const compiled = compileGoRegexp(pattern);
  if (!(compiled instanceof RegExp)) {
    const text = `${pattern}, but pattern is invalid: ${compiled.problem}`;
    return wrong(path, value, `should match '${text}'`);
  }
  return compiled.test(value) ? new ValueResult() : wrong(path, value, `should match '${pattern}'`);
}

function checkFormat(value: string, { format = '' }: JsonSchema, path: string): ValueResult {
  if (isOfFormat(value, format)) return new ValueResult();
  const text = `${path} in body must be of type ${format}: ${JSON.stringify(value)}`;
  return ValueResult.of(path, text, (at, message) => typeInvalid(at, value, message));
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number';
}

const maxInt32 = 2 ** 31 - 1;
const maxFloat32 = 3.4028234663852886e38;

function checkNumber(value: number, s: JsonSchema, path: string): ValueResult {
  const result = new ValueResult().merge(checkRange(value, s, 'Checked', path));
  const whole = Number.isInteger(value);
  if (isNumber(s.multipleOf)) {
    const range = checkRange(s.multipleOf, s, 'MultipleOf', path);
    const factor = whole && range.valid ? Math.trunc(s.multipleOf) : s.multipleOf;
    result.merge(range).merge(checkMultiple(value, factor, path));
  }
  if (isNumber(s.maximum)) {
    const range = checkRange(s.maximum, s, 'Maximum boundary', path);
    const most = whole && range.valid ? Math.trunc(s.maximum) : s.maximum;
    result.merge(range);
    if (s.exclusiveMaximum === true ? value >= most : value > most) {
      const than = s.exclusiveMaximum === true ? 'less than' : 'less than or equal to';
      result.merge(wrong(path, value, `should be ${than} ${most}`));
    }
  }
  if (isNumber(s.minimum)) {
    const range = checkRange(s.minimum, s, 'Minimum boundary', path);
    const least = whole && range.valid ? Math.trunc(s.minimum) : s.minimum;
    result.merge(range);
    if (s.exclusiveMinimum === true ? value <= least : value < least) {
      const than = s.exclusiveMinimum === true ? 'greater than' : 'greater than or equal to';
      result.merge(wrong(path, value, `should be ${than} ${least}`));
    }
  }
  return result.matched();
}

function checkMultiple(value: number, factor: number, path: string): ValueResult {
  if (factor <= 0) {
    const text = `factor MultipleOf declared for ${path} must be positive: ${factor}`;
    return ValueResult.of(path, text, (at, message) => invalidValue(at, factor, message));
  }
  const quotient = factor < 1 ? (1 / factor) * value : value / factor;
  if (Math.abs(quotient - Math.round(quotient)) < 1e-9) return new ValueResult();
  return wrong(path, value, `should be a multiple of ${factor}`);
}

/** Can the number be one of that type and format at all? */
function checkRange(value: number, s: JsonSchema, what: string, path: string): ValueResult {
  const { type, format = '' } = s;
  const named = (text: string) => (text === '' ? '(default format)' : `with format ${text}`);
  if (type === 'integer') {
    const known = format === 'int32' || format === 'int64' ? format : '';
    const fits = Number.isInteger(value) && (known !== 'int32' || Math.abs(value) <= maxInt32 + 1);
    if (fits && !(known === 'int32' && value > maxInt32)) return new ValueResult();
    return vague(`${what} value must be of type integer ${named(known)} in ${path}`);
  }
  if (type === 'number' && format === 'float' && Math.abs(value) > maxFloat32) {
    return vague(`${what} value must be of type number ${named(format)} in ${path}`);
  }
  return new ValueResult();
}

function checkList(value: readonly unknown[], s: JsonSchema, path: string): ValueResult {
  const result = new ValueResult();
  const items = itemSchema(s);
  if (items !== undefined) {
    for (const [i, v] of value.entries()) result.merge(check(v, items, `${path}[${i}]`));
  }
  const size = value.length;
  const { minItems: least, maxItems: most } = s;
  if (isNumber(least) && size < least) {
    const text = `${path} in body should have at least ${least} items`;
    result.merge(ValueResult.of(path, text, (at, message) => invalidValue(at, size, message)));
  }
  if (isNumber(most) && size > most) {
    const text = `${path} in body should have at most ${most} items`;
    result.merge(ValueResult.of(path, text, (at) => tooMany(at, size, most)));
  }
  const repeated = value.some((v, i) => value.slice(0, i).some((w) => jsonEqual(v, w)));
  if (s.uniqueItems === true && repeated) {
    result.merge(wrong(path, undefined, "shouldn't contain duplicates"));
  }
  return result.matched();
}

function checkEnum(value: unknown, s: JsonSchema, path: string): ValueResult {
  const allowed = s.enum ?? [];
  if (allowed.length === 0) return new ValueResult();
  if (value !== null && allowed.some((v) => v !== null && jsonEqual(v, value))) {
    return new ValueResult();
  }
  const shown = allowed.map((v) => (typeof v === 'string' ? v : JSON.stringify(v)));
  const text = `${path} in body should be one of [${shown.join(' ')}]`;
  return ValueResult.of(path, text, (at) => notSupported(at, value, shown));
}

function checkObject(value: JsonObject, s: JsonSchema, path: string): ValueResult {
  const result = new ValueResult();
  const size = Object.keys(value).length;
  const { minProperties: least, maxProperties: most } = s;
  if (isNumber(least) && size < least) {
    const text = `${path} in body should have at least ${least} properties`;
    result.merge(ValueResult.of(path, text, (at, message) => invalidValue(at, size, message)));
  }
  if (isNumber(most) && size > most) {
    const text = `${path} in body should have at most ${most} properties`;
    result.merge(ValueResult.of(path, text, (at) => tooMany(at, size, most)));
  }
  const further = additionalSchema(s);
  for (const [key, v] of Object.entries(value)) {
    if (member(s.properties ?? {}, key) !== undefined) continue;
    if (s.additionalProperties === false) {
      const text = `${path}.${key} in body is a forbidden property`;
      result.merge(ValueResult.of(path, text, (at, message) => invalidValue(at, key, message)));
    } else if (further !== undefined) result.merge(check(v, further, `${path}.${key}`));
  }
  for (const [name, property] of byName(s.properties)) {
    if (!Object.hasOwn(value, name)) continue;
    result.merge(check(value[name], property, path === '' ? name : `${path}.${name}`));
  }
  for (const name of s.required ?? []) {
    if (Object.hasOwn(value, name)) continue;
    const text = `${path}.${name} in body is required`;
    result.merge(ValueResult.of(`${path}.${name}`, text, (at) => required(at)));
  }
  return result;
}
