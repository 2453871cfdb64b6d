/** Rules that several kinds of resource.k8s.io have in common. */
import { wasSent } from '../../../machinery/meta/emptied.ts';
import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
  tooLong,
  tooMany,
} from '../../../machinery/meta/field-error.ts';
import { byteLength, isCIdentifier } from '../../../machinery/meta/names.ts';
import { validateLabelName } from '../../../machinery/meta/object-meta-validation.ts';
import { invalidFor, validateDnsSubdomain } from '../core/field-checks.ts';
import { validateCsiDriverName } from '../core/volume/sources.ts';

const maxPoolName = 253;
const maxId = 32;
const maxDomain = 63;
const maxBindingConditions = 4;

/** What checks one item of a list. */
export type ItemCheck<T> = (item: T, at: FieldPath) => FieldError[];

/** Each item by itself, unless there are too many. */
export function validateItems<T>(
  list: readonly T[] | null | undefined,
  max: number,
  check: ItemCheck<T>,
  at: FieldPath,
): FieldError[] {
  const items = list ?? [];
  if (items.length > max) return [tooMany(at, items.length, max)];
  return items.flatMap((item, i) => check(item, at.index(i)));
}

/** validateItems, and that no two items have the same key. */
export function validateSet<T>(
  list: readonly T[] | null | undefined,
  max: number,
  check: ItemCheck<T>,
  keyOf: (item: T) => unknown,
  at: FieldPath,
): FieldError[] {
  const errors = validateItems(list, max, check, at);
  const items = list ?? [];
  if (items.length > max) return errors;
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    const key = keyOf(item);
    const text = JSON.stringify(key);
    if (seen.has(text)) errors.push(duplicate(at.index(i), key));
    seen.add(text);
  }
  return errors;
}

/** Keys, which are named at the map itself, and values. */
export function validateMap<T>(
  map: Readonly<Record<string, T>> | null | undefined,
  limits: { readonly entries: number; readonly shownKey: number },
  checkKey: ItemCheck<string>,
  checkValue: ItemCheck<T>,
  at: FieldPath,
): FieldError[] {
  const keys = Object.keys(map ?? {}).toSorted();
  if (keys.length > limits.entries) return [tooMany(at, keys.length, limits.entries)];
  return keys.flatMap((key) => [
    ...checkKey(key, at),
    ...checkValue(map![key]!, at.key(shortened(key, limits.shownKey))),
  ]);
}

/** Keys of attributes and capacities in paths are no longer than this. */
export const maxShownQualifiedName = maxDomain + 1 + maxId;

function shortened(key: string, max: number): string {
  if (key.length <= max) return key;
  const rest = max - 3;
  return `${key.slice(0, Math.ceil(rest / 2))}...${key.slice(key.length - Math.floor(rest / 2))}`;
}

/** DNS subdomains with slashes between them. */
export function validatePoolName(name: string, at: FieldPath): FieldError[] {
  if (name === '') return [required(at)];
  const errors = byteLength(name) > maxPoolName ? [tooLong(at, maxPoolName)] : [];
  return [...errors, ...name.split('/').flatMap((part) => validateDnsSubdomain(part, at))];
}

/** A UUID in its usual form. */
export function validateUid(uid: string, at: FieldPath): FieldError[] {
  const problem = uuidProblem(uid);
  if (problem !== undefined) {
    return [invalidValue(at, uid, `error validating uid: ${problem}`)];
  }
  if (uid.length === 36 && uid === uid.toLowerCase()) return [];
  const text =
    'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with ' +
    'lowercase hexadecimal characters';
  return [invalidValue(at, uid, text)];
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function uuidProblem(text: string): string | undefined {
  const bad = 'invalid UUID format';
  switch (byteLength(text)) {
    case 32:
      return /^[0-9a-f]*$/i.test(text) ? undefined : bad;
    case 36:
      return uuid.test(text) ? undefined : bad;
    case 38:
      if (!/^\{.*\}$/s.test(text)) return 'invalid bracketed UUID format';
      return uuid.test(text.slice(1, -1)) ? undefined : bad;
    case 45:
      if (!/^urn:uuid:/i.test(text))
        return `invalid urn prefix: ${JSON.stringify(text.slice(0, 9))}`;
      return uuid.test(text.slice(9)) ? undefined : bad;
    default:
      return `invalid UUID length: ${byteLength(text)}`;
  }
}

/** `name` or `domain/name`, as attributes and capacities are called. */
export function validateAttributeName(name: string, at: FieldPath): FieldError[] {
  const parts = name.split('/');
  if (parts.length === 1) return validateIdentifier(name, at);
  if (parts.length > 2) return [];
  const [domain = '', id = ''] = parts;
  return [
    ...(domain === ''
      ? [invalidValue(at, '', 'the domain must not be empty')]
      : validateCsiDriverName(domain, at)),
    ...(id === ''
      ? [invalidValue(at, '', 'the name must not be empty')]
      : validateIdentifier(id, at)),
  ];
}

/** `domain/name`. */
export function validateFullAttributeName(name: string, at: FieldPath): FieldError[] {
  const errors = validateAttributeName(name, at);
  if (name.includes('/')) return errors;
  const text = 'a fully qualified name must be a domain and a name separated by a slash';
  return [...errors, invalidValue(at, name, text)];
}

function validateIdentifier(id: string, at: FieldPath): FieldError[] {
  const errors = byteLength(id) > maxId ? [tooLong(at, maxId)] : [];
  return [...errors, ...invalidFor(at, id, isCIdentifier(id))];
}

/** Raw JSON: an object of a limited size. */
export function validateRawObject(value: unknown, max: number, at: FieldPath): FieldError[] {
  if (value === undefined || value === null) return [required(at)];
  if (byteLength(JSON.stringify(value)) > max) return [tooLong(at, max)];
  if (typeof value === 'object' && !Array.isArray(value)) return [];
  return [invalidValue(at, '<value omitted>', 'must be a valid JSON object')];
}

/** The conditions that a binding waits for and those that end it: both or none. */
export function validateBindingConditions(
  device: {
    readonly bindingConditions?: readonly string[];
    readonly bindingFailureConditions?: readonly string[];
  },
  at: FieldPath,
): FieldError[] {
  const good = device.bindingConditions ?? [];
  const bad = device.bindingFailureConditions ?? [];
  const shown = (list: 'bindingConditions' | 'bindingFailureConditions') =>
    device[list] ?? (wasSent(device, list) ? [] : null);
  const goodAt = at.child('bindingConditions');
  const badAt = at.child('bindingFailureConditions');
  const errors = [
    ...validateItems(good, maxBindingConditions, validateLabelName, goodAt),
    ...validateItems(bad, maxBindingConditions, validateLabelName, badAt),
  ];
  for (const [i, c] of good.entries()) {
    if (good.indexOf(c) < i) errors.push(duplicate(goodAt.index(i), c));
  }
  for (const [i, c] of bad.entries()) {
    if (bad.indexOf(c) < i) errors.push(duplicate(badAt.index(i), c));
    if (good.includes(c)) {
      const text = 'bindingFailureConditions must not overlap with bindingConditions';
      errors.push(invalidValue(badAt.index(i), c, text));
    }
  }
  if (good.length === 0 && bad.length > 0) {
    const text = 'bindingConditions are required to use bindingFailureConditions';
    errors.push(invalidValue(goodAt, shown('bindingConditions'), text));
  }
  if (bad.length === 0 && good.length > 0) {
    const text = 'bindingFailureConditions are required to use bindingConditions';
    errors.push(invalidValue(badAt, shown('bindingFailureConditions'), text));
  }
  return errors;
}
