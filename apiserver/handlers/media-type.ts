/** Media types of Content-Type headers. */

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const quoted = '"(?:[^"\\\\]|\\\\.)*"';
const typeOnly = new RegExp(`^${token}/${token}$`);
const parameter = new RegExp(`^[ \\t]*;[ \\t]*(${token})=(?:${token}|${quoted})`);

/** The type without its parameters, in lower case; JSON when there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  const type = (contentType ?? '').split(';')[0]!.trim().toLowerCase();
  return type === '' ? 'application/json' : type;
}

/** The same for a header that must be well formed (Go's ParseMediaType); undefined: it is not. */
export function strictMediaTypeOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined || contentType === '') return 'application/json';
  const end = contentType.indexOf(';');
  const type = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  if (!typeOnly.test(type)) return undefined;
  const seen = new Set<string>();
  let rest = end < 0 ? '' : contentType.slice(end);
  while (!/^[ \t]*;?[ \t]*$/.test(rest)) {
    const found = parameter.exec(rest);
    if (found === null) return undefined;
    const name = found[1]!.toLowerCase();
    if (seen.has(name)) return undefined;
    seen.add(name);
    rest = rest.slice(found[0].length);
  }
  return type;
}
