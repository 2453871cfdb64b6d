/** The rules of what stands beside the spec of a CustomResourceDefinition: status and approval. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { parseGoUrl } from '../../../machinery/meta/go-url.ts';
import type { CustomResourceDefinition } from '../../../machinery/schema/wire.ts';
import { validateNames } from './crd-parts-validation.ts';
import type { CrdSpec } from './crd-spec.ts';

const statusPath = FieldPath.of('status');
const approvalKey = 'api-approved.kubernetes.io';

/** The names in the status. */
export function validateCrdStatus(next: CustomResourceDefinition): FieldError[] {
  return validateNames(next.status?.acceptedNames ?? {}, statusPath.child('acceptedNames'));
}

/** status.storedVersions: the storage version, and none that is not served any more. */
export function validateStoredVersions(crd: CustomResourceDefinition, spec: CrdSpec): FieldError[] {
  const at = statusPath.child('storedVersions');
  const stored = crd.status?.storedVersions ?? [];
  if (stored.length === 0) {
    const shown = crd.status?.storedVersions ?? null;
    return [invalidValue(at, shown, 'must have at least one stored version')];
  }
  const errors = spec.versions
    .filter((v) => v.storage && !stored.includes(v.name))
    .map((v) => invalidValue(at, stored, `must have the storage version ${v.name}`));
  for (const [i, name] of stored.entries()) {
    if (spec.versions.some((v) => v.name === name)) continue;
    const text =
      `missing from spec.versions; ${name} was previously a storage version, and must remain in ` +
      'spec.versions until a storage migration ensures no data remains persisted in ' +
      `${name} and removes ${name} from status.storedVersions`;
    errors.push(invalidValue(at.index(i), name, text));
  }
  return errors;
}

type Approval = 'invalid' | 'approved' | 'bypassed' | 'missing';

function approvalOf(crd: CustomResourceDefinition): Approval {
  const value = crd.metadata?.annotations?.[approvalKey] ?? '';
  if (value === '') return 'missing';
  if (value.startsWith('unapproved')) return 'bypassed';
  const url = parseGoUrl(value);
  return !('problem' in url) && url.host !== '' && url.scheme !== '' ? 'approved' : 'invalid';
}

/** The groups of Kubernetes itself need a note of where their APIs were approved. */
export function validateApproval(
  next: CustomResourceDefinition,
  prev: CustomResourceDefinition | undefined,
): FieldError[] {
  const { group } = next.spec;
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group ?? '')) return [];
  const state = approvalOf(next);
  if (prev !== undefined && approvalOf(prev) === state) return [];
  if (state !== 'invalid' && state !== 'missing') return [];
  const at = FieldPath.of('metadata', 'annotations').key(approvalKey);
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  const text = `protected groups must have approval annotation "${approvalKey}"`;
  if (state === 'missing') return [required(at, `${text}, ${see}`)];
  const how = 'with either a URL or a reason starting with "unapproved"';
  const value = next.metadata?.annotations?.[approvalKey];
  return [invalidValue(at, value, `${text} ${how}, ${see}`)];
}
