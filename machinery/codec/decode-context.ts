/**
 * Where a typed decoder is and what it has found so far. Order of precedence as in the real
 * server's decoder: a text that a type cannot read ends decoding at once, the first value of a
 * wrong kind is reported when everything has been read.
 */
import { quote } from '../meta/field-error.ts';
import { JsonNumber } from './json-text.ts';

/** A value does not fit its type; the message is the real server's. */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DecodeError';
  }
}

/** A struct's field as the path shows it: in strict errors by name, in Go's with embeddings. */
export interface PathField {
  readonly name: string;
  readonly goPath: string;
}

/** The real server lists no more strict errors than this. */
const strictErrorLimit = 100;

export class DecodeContext {
  /** Fields, list indices and map keys (as `{key}`) down to the current value. */
  readonly path: (PathField | number | { readonly key: string })[] = [];
  /** Name of the Go struct whose field is being read. */
  struct = '';
  /** Where strict errors go; undefined while they are not wanted. */
  strictErrors: string[] | undefined;
  /**
   * Empty lists and maps of fields that are always written stay what they are, as in an object that
   * was just sent; once stored they come back as null.
   */
  readonly keepsEmptyLists: boolean;
  /** The value was read with JsonNumber in it. */
  readonly spelled: boolean;
  private firstMismatch: string | undefined;

  constructor(strict: boolean, spelled: boolean, keepsEmptyLists = false) {
    this.keepsEmptyLists = keepsEmptyLists;
    this.strictErrors = strict ? [] : undefined;
    this.spelled = spelled;
  }

  /** Throws what has been put aside. */
  finish(): void {
    if (this.firstMismatch !== undefined) throw new DecodeError(this.firstMismatch);
  }

  /** A value of the wrong kind: remembered if it is the first. */
  mismatch(value: unknown, goType: string, found = kindOf(value)): undefined {
    this.firstMismatch ??= `json: cannot unmarshal ${found} into Go ${this.where()} of type ${goType}`;
    return undefined;
  }

  /** A failure with a text of its own that does not end decoding (base64). */
  remember(message: string): undefined {
    this.firstMismatch ??= message;
    return undefined;
  }

  unknownField(name: string): void {
    const list = this.strictErrors;
    if (list === undefined || list.length >= strictErrorLimit) return;
    const path = this.strictPath();
    list.push(`unknown field ${quote(path === '' ? name : `${path}.${name}`)}`);
  }

  /** The error for a value that a type with its own reader rejects by kind. */
  mismatchNow(value: unknown, goType: string, found = kindOf(value)): never {
    throw new DecodeError(
      `json: cannot unmarshal ${found} into Go ${this.where()} of type ${goType}`,
    );
  }

  private where(): string {
    const fields = this.path.flatMap((p) => (isField(p) ? [p.goPath] : []));
    return fields.length === 0 ? 'value' : `struct field ${this.struct}.${fields.join('.')}`;
  }

  private strictPath(): string {
    let path = '';
    for (const p of this.path) {
      if (typeof p === 'number') path += `[${p}]`;
      else {
        const name = isField(p) ? p.name : p.key;
        path += path === '' ? name : `.${name}`;
      }
    }
    return path;
  }
}

function isField(p: PathField | number | { readonly key: string }): p is PathField {
  return typeof p === 'object' && 'goPath' in p;
}

/** What a JSON value is called in errors. */
function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'object' && !(value instanceof JsonNumber)) return 'object';
  return 'number';
}

/** A JSON object: no list, null, scalar or number that keeps its spelling. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof JsonNumber)
  );
}

/** A number as it was written. */
export function sourceOf(value: unknown): string {
  return value instanceof JsonNumber ? value.source : String(value);
}

/** A schemaless value without JsonNumber in it, replaced in place. */
export function withoutSpelling(value: unknown): unknown {
  if (value instanceof JsonNumber) return value.value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    value.forEach((item, i) => {
      value[i] = withoutSpelling(item);
    });
    return value;
  }
  const object = value as Record<string, unknown>;
  for (const key of Object.keys(object)) {
    const member = object[key];
    if (typeof member === 'object') {
      const plain = withoutSpelling(member);
      if (plain !== member) object[key] = plain;
    }
  }
  return object;
}
