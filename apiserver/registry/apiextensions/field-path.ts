/** Simple JSON paths (`.spec.a`, `.spec['a.b']`) followed through a schema. */
import { additionalSchema, type JsonSchema } from './json-schema.ts';

/** Where a path leads, or why it leads nowhere. */
export type FoundField =
  | { readonly schema: JsonSchema | undefined; readonly steps: readonly string[] }
  | { readonly problem: string };

/** Follows `path` from `schema`; `brackets`: the notation with quotes may be used. */
export function fieldAt(path: string, schema: JsonSchema, { brackets = true } = {}): FoundField {
  let here: JsonSchema | undefined = schema;
  const steps: string[] = [];
  const tokens = tokensOf(path);
  const ended = { problem: 'unexpected end of JSON path' };
  const invalid = { problem: 'does not refer to a valid field' };
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i++]!;
    let name = tokens[i++];
    if (token === '[') {
      if (!brackets) return { problem: 'array notation is not allowed' };
      if (name === undefined) return ended;
      if (!/^'.*'$/s.test(name) || name.length < 2) {
        return { problem: `expected single quoted string but got ${name}` };
      }
      name = unescaped(name.slice(1, -1));
    } else if (token !== '.') return { problem: `expected [ or . but got: ${token}` };
    else if (name === undefined) return ended;
    if (here === undefined) return invalid;
    const { properties } = here as JsonSchema;
    const named = Object.keys(properties ?? {}).length > 0;
    if (named) {
      if (!Object.hasOwn(properties!, name)) return invalid;
      here = properties![name];
    } else {
      const { additionalProperties } = here as JsonSchema;
      if (additionalProperties === undefined || additionalProperties === null) return invalid;
      here = additionalSchema(here as JsonSchema);
    }
    steps.push(named ? `.${name}` : `[${name}]`);
    if (token !== '[') continue;
    const close = tokens[i++];
    if (close === undefined) return ended;
    if (close !== ']') return { problem: `expected ] but got ${close}` };
  }
  return { schema: here, steps };
}

/** Dots, brackets, quoted texts and what is between them. */
function tokensOf(path: string): string[] {
  return path.match(/'(?:[^'\\]|\\.)*'|'.*$|[.[\]]|[^.[\]]+/gs) ?? [];
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, c: string) => escapes[c] ?? c);
}
