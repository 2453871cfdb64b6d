/**
 * Strict decoding errors of a body that repeats fields. Unknown and repeated fields are listed in
 * the order in which the real server's decoder meets them; inside unknown fields and embedded
 * objects it does not look.
 */
import { quote } from '../meta/field-error.ts';
import type { StructType, TypeRef } from '../schema/schema.ts';
import type { Members } from './json-text.ts';

/** The real server lists no more. */
const limit = 100;

/** All strict errors of a value of `type`; `repeated` has the members of objects that repeat. */
export function strictErrorsOf(
  value: unknown,
  type: StructType,
  repeated: ReadonlyMap<object, Members>,
): string[] {
  const walker = new Walker(repeated);
  walker.struct(value, type, '');
  return [...walker.errors];
}

class Walker {
  readonly errors = new Set<string>();
  private readonly repeated: ReadonlyMap<object, Members>;

  constructor(repeated: ReadonlyMap<object, Members>) {
    this.repeated = repeated;
  }

  struct(value: unknown, type: StructType, path: string): void {
    if (!isObject(value)) return;
    const seen = new Set<string>();
    for (const [key, member] of this.members(value)) {
      const at = path === '' ? key : `${path}.${key}`;
      const field = type.byName.get(key);
      const isMeta = type.typeMeta && (key === 'kind' || key === 'apiVersion');
      if (field === undefined && !isMeta) {
        this.report('unknown field', at);
        continue;
      }
      if (seen.has(key)) this.report('duplicate field', at);
      seen.add(key);
      if (field !== undefined) this.value(member, field.type, at);
    }
  }

  private value(value: unknown, ref: TypeRef, path: string): void {
    if (ref.kind === 'struct') {
      if (ref.type.wraps !== undefined) this.value(value, ref.type.wraps, path);
      else this.struct(value, ref.type, path);
    } else if (ref.kind === 'list' && Array.isArray(value)) {
      value.forEach((item, i) => {
        this.value(item, ref.of, `${path}[${i}]`);
      });
    } else if (ref.kind === 'map' && isObject(value)) this.map(value, ref.of, path);
  }

  private map(value: object, of: TypeRef, path: string): void {
    const seen = new Set<string>();
    for (const [key, member] of this.members(value)) {
      const at = `${path}.${key}`;
      if (seen.has(key)) this.report('duplicate field', at);
      seen.add(key);
      this.value(member, of, at);
    }
  }

  private members(value: object): Members {
    return this.repeated.get(value) ?? Object.entries(value);
  }

  private report(what: string, path: string): void {
    if (this.errors.size < limit) this.errors.add(`${what} ${quote(path)}`);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
