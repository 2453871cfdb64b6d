/** Projected volumes: several sources in one directory; and the downward API's files. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../../machinery/meta/field-error.ts';
import { byteLength, isQualifiedName } from '../../../../machinery/meta/names.ts';
import { validateLabelSelector } from '../../../../machinery/meta/object-meta-validation.ts';
import type { Volume } from '../../../../machinery/schema/wire.ts';
import { internalForm } from '../../internal-form.ts';
import { validateFieldSelector, validateResourceSelector } from '../pod/environment.ts';
import type { PodValidationOptions } from '../pod/pod-options.ts';
import { type KeyToPath, validateFileMode, validateKeyToPath } from './file-mode.ts';
import { validateLocalPath } from './paths.ts';
import { isKubernetesSigner, trustBundleNameProblems, validateSignerName } from './signer-names.ts';

type Projected = NonNullable<Volume['projected']>;
type Source = NonNullable<Projected['sources']>[number];
type DownwardFile = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];

const downwardFields = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

/** A `downwardAPI` volume. */
export function validateDownwardApi(
  source: NonNullable<Volume['downwardAPI']>,
  at: FieldPath,
): FieldError[] {
  return [
    ...validateFileMode(source.defaultMode, at.child('defaultMode')),
    // The paths without an index are the real server's.
    ...(source.items ?? []).flatMap((file) => validateDownwardFile(file, at)),
  ];
}

function validateDownwardFile(file: DownwardFile, at: FieldPath): FieldError[] {
  const errors = file.path ? [] : [required(at.child('path'))];
  errors.push(...validateLocalPath(file.path ?? '', at.child('path')));
  const { fieldRef, resourceFieldRef } = file;
  if (fieldRef !== undefined) {
    errors.push(...validateFieldSelector(fieldRef, downwardFields, at.child('fieldRef')));
    if (resourceFieldRef !== undefined) {
      const text = 'fieldRef and resourceFieldRef can not be specified simultaneously';
      errors.push(invalidValue(at, 'resource', text));
    }
  } else if (resourceFieldRef !== undefined) {
    errors.push(...validateResourceSelector(resourceFieldRef, at.child('resourceFieldRef'), true));
  } else errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...validateFileMode(file.mode, at.child('mode'))];
}

/** A `projected` volume. */
export function validateProjected(
  projected: Projected,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const paths = new PathSet(at);
  return [
    ...validateFileMode(projected.defaultMode, at.child('defaultMode')),
    ...(projected.sources ?? []).flatMap((s, i) =>
      validateSource(s, at, at.child('sources').index(i), paths, options),
    ),
  ];
}

/** The files of all sources together: none may stand twice. */
class PathSet {
  readonly #seen = new Set<string>();
  readonly #at: FieldPath;

  constructor(at: FieldPath) {
    this.#at = at;
  }

  /** `shown` is what a conflict names. */
  add(path: string, shown = path): FieldError[] {
    if (this.#seen.has(path)) {
      return [invalidValue(this.#at, shown, 'conflicting duplicate paths')];
    }
    this.#seen.add(path);
    return [];
  }
}

function validateSource(
  source: Source,
  volumeAt: FieldPath,
  at: FieldPath,
  paths: PathSet,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  const one = (problems: FieldError[]): void => {
    found++;
    errors.push(...problems);
  };
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle } = source;
  if (secret) one(validateItems(secret, at.child('secret'), paths));
  if (configMap) one(validateItems(configMap, at.child('configMap'), paths));
  if (downwardAPI) {
    one(
      (downwardAPI.items ?? []).flatMap((file) => [
        ...validateDownwardFile(file, at.child('downwardAPI')),
        ...(file.path ? paths.add(file.path) : []),
      ]),
    );
  }
  if (serviceAccountToken) {
    one(validateToken(serviceAccountToken, volumeAt, at.child('serviceAccountToken'), options));
  }
  if (clusterTrustBundle) {
    one(validateTrustBundle(clusterTrustBundle, at.child('clusterTrustBundle'), paths));
  }
  if (source.podCertificate) {
    one(validatePodCertificate(source.podCertificate, at.child('podCertificate'), paths));
  }
  if (found > 1) {
    errors.push(forbiddenField(at, 'may not specify more than 1 volume type per source'));
  }
  return errors;
}

function validateItems(
  source: { name?: string; items?: KeyToPath[] },
  at: FieldPath,
  paths: PathSet,
): FieldError[] {
  return [
    ...(source.name ? [] : [required(at.child('name'))]),
    ...(source.items ?? []).flatMap((item, i) => [
      ...validateKeyToPath(item, at.child('items').index(i)),
      ...(item.path ? paths.add(item.path, source.name ?? '') : []),
    ]),
  ];
}

const minTokenSeconds = 10 * 60;
const maxTokenSeconds = 2 ** 32;

function validateToken(
  token: NonNullable<Source['serviceAccountToken']>,
  volumeAt: FieldPath,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const seconds = token.expirationSeconds ?? 0;
  if (seconds < minTokenSeconds) {
    const text = 'may not specify a duration less than 10 minutes';
    errors.push(invalidValue(at.child('expirationSeconds'), seconds, text));
  }
  if (seconds > maxTokenSeconds) {
    const text = 'may not specify a duration larger than 2^32 seconds';
    errors.push(invalidValue(at.child('expirationSeconds'), seconds, text));
  }
  if (!token.path) errors.push(required(volumeAt.child('path')));
  else if (!options.allowNonLocalTokenPath) {
    errors.push(...validateLocalPath(token.path, volumeAt.child('path')));
  }
  return errors;
}

function validateTrustBundle(
  bundle: NonNullable<Source['clusterTrustBundle']>,
  at: FieldPath,
  paths: PathSet,
): FieldError[] {
  const errors: FieldError[] = [];
  const { name, signerName, labelSelector } = bundle;
  if (name !== undefined && signerName !== undefined) {
    const shown = internalForm('core/v1.ClusterTrustBundleProjection', bundle);
    errors.push(invalidValue(at, shown, 'only one of name and signerName may be used'));
  } else if (name !== undefined) {
    if (name === '') errors.push(required(at.child('name'), 'must be a valid object name'));
    for (const p of trustBundleNameProblems(name)) {
      errors.push(invalidValue(at.child('name'), name, `not a valid clustertrustbundlename: ${p}`));
    }
    if (labelSelector !== undefined) {
      const text = 'labelSelector must be unset if name is specified';
      errors.push(invalidValue(at.child('labelSelector'), labelSelector, text));
    }
  } else if (signerName !== undefined) {
    if (signerName === '') {
      errors.push(required(at.child('signerName'), 'must be a valid signer name'));
    }
    errors.push(...validateSignerName(signerName, at.child('signerName')));
    errors.push(...validateLabelSelector(labelSelector, at.child('labelSelector')));
  } else errors.push(required(at, 'either name or signerName must be specified'));
  const path = bundle.path ?? '';
  if (path === '') errors.push(required(at.child('path')));
  errors.push(...validateLocalPath(path, at.child('path')), ...paths.add(path));
  return errors;
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const minCertificateSeconds = 3600;
const maxCertificateSeconds = 91 * 86400;
const maxKubernetesCertificateSeconds = 86400;
const maxAnnotationsBytes = 256 * 1024;
const certificateFiles = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;

function validatePodCertificate(
  certificate: NonNullable<Source['podCertificate']>,
  at: FieldPath,
  paths: PathSet,
): FieldError[] {
  const signer = certificate.signerName ?? '';
  const errors = [
    ...validateSignerName(signer, at.child('signerName')),
    ...validateUserAnnotations(certificate.userAnnotations, at.child('userAnnotations')),
  ];
  const keyType = certificate.keyType ?? '';
  if (!keyTypes.includes(keyType)) {
    errors.push(notSupported(at.child('keyType'), keyType, keyTypes));
  }
  const seconds = certificate.maxExpirationSeconds;
  const longest = isKubernetesSigner(signer)
    ? maxKubernetesCertificateSeconds
    : maxCertificateSeconds;
  const secondsAt = at.child('maxExpirationSeconds');
  if (seconds !== undefined && seconds < minCertificateSeconds) {
    const text = `if provided, maxExpirationSeconds must be >= ${minCertificateSeconds}`;
    errors.push(invalidValue(secondsAt, seconds, text));
  }
  if (seconds !== undefined && seconds > longest) {
    const text = `if provided, maxExpirationSeconds must be <= ${longest}`;
    errors.push(invalidValue(secondsAt, seconds, text));
  }
  const files = certificateFiles.filter((f) => certificate[f]);
  for (const f of files) {
    errors.push(...validateLocalPath(certificate[f]!, at.child(f)), ...paths.add(certificate[f]!));
  }
  if (files.length === 0) {
    const text = 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath';
    errors.push(required(at, text));
  }
  return errors;
}

function validateUserAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  let sizeBytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    const lower = key.toLowerCase();
    const problems = isQualifiedName(lower);
    if (problems.length === 0 && !lower.includes('/')) {
      problems.push('must be a domain-prefixed key (such as "acme.io/foo")');
    }
    errors.push(...problems.map((p) => invalidValue(at, lower, p)));
    sizeBytes += byteLength(key) + byteLength(value);
  }
  if (sizeBytes > maxAnnotationsBytes) errors.push(tooLong(at, maxAnnotationsBytes));
  return errors;
}
