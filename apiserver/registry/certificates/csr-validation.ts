/** The rules of CertificateSigningRequests: of new ones, and of what each face may change. */
import { X509Certificate } from 'node:crypto';
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  quote,
  required,
} from '../../../machinery/meta/field-error.ts';
import type { CertificateSigningRequest } from '../../../machinery/schema/wire.ts';
import { validateSignerName } from '../core/volume/signer-names.ts';
import { internalList } from '../internal-form.ts';
import { lineDiff } from '../line-diff.ts';
import { pemBlocks } from './pem.ts';
import { signingRequestProblem } from './signing-request.ts';

type Csr = CertificateSigningRequest;
type Condition = NonNullable<NonNullable<Csr['status']>['conditions']>[number];

const legacySigner = 'kubernetes.io/legacy-unknown';
const minExpirationSeconds = 600;
const decided = ['Approved', 'Denied', 'Failed'];
const specPath = FieldPath.of('spec');
const conditionsPath = FieldPath.of('status', 'conditions');
const certificatePath = FieldPath.of('status', 'certificate');
const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

/** Which part of the status a write may set. */
export type CsrFace = 'main' | 'status' | 'approval';

export function validateCsr(next: Csr): FieldError[] {
  return validateAll(next, undefined);
}

export function validateCsrUpdate(next: Csr, prev: Csr, face: CsrFace): FieldError[] {
  const errors = validateAll(next, prev);
  for (const type of decided) {
    if (conditionsOf(next, type).length < conditionsOf(prev, type).length) {
      const text = `updates may not remove a condition of type ${quote(type)}`;
      errors.push(forbiddenField(conditionsPath, text));
    }
  }
  if (face !== 'approval') {
    for (const type of ['Approved', 'Denied']) errors.push(...validateKept(next, prev, type));
  }
  const certificate = next.status?.certificate ?? '';
  const before = prev.status?.certificate ?? '';
  if (certificate !== before) {
    if (face !== 'status') {
      errors.push(forbiddenField(certificatePath, 'updates may not set certificate content'));
    } else if (before !== '') {
      const text = 'updates may not modify existing certificate content';
      errors.push(forbiddenField(certificatePath, text));
    }
  }
  return errors;
}

function validateKept(next: Csr, prev: Csr, type: string): FieldError[] {
  const conditions = conditionsOf(next, type);
  const before = conditionsOf(prev, type);
  if (conditions.length < before.length || deepEqual(conditions, before)) return [];
  if (conditions.length > before.length) {
    const text = `updates may not add a condition of type ${quote(type)}`;
    return [forbiddenField(conditionsPath, text)];
  }
  const show = (list: Condition[]) =>
    JSON.stringify(
      internalList('certificates/v1.CertificateSigningRequestCondition', list),
      null,
      1,
    );
  const diff = lineDiff(show(before), show(conditions));
  const text = `updates may not modify a condition of type ${quote(type)}\n${diff}`;
  return [forbiddenField(conditionsPath, text)];
}

function conditionsOf(csr: Csr, type: string): Condition[] {
  return (csr.status?.conditions ?? []).filter((c) => c.type === type);
}

/** `prev` is what is stored: what was invalid in it may stay. */
function validateAll(next: Csr, prev: Csr | undefined): FieldError[] {
  const { request, signerName = '', expirationSeconds }: Partial<Csr['spec']> = next.spec;
  const errors: FieldError[] = [];
  const problem = signingRequestProblem(Buffer.from(request ?? '', 'base64'));
  if (problem !== undefined) {
    errors.push(invalidValue(specPath.child('request'), request ?? null, problem));
  }
  errors.push(...validateUsages(next.spec.usages ?? [], prev?.spec.usages ?? []));
  const signerAt = specPath.child('signerName');
  if (signerName === legacySigner && prev?.spec.signerName !== legacySigner) {
    const text = 'the legacy signerName is not allowed via this API version';
    errors.push(invalidValue(signerAt, signerName, text));
  } else errors.push(...validateSignerName(signerName, signerAt));
  if (expirationSeconds !== undefined && expirationSeconds < minExpirationSeconds) {
    const text = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalidValue(specPath.child('expirationSeconds'), expirationSeconds, text));
  }
  errors.push(...validateConditions(next.status?.conditions ?? [], prev?.status?.conditions ?? []));
  const certificate = next.status?.certificate ?? '';
  const before = prev?.status?.certificate ?? '';
  const keeps = prev !== undefined && (certificate === before || certificateProblem(before));
  const certificateFault = keeps ? undefined : certificateProblem(certificate);
  if (certificateFault !== undefined) {
    errors.push(invalidValue(certificatePath, '<certificate data>', certificateFault));
  }
  return errors;
}

function validateUsages(next: readonly string[], prev: readonly string[]): FieldError[] {
  const at = specPath.child('usages');
  const errors: FieldError[] = next.length === 0 ? [required(at)] : [];
  if (prev.every((u) => usages.includes(u))) {
    for (const [i, usage] of next.entries()) {
      if (!usages.includes(usage)) errors.push(notSupported(at.index(i), usage, usages));
    }
  }
  if (new Set(prev).size < prev.length) return errors;
  const repeated = next.entries().filter(([i, usage]) => next.indexOf(usage) < i);
  return [...errors, ...repeated.map(([i, usage]) => duplicate(at.index(i), usage))];
}

function validateConditions(next: readonly Condition[], prev: readonly Condition[]): FieldError[] {
  const errors: FieldError[] = [];
  const keepsEmpty = prev.some((c) => !c.type);
  const keepsBoth = ['Approved', 'Denied'].every((t) => prev.some((c) => c.type === t));
  const keepsRepeated = new Set(prev.map((c) => c.type)).size < prev.length;
  const seen = new Set<string>();
  for (const [i, { type = '', status = '' }] of next.entries()) {
    const at = conditionsPath.index(i);
    if (type === '' && !keepsEmpty) errors.push(required(at.child('type')));
    const allowed = decided.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (status === '') errors.push(required(at.child('status')));
    else if (!allowed.includes(status)) {
      errors.push(notSupported(at.child('status'), status, allowed));
    }
    const opposite = { Approved: 'Denied', Denied: 'Approved' }[type];
    if (!keepsBoth && opposite !== undefined && seen.has(opposite)) {
      const text = 'Approved and Denied conditions are mutually exclusive';
      errors.push(invalidValue(conditionsPath, type, text));
    }
    if (!keepsRepeated && seen.has(type)) errors.push(duplicate(at.child('type'), type));
    seen.add(type);
  }
  return errors;
}

/** PEM certificates without headers, at least one; the empty text is fine. */
function certificateProblem(base64: string): string | undefined {
  if (base64 === '') return undefined;
  const blocks = pemBlocks(Buffer.from(base64, 'base64').toString('latin1'));
  for (const { type, hasHeaders, bytes } of blocks) {
    if (type !== 'CERTIFICATE') {
      return `only CERTIFICATE PEM blocks are allowed, found ${quote(type)}`;
    }
    if (hasHeaders) return 'no PEM block headers are permitted';
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
    try {
      new X509Certificate(bytes);
    } catch {
      return 'x509: malformed certificate';
    }
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}
