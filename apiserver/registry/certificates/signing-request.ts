/** PKCS #10 certificate requests (RFC 2986): parsing and the check of their signature. */
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  bitStringTag,
  commonNameOid,
  integerTag,
  MalformedError,
  nameAttributes,
  oidTag,
  organizationOid,
  read,
  sequenceTag,
} from '../../pki/der.ts';
import { pemBlocks } from './pem.ts';

/** What is wrong with a PEM request: its form or its signature; undefined when nothing is. */
export function signingRequestProblem(pem: Buffer): string | undefined {
  const [first] = pemBlocks(pem.toString('latin1'));
  if (first?.type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST';
  try {
    return signatureProblem(first.bytes);
  } catch (e) {
    if (e instanceof MalformedError) return e.message;
    throw e;
  }
}

function signatureProblem(der: Buffer): string | undefined {
  const request = read(der, sequenceTag);
  if (request.rest.length > 0) throw new MalformedError('asn1: syntax error: trailing data');
  const info = read(request.contents, sequenceTag);
  const algorithm = read(info.rest, sequenceTag);
  const signature = read(algorithm.rest, bitStringTag);
  const oid = read(algorithm.contents, oidTag).contents.toString('hex');
  const key = publicKeyOf(info.contents);
  const scheme = schemes[oid];
  if (scheme === undefined) {
    return 'x509: cannot verify signature: algorithm unimplemented';
  }
  if (scheme.insecure !== undefined) {
    return `x509: cannot verify signature: insecure algorithm ${scheme.insecure}`;
  }
  if (key.asymmetricKeyType !== scheme.keyType) {
    return 'x509: signature algorithm specifies a different key type than the public key';
  }
  const padding = scheme.pss
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
    : {};
  // The first byte of a bit string counts its unused bits.
  const bits = signature.contents.subarray(1);
  return verify(scheme.hash, info.raw, { key, ...padding }, bits) ? undefined : scheme.failure;
}

/** Whom a PEM request names. Throws an Error that says what is malformed. */
export function signingRequestSubject(pem: Buffer): {
  readonly commonName: string;
  readonly organizations: readonly string[];
} {
  const [first] = pemBlocks(pem.toString('latin1'));
  if (first?.type !== 'CERTIFICATE REQUEST') {
    throw new MalformedError('PEM block type must be CERTIFICATE REQUEST');
  }
  const info = read(read(first.bytes, sequenceTag).contents, sequenceTag);
  const subject = read(read(info.contents, integerTag).rest, sequenceTag);
  let commonName = '';
  const organizations: string[] = [];
  for (const { oid, text } of nameAttributes(subject.contents)) {
    if (oid === commonNameOid) commonName = text;
    if (oid === organizationOid) organizations.push(text);
  }
  return { commonName, organizations };
}

/** version, subject, subjectPublicKeyInfo, attributes. */
function publicKeyOf(info: Buffer): KeyObject {
  const version = read(info, integerTag);
  const subject = read(version.rest, sequenceTag);
  const spki = read(subject.rest, sequenceTag);
  try {
    return createPublicKey({ key: spki.raw, format: 'der', type: 'spki' });
  } catch {
    throw new MalformedError('x509: unknown public key algorithm');
  }
}

interface Scheme {
  readonly hash: string | null;
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  readonly pss?: boolean;
  /** What Go says of a signature that does not fit. */
  readonly failure: string;
  readonly insecure?: string;
}

const rsa = (hash: string, pss = false): Scheme => ({
  hash,
  keyType: 'rsa',
  pss,
  failure: 'crypto/rsa: verification error',
});
const ecdsa = (hash: string): Scheme => ({
  hash,
  keyType: 'ec',
  failure: 'x509: ECDSA verification failure',
});

/** By the hexadecimal contents of the algorithm's OID. */
const schemes: Readonly<Record<string, Scheme>> = {
  '2a864886f70d010104': { ...rsa('md5'), insecure: 'MD5-RSA' },
  '2a864886f70d010105': { ...rsa('sha1'), insecure: 'SHA1-RSA' },
  '2a864886f70d01010b': rsa('sha256'),
  '2a864886f70d01010c': rsa('sha384'),
  '2a864886f70d01010d': rsa('sha512'),
  // RSA-PSS: the hash stands in the parameters; SHA-256 is what tools write.
  '2a864886f70d01010a': rsa('sha256', true),
  '2a8648ce3d0401': { ...ecdsa('sha1'), insecure: 'ECDSA-SHA1' },
  '2a8648ce3d040302': ecdsa('sha256'),
  '2a8648ce3d040303': ecdsa('sha384'),
  '2a8648ce3d040304': ecdsa('sha512'),
  '2b6570': { hash: null, keyType: 'ed25519', failure: 'x509: Ed25519 verification failure' },
};
