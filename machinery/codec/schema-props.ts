/**
 * The three union types in schemas of custom resources: a schema, or a boolean, a list of schemas,
 * a list of strings. The real server reads what is inside leniently: no strict errors from there.
 */
import { listConverter } from './collections.ts';
import { type DecodeContext, DecodeError } from './decode-context.ts';
import { type Convert, type Converter, scalars } from './scalars.ts';

type UnionKind =
  | 'JSONSchemaPropsOrBool'
  | 'JSONSchemaPropsOrArray'
  | 'JSONSchemaPropsOrStringArray';

/** The converter of a union; `props` is that of JSONSchemaProps. */
export function schemaPropsConverter(kind: UnionKind, props: Converter): Converter {
  const list = listConverter(
    kind === 'JSONSchemaPropsOrArray' ? props : scalars.string,
    kind === 'JSONSchemaPropsOrArray' ? '[]v1.JSONSchemaProps' : '[]string',
  );
  const convert: Convert = (v, context) => {
    if (v === null || v === undefined) return undefined;
    if (kind === 'JSONSchemaPropsOrBool') {
      if (typeof v === 'boolean') return v;
      if (typeof v !== 'object' || Array.isArray(v)) {
        throw new DecodeError('boolean or JSON schema expected');
      }
      return leniently(props, v, context);
    }
    if (typeof v !== 'object') return null;
    if (!Array.isArray(v)) return leniently(props, v, context);
    return v.length === 0 ? null : leniently(list, v, context);
  };
  return { convert, zero: () => null, isEmpty: () => false, structLike: true };
}

function leniently(inner: Converter, value: unknown, context: DecodeContext): unknown {
  const { strictErrors } = context;
  context.strictErrors = undefined;
  const after = inner.convert(value, context);
  context.strictErrors = strictErrors;
  return after;
}
