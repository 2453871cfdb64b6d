/**
 * Validation errors: a path into the object, a type, the offending value, a detail.
 * Texts and cause reasons as the real server v1.36 renders them in `Status.details.causes`.
 */

/** Cause reasons with the words a message starts with. */
const words = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTooFew: 'Too few',
  FieldValueTooShort: 'Too short',
  FieldValueTypeInvalid: 'Invalid value',
  InternalError: 'Internal error',
} as const;

export type FieldErrorType = keyof typeof words;

/** `.name` or `[element]`. */
type PathForm = 'name' | 'element';

/** An immutable path such as `spec.containers[0].env[1].name` or `metadata.labels[a/b]`. */
export class FieldPath {
  private readonly parent: FieldPath | undefined;
  private readonly last: string | number;
  private readonly form: PathForm;

  // Text is made when it is asked for: most paths belong to values that are in order.
  private constructor(parent: FieldPath | undefined, last: string | number, form: PathForm) {
    this.parent = parent;
    this.last = last;
    this.form = form;
  }

  /** The object itself; `FieldPath.root.child('spec')` prints `spec`. */
  static readonly root = new FieldPath(undefined, '', 'name');

  /** The object itself where the real server names it by an empty name, which it prints so. */
  static readonly unnamed = new FieldPath(undefined, '[]', 'name');

  /** Starts a path: `FieldPath.of('spec', 'template')`. */
  static of(...names: string[]): FieldPath {
    return new FieldPath(undefined, names.join('.'), 'name');
  }

  /** A step down, or several, by their names. */
  // No rest parameter: its list would be made for each of the hundreds of steps of a validation.
  child(name: string, second?: string, third?: string, fourth?: string): FieldPath {
    const next = new FieldPath(this, name, name === '' ? 'element' : 'name');
    return second === undefined ? next : next.child(second, third, fourth);
  }

  index(i: number): FieldPath {
    return new FieldPath(this, i, 'element');
  }

  key(k: string): FieldPath {
    return new FieldPath(this, k, 'element');
  }

  toString(): string {
    const before = this.parent?.toString() ?? '';
    if (this.form === 'element') return `${before}[${this.last}]`;
    return before === '' ? String(this.last) : `${before}.${this.last}`;
  }
}

/** What a validation function returns a list of. `value` undefined: no value is shown. */
export interface FieldError {
  type: FieldErrorType;
  field: string;
  value?: unknown;
  detail: string;
}

/** What Go prints as it is, beside the ASCII space. */
const printable = /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u;

function codePoint(c: number): string {
  const hex = c.toString(16);
  return c > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}

/** Quotes a string as Go's %q does, which the server's messages use. */
export function quote(s: string): string {
  let out = '"';
  for (const ch of s) {
    const c = ch.codePointAt(0)!;
    if (ch === '"' || ch === '\\') out += `\\${ch}`;
    else if (c === 7) out += '\\a';
    else if (c === 8) out += '\\b';
    else if (c === 12) out += '\\f';
    else if (c === 10) out += '\\n';
    else if (c === 13) out += '\\r';
    else if (c === 9) out += '\\t';
    else if (c === 11) out += '\\v';
    else if (c < 0x20 || c === 0x7f) out += `\\x${c.toString(16).padStart(2, '0')}`;
    else if (c >= 0x80 && (c === 0xfffd || !printable.test(ch))) out += codePoint(c);
    else out += ch;
  }
  return `${out}"`;
}

function renderValue(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  // Go's encoder escapes these three in any JSON it writes.
  return JSON.stringify(value ?? null).replace(
    /[<>&]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const withoutValue = new Set<FieldErrorType>([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'FieldValueTooShort',
  'InternalError',
]);

/** The message without the field: `Invalid value: "x": must be …`. */
export function errorBody(e: FieldError): string {
  let s: string = words[e.type];
  if (!withoutValue.has(e.type) && 'value' in e) s += `: ${renderValue(e.value)}`;
  return e.detail === '' ? s : `${s}: ${e.detail}`;
}

/** `field: body`. */
export function errorText(e: FieldError): string {
  return `${e.field}: ${errorBody(e)}`;
}

/** The text of a whole list as a Status message carries it: one bare, several in brackets. */
export function summarize(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(errorText))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

/** `Status.details.causes` for a list of errors. */
export function renderCauses(
  errors: readonly FieldError[],
): { reason: string; message: string; field: string }[] {
  return errors.map((e) => ({ reason: e.type, message: errorBody(e), field: e.field }));
}

export function notFoundField(at: FieldPath, value: unknown): FieldError {
  return { type: 'FieldValueNotFound', field: String(at), value, detail: '' };
}

export function required(at: FieldPath, detail = ''): FieldError {
  return { type: 'FieldValueRequired', field: String(at), detail };
}

export function duplicate(at: FieldPath, value: unknown): FieldError {
  return { type: 'FieldValueDuplicate', field: String(at), value, detail: '' };
}

export function invalidValue(at: FieldPath, value: unknown, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field: String(at), value, detail };
}

export function typeInvalid(at: FieldPath, value: unknown, detail: string): FieldError {
  return { type: 'FieldValueTypeInvalid', field: String(at), value, detail };
}

/** `Unsupported value: "x": supported values: "a", "b"`; pass the values in the server's order. */
export function notSupported(
  at: FieldPath,
  value: unknown,
  supported: readonly string[],
): FieldError {
  const detail = supported.length > 0 ? `supported values: ${supported.map(quote).join(', ')}` : '';
  return { type: 'FieldValueNotSupported', field: String(at), value, detail };
}

export function forbiddenField(at: FieldPath, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field: String(at), detail };
}

export function tooLong(
  at: FieldPath,
  max: number,
  unit: 'byte' | 'character' = 'byte',
): FieldError {
  const detail =
    max >= 0 ? `may not be more than ${max} ${unit}${max === 1 ? '' : 's'}` : 'value is too long';
  return { type: 'FieldValueTooLong', field: String(at), detail };
}

export function tooMany(at: FieldPath, actual: number, max: number): FieldError {
  const detail =
    max >= 0 ? `must have at most ${max} item${max === 1 ? '' : 's'}` : 'has too many items';
  return {
    type: 'FieldValueTooMany',
    field: String(at),
    detail,
    ...(actual >= 0 ? { value: actual } : {}),
  };
}

export function tooFew(at: FieldPath, actual: number, min: number): FieldError {
  const detail =
    min >= 0 ? `must have at least ${min} item${min === 1 ? '' : 's'}` : 'has too few items';
  return {
    type: 'FieldValueTooFew',
    field: String(at),
    detail,
    ...(actual >= 0 ? { value: actual } : {}),
  };
}

export function internalFieldError(at: FieldPath, detail: string): FieldError {
  return { type: 'InternalError', field: String(at), detail };
}
