/** ASN.1 in DER (X.690), as far as certificates and requests for them need it. */

/** An encoding that breaks the rules; the message is worded as Go's encoding/asn1 words it. */
export class MalformedError extends Error {}

/** One element and what follows it. */
export interface Element {
  readonly tag: number;
  /** Header and contents. */
  readonly raw: Buffer;
  readonly contents: Buffer;
  readonly rest: Buffer;
}

export const booleanTag = 0x01;
export const integerTag = 0x02;
export const bitStringTag = 0x03;
export const octetStringTag = 0x04;
export const oidTag = 0x06;
export const bmpStringTag = 0x1e;
export const sequenceTag = 0x30;
export const setTag = 0x31;

/** The element of that tag at the start. Throws MalformedError. */
export function read(der: Buffer, tag: number): Element {
  if (der.length === 0) throw new MalformedError('asn1: syntax error: sequence truncated');
  if (der.length < 2) throw new MalformedError('asn1: syntax error: data truncated');
  let length = der[1]!;
  let header = 2;
  if (length & 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 4 || der.length < 2 + count) {
      throw new MalformedError('asn1: syntax error: truncated tag or length');
    }
    length = der.readUIntBE(2, count);
    header += count;
  }
  if (der[0] !== tag) {
    throw new MalformedError(
      `asn1: structure error: tags don't match (${tag & 0x1f} vs ${der[0]})`,
    );
  }
  const end = header + length;
  if (der.length < end) throw new MalformedError('asn1: syntax error: data truncated');
  return {
    tag,
    raw: der.subarray(0, end),
    contents: der.subarray(header, end),
    rest: der.subarray(end),
  };
}

/** An attribute of a distinguished name. */
export interface NameAttribute {
  /** Contents of the OID, hexadecimal. */
  readonly oid: string;
  readonly text: string;
}

/** 2.5.4.3. */
export const commonNameOid = '550403';
/** 2.5.4.10. */
export const organizationOid = '55040a';

/** The attributes of a name (the contents of its sequence), in order. Throws MalformedError. */
export function nameAttributes(contents: Buffer): NameAttribute[] {
  const out: NameAttribute[] = [];
  for (let sets = contents; sets.length > 0; ) {
    const set = read(sets, setTag);
    sets = set.rest;
    for (let pairs = set.contents; pairs.length > 0; ) {
      const pair = read(pairs, sequenceTag);
      pairs = pair.rest;
      const oid = read(pair.contents, oidTag);
      const value = read(oid.rest, oid.rest[0] ?? 0);
      out.push({ oid: oid.contents.toString('hex'), text: textOf(value) });
    }
  }
  return out;
}

function textOf({ tag, contents }: Element): string {
  if (tag !== bmpStringTag) return contents.toString('utf8');
  return Buffer.from(contents).swap16().toString('utf16le');
}
