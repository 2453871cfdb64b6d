/** The hash by which shared parameters are named (kube-openapi: builder/parameters.go). */

/** FNV-1 of the value as Go writes it, 48 bits of it in base64. */
export function contentHash(value: object): string {
  const text = JSON.stringify(value).replace(
    /[<>&]/g,
    (c) => `\\u00${c.charCodeAt(0).toString(16)}`,
  );
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) {
    hash = (hash * 0x100000001b3n) & 0xffffffffffffffffn;
    hash ^= BigInt(byte);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(hash);
  return bytes.toString('base64', 0, 6).replaceAll('+', '-').replaceAll('/', '_');
}
