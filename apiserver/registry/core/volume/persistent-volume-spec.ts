/** The spec of a PersistentVolume, also inside a VolumeAttachment. */
import { wasSent } from '../../../../machinery/meta/emptied.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { nameIsDnsSubdomain } from '../../../../machinery/meta/names.ts';
import { parseQuantity } from '../../../../machinery/meta/quantity.ts';
import type { PersistentVolume, PersistentVolumeSpec } from '../../../../machinery/schema/wire.ts';
import { invalidFor, validatePositiveQuantity } from '../field-checks.ts';
import { validateNodeSelector } from '../pod/affinity.ts';
import { hasInvalidLabelValue } from '../pod/pod-options.ts';
import { resourceEntries } from '../resource-names.ts';
import { validateAccessModes, volumeModes } from './claim-spec.ts';
import { validatePersistentIscsi } from './iscsi.ts';
import * as sources from './sources.ts';

const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];
const notInline = 'may not be specified in the context of inline volumes';

/** What an update may keep. */
export interface VolumeOptions {
  readonly allowInvalidLabelValueInNodeAffinity: boolean;
}

/** Options from the stored volume. */
export function volumeOptions(prev: PersistentVolume | undefined): VolumeOptions {
  const terms = prev?.spec?.nodeAffinity?.required?.nodeSelectorTerms;
  return { allowInvalidLabelValueInNodeAffinity: hasInvalidLabelValue(terms) };
}

type SourceName =
  | 'hostPath'
  | 'gcePersistentDisk'
  | 'awsElasticBlockStore'
  | 'glusterfs'
  | 'flocker'
  | 'nfs'
  | 'rbd'
  | 'quobyte'
  | 'cephfs'
  | 'iscsi'
  | 'cinder'
  | 'fc'
  | 'flexVolume'
  | 'azureFile'
  | 'vsphereVolume'
  | 'photonPersistentDisk'
  | 'portworxVolume'
  | 'azureDisk'
  | 'scaleIO'
  | 'local'
  | 'storageos'
  | 'csi';

interface SourceKind {
  readonly name: SourceName;
  readonly check: (source: never, at: FieldPath) => FieldError[];
  readonly path?: string;
  readonly secondPath?: string;
}

/** In the order of the real server, whose spellings in paths are kept. */
const kinds: readonly SourceKind[] = [
  { name: 'hostPath', check: sources.hostPath },
  { name: 'gcePersistentDisk', check: sources.gcePersistentDisk, path: 'persistentDisk' },
  { name: 'awsElasticBlockStore', check: sources.awsElasticBlockStore },
  { name: 'glusterfs', check: sources.persistentGlusterfs },
  { name: 'flocker', check: sources.flocker },
  { name: 'nfs', check: sources.nfs },
  { name: 'rbd', check: sources.rbd },
  { name: 'quobyte', check: sources.quobyte },
  { name: 'cephfs', check: sources.cephfs, secondPath: 'cephFS' },
  { name: 'iscsi', check: () => [] },
  { name: 'cinder', check: sources.persistentCinder },
  { name: 'fc', check: sources.fc },
  { name: 'flexVolume', check: sources.flexVolume },
  { name: 'azureFile', check: sources.persistentAzureFile },
  { name: 'vsphereVolume', check: sources.vsphereVolume },
  { name: 'photonPersistentDisk', check: sources.photonPersistentDisk },
  { name: 'portworxVolume', check: sources.portworxVolume },
  { name: 'azureDisk', check: sources.azureDisk },
  { name: 'scaleIO', check: sources.scaleIO },
  { name: 'local', check: sources.local },
  { name: 'storageos', check: sources.persistentStorageos },
  { name: 'csi', check: sources.persistentCsi },
];

/** Names of the members of a volume's source, for comparing sources. */
export const volumeSourceNames: readonly SourceName[] = kinds.map((k) => k.name);

/** Problems of the spec of a PersistentVolume. */
export function validatePersistentVolumeSpec(
  pv: PersistentVolume,
  options: VolumeOptions,
): FieldError[] {
  return validateVolumeSpec(pv.spec ?? {}, pv.metadata?.name ?? '', FieldPath.of('spec'), options);
}

/**
 * Problems of a spec at `at`; `inline`: it stands inside a VolumeAttachment, where little but the
 * CSI source may be said.
 */
export function validateVolumeSpec(
  spec: PersistentVolumeSpec,
  name: string,
  at: FieldPath,
  options: VolumeOptions,
  inline = false,
): FieldError[] {
  return [
    ...(inline ? validateInline(spec, at) : []),
    ...((spec.accessModes ?? []).length === 0 ? [required(at.child('accessModes'))] : []),
    ...validateAccessModes(spec.accessModes, at.child('accessModes')),
    ...(inline ? [] : validateCapacity(spec, at.child('capacity'))),
    ...validateReclaimPolicy(spec, at.child('persistentVolumeReclaimPolicy'), inline),
    ...validateNodeAffinity(spec, at.child('nodeAffinity'), options, inline),
    ...validateSource(spec, name, at),
    ...validateRest(spec, at, inline),
  ];
}

function validateInline(spec: PersistentVolumeSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.claimRef !== undefined) errors.push(forbiddenField(at.child('claimRef'), notInline));
  if (Object.keys(spec.capacity ?? {}).length > 0) {
    errors.push(forbiddenField(at.child('capacity'), notInline));
  }
  if (spec.csi === undefined) {
    const text = 'has to be specified in the context of inline volumes';
    errors.push(required(at.child('csi'), text));
  }
  return errors;
}

function validateCapacity(spec: PersistentVolumeSpec, at: FieldPath): FieldError[] {
  const entries = resourceEntries(spec.capacity);
  const errors = entries.length === 0 ? [required(at)] : [];
  const shown = spec.capacity ?? (wasSent(spec, 'capacity') ? {} : null);
  if (spec.capacity?.['storage'] === undefined || entries.length > 1) {
    errors.push(notSupported(at, shown, ['storage']));
  }
  for (const [name, quantity] of entries) {
    const whole = parseQuantity(quantity).value();
    if (whole < 0n) {
      const text = 'must be a valid resource quantity';
      errors.push(invalidValue(at.key(name), Number(whole), text));
    }
    errors.push(...validatePositiveQuantity(quantity, at.key(name)));
  }
  return errors;
}

function validateReclaimPolicy(
  spec: PersistentVolumeSpec,
  at: FieldPath,
  inline: boolean,
): FieldError[] {
  const policy = spec.persistentVolumeReclaimPolicy;
  if (!policy) return [];
  if (inline) {
    const text = 'may only be Retain in the context of inline volumes';
    return policy === 'Retain' ? [] : [forbiddenField(at, text)];
  }
  return reclaimPolicies.includes(policy) ? [] : [notSupported(at, policy, reclaimPolicies)];
}

function validateNodeAffinity(
  spec: PersistentVolumeSpec,
  at: FieldPath,
  options: VolumeOptions,
  inline: boolean,
): FieldError[] {
  if (spec.nodeAffinity === undefined) return [];
  if (inline) return [forbiddenField(at, notInline)];
  const hard = spec.nodeAffinity.required;
  const path = at.child('required');
  if (hard === undefined) return [required(path, 'must specify required node constraints')];
  return validateNodeSelector(hard, path, options.allowInvalidLabelValueInNodeAffinity);
}

function validateSource(spec: PersistentVolumeSpec, name: string, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  for (const kind of kinds) {
    const source = spec[kind.name];
    if (source === undefined) continue;
    // A flex volume is never the one too many: the real server's omission.
    if (found > 0 && kind.name !== 'flexVolume') {
      const path = at.child(kind.secondPath ?? kind.name);
      errors.push(forbiddenField(path, 'may not specify more than 1 volume type'));
      continue;
    }
    found++;
    const path = at.child(kind.path ?? kind.name);
    if (kind.name === 'iscsi') errors.push(...validatePersistentIscsi(spec.iscsi!, name, path));
    else errors.push(...kind.check(source as never, path));
    if (kind.name === 'local' && spec.nodeAffinity === undefined) {
      const text = 'Local volume requires node affinity';
      errors.push(required(at.child('nodeAffinity'), text));
    }
  }
  if (found === 0) errors.push(required(at, 'must specify a volume type'));
  return errors;
}

function validateRest(spec: PersistentVolumeSpec, at: FieldPath, inline: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const root = spec.hostPath?.path !== undefined && isRoot(spec.hostPath.path);
  if (root && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const text = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(forbiddenField(at.child('persistentVolumeReclaimPolicy'), text));
  }
  const className = (value: string, path: FieldPath): FieldError[] =>
    invalidFor(path, value, nameIsDnsSubdomain(value, false));
  if (spec.storageClassName) {
    const path = at.child('storageClassName');
    if (inline) errors.push(forbiddenField(path, notInline));
    else errors.push(...className(spec.storageClassName, path));
  }
  const mode = spec.volumeMode;
  const modeAt = at.child('volumeMode');
  if (mode !== undefined && inline && mode !== 'Filesystem') {
    const text =
      'may not specify volumeMode other than Filesystem in the context of inline volumes';
    errors.push(forbiddenField(modeAt, text));
  } else if (mode !== undefined && !inline && !volumeModes.includes(mode)) {
    errors.push(notSupported(modeAt, mode, volumeModes));
  }
  const attributes = spec.volumeAttributesClassName;
  if (attributes === undefined || inline) return errors;
  const path = at.child('volumeAttributesClassName');
  if (attributes === '') errors.push(required(path, 'an empty string is disallowed'));
  else errors.push(...className(attributes, path));
  if (spec.csi === undefined) {
    const text = 'has to be specified when using volumeAttributesClassName';
    errors.push(required(at.child('csi'), text));
  }
  return errors;
}

/** `/`, `//`, `/a/..` and the like. */
function isRoot(path: string): boolean {
  const left: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') left.pop();
    else if (part !== '' && part !== '.') left.push(part);
  }
  return path.startsWith('/') && left.length === 0;
}

const mountOptionsAnnotation = 'volume.beta.kubernetes.io/mount-options';
const mountable: readonly SourceName[] = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
];

/** The old annotation for mount options fits some sources only. */
export function validateMountOptions(pv: PersistentVolume): FieldError[] {
  if (pv.metadata?.annotations?.[mountOptionsAnnotation] === undefined) return [];
  if (mountable.some((name) => pv.spec?.[name] !== undefined)) return [];
  const path = FieldPath.of('metadata', 'annotations', mountOptionsAnnotation);
  return [forbiddenField(path, 'may not specify mount options for this volume type')];
}
