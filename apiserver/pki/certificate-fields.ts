/** Parts of certificates (RFC 5280) that node:crypto does not tell, or tells ambiguously. */
import type { X509Certificate } from 'node:crypto';
import {
  booleanTag,
  integerTag,
  type NameAttribute,
  nameAttributes,
  octetStringTag,
  oidTag,
  read,
  sequenceTag,
} from './der.ts';

/** [0] EXPLICIT Version and [3] EXPLICIT Extensions. */
const versionTag = 0xa0;
const extensionsTag = 0xa3;
/** 2.5.29.19. */
const basicConstraintsOid = '551d13';

/** The attributes of the subject, in order. Throws MalformedError. */
export function subjectAttributes(certificate: X509Certificate): NameAttribute[] {
  return nameAttributes(afterIssuer(certificate).subject);
}

/** How many authorities may stand between this one and the owner; undefined without a limit. */
export function pathLength(certificate: X509Certificate): number | undefined {
  let rest = afterIssuer(certificate).rest;
  while (rest.length > 0 && rest[0] !== extensionsTag) rest = read(rest, rest[0]!).rest;
  if (rest.length === 0) return undefined;
  const list = read(read(rest, extensionsTag).contents, sequenceTag);
  for (let extensions = list.contents; extensions.length > 0; ) {
    const extension = read(extensions, sequenceTag);
    extensions = extension.rest;
    const oid = read(extension.contents, oidTag);
    if (oid.contents.toString('hex') !== basicConstraintsOid) continue;
    const critical = oid.rest[0] === booleanTag ? read(oid.rest, booleanTag).rest : oid.rest;
    const value = read(read(critical, octetStringTag).contents, sequenceTag).contents;
    const afterCa = value[0] === booleanTag ? read(value, booleanTag).rest : value;
    if (afterCa.length === 0) return undefined;
    const { contents } = read(afterCa, integerTag);
    return contents.readUIntBE(0, Math.min(contents.length, 6));
  }
  return undefined;
}

/** The subject's contents and what follows it. */
function afterIssuer({ raw }: X509Certificate): { subject: Buffer; rest: Buffer } {
  let at = read(read(raw, sequenceTag).contents, sequenceTag).contents;
  if (at[0] === versionTag) at = read(at, versionTag).rest;
  const serial = read(at, integerTag);
  const algorithm = read(serial.rest, sequenceTag);
  const issuer = read(algorithm.rest, sequenceTag);
  const validity = read(issuer.rest, sequenceTag);
  const subject = read(validity.rest, sequenceTag);
  return { subject: subject.contents, rest: subject.rest };
}
