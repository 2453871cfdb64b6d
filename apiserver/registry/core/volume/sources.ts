/** Checks of the single volume sources that pods and persistent volumes know. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../../machinery/meta/field-error.ts';
import {
  byteLength,
  isDns1123Subdomain,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
  rangeProblem,
} from '../../../../machinery/meta/names.ts';
import type { PersistentVolumeSpec, Volume } from '../../../../machinery/schema/wire.ts';
import { invalidFor, validateDnsLabel, validateDnsSubdomain } from '../field-checks.ts';
import { validateFileMode, validateKeyToPath } from './file-mode.ts';
import { validateDescendingPath, validateNoBacksteps } from './paths.ts';

type PodSource<K extends keyof Volume> = NonNullable<Volume[K]>;
type PvSource<K extends keyof PersistentVolumeSpec> = NonNullable<PersistentVolumeSpec[K]>;

/** `Required value` for each of the fields that is empty. */
function need<T extends object>(
  source: T,
  at: FieldPath,
  ...names: (keyof T & string)[]
): FieldError[] {
  return names.filter((n) => !source[n]).map((n) => required(at.child(n)));
}

/** `Required value` for an empty list. */
function needList(list: readonly unknown[] | undefined, at: FieldPath): FieldError[] {
  return (list ?? []).length === 0 ? [required(at)] : [];
}

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

export function hostPath(source: PodSource<'hostPath'>, at: FieldPath): FieldError[] {
  if (!source.path) return [required(at.child('path'))];
  const errors = validateNoBacksteps(source.path, at.child('path'));
  if (source.type !== undefined && !hostPathTypes.includes(source.type)) {
    errors.push(notSupported(at.child('type'), source.type, hostPathTypes));
  }
  return errors;
}

export function local(source: PvSource<'local'>, at: FieldPath): FieldError[] {
  if (!source.path) return [required(at.child('path'))];
  return validateNoBacksteps(source.path, at.child('path'));
}

export function gitRepo(source: PodSource<'gitRepo'>, at: FieldPath): FieldError[] {
  return [
    ...need(source, at, 'repository'),
    ...validateDescendingPath(source.directory ?? '', at.child('directory')),
  ];
}

function partition(value: number | undefined, at: FieldPath): FieldError[] {
  const n = value ?? 0;
  // The text says 1 although 0 passes: the real server's.
  return n < 0 || n > 255 ? [invalidValue(at.child('partition'), n, rangeProblem(1, 255))] : [];
}

export function gcePersistentDisk(
  source: PodSource<'gcePersistentDisk'>,
  at: FieldPath,
): FieldError[] {
  return [...need(source, at, 'pdName'), ...partition(source.partition, at)];
}

export function awsElasticBlockStore(
  source: PodSource<'awsElasticBlockStore'>,
  at: FieldPath,
): FieldError[] {
  return [...need(source, at, 'volumeID'), ...partition(source.partition, at)];
}

export function secret(source: PodSource<'secret'>, at: FieldPath): FieldError[] {
  return [
    ...need(source, at, 'secretName'),
    ...validateFileMode(source.defaultMode, at.child('defaultMode')),
    ...(source.items ?? []).flatMap((item, i) =>
      validateKeyToPath(item, at.child('items').index(i)),
    ),
  ];
}

export function configMap(source: PodSource<'configMap'>, at: FieldPath): FieldError[] {
  return [
    ...need(source, at, 'name'),
    ...validateFileMode(source.defaultMode, at.child('defaultMode')),
    ...(source.items ?? []).flatMap((item, i) =>
      validateKeyToPath(item, at.child('items').index(i)),
    ),
  ];
}

export function nfs(source: PodSource<'nfs'>, at: FieldPath): FieldError[] {
  const errors = need(source, at, 'server', 'path');
  if (!source.path?.startsWith('/')) {
    errors.push(invalidValue(at.child('path'), source.path ?? '', 'must be an absolute path'));
  }
  return errors;
}

export function glusterfs(source: PodSource<'glusterfs'>, at: FieldPath): FieldError[] {
  return need(source, at, 'endpoints', 'path');
}

export function persistentGlusterfs(source: PvSource<'glusterfs'>, at: FieldPath): FieldError[] {
  const errors = need(source, at, 'endpoints', 'path');
  const namespace = source.endpointsNamespace;
  if (namespace === undefined) return errors;
  const here = at.child('endpointsNamespace');
  const text = 'if the endpointnamespace is set, it must be a valid namespace name';
  const problems = namespace === '' ? [text] : nameIsDnsLabel(namespace, false);
  return [...errors, ...invalidFor(here, namespace, problems)];
}

export function flocker(source: PodSource<'flocker'>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { datasetName, datasetUUID } = source;
  if (!datasetName && !datasetUUID) {
    errors.push(required(at, 'one of datasetName and datasetUUID is required'));
  }
  if (datasetName && datasetUUID) {
    const text = 'datasetName and datasetUUID can not be specified simultaneously';
    errors.push(invalidValue(at, 'resource', text));
  }
  if (datasetName?.includes('/')) {
    errors.push(invalidValue(at.child('datasetName'), datasetName, "must not contain '/'"));
  }
  return errors;
}

export function persistentVolumeClaim(
  source: PodSource<'persistentVolumeClaim'>,
  at: FieldPath,
): FieldError[] {
  return need(source, at, 'claimName');
}

export function rbd(source: PodSource<'rbd'> | PvSource<'rbd'>, at: FieldPath): FieldError[] {
  return [...needList(source.monitors, at.child('monitors')), ...need(source, at, 'image')];
}

export function cephfs(
  source: PodSource<'cephfs'> | PvSource<'cephfs'>,
  at: FieldPath,
): FieldError[] {
  return needList(source.monitors, at.child('monitors'));
}

export function cinder(source: PodSource<'cinder'>, at: FieldPath): FieldError[] {
  return [...need(source, at, 'volumeID'), ...namedSecret(source.secretRef, at)];
}

export function persistentCinder(source: PvSource<'cinder'>, at: FieldPath): FieldError[] {
  return [...need(source, at, 'volumeID'), ...namespacedSecret(source.secretRef, at)];
}

function namedSecret(ref: { name?: string } | undefined, at: FieldPath): FieldError[] {
  return ref === undefined ? [] : need(ref, at.child('secretRef'), 'name');
}

function namespacedSecret(
  ref: { name?: string; namespace?: string } | undefined,
  at: FieldPath,
): FieldError[] {
  return ref === undefined ? [] : need(ref, at.child('secretRef'), 'name', 'namespace');
}

const registryProblem = 'must be a host:port pair or multiple pairs separated by commas';

export function quobyte(source: PodSource<'quobyte'>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!source.registry) errors.push(required(at.child('registry'), registryProblem));
  else if (byteLength(source.tenant ?? '') >= 65) {
    const text = 'must be a UUID and may not exceed a length of 64 characters';
    errors.push(required(at.child('tenant'), text));
  } else {
    const bad = source.registry.split(',').filter((pair) => !isHostPort(pair));
    errors.push(
      ...bad.map(() => invalidValue(at.child('registry'), source.registry, registryProblem)),
    );
  }
  return [...errors, ...need(source, at, 'volume')];
}

function isHostPort(pair: string): boolean {
  return /^([^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(pair);
}

export function fc(source: PodSource<'fc'>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const here = at.child('targetWWNs');
  const wwns = source.targetWWNs ?? [];
  const wwids = source.wwids ?? [];
  if (wwns.length === 0 && wwids.length === 0) {
    errors.push(required(here, 'must specify either targetWWNs or wwids, but not both'));
  }
  if (wwns.length === 0) return errors;
  if (wwids.length > 0) {
    const text = 'targetWWNs and wwids can not be specified simultaneously';
    errors.push(invalidValue(here, wwns, text));
  }
  if (source.lun === undefined) {
    errors.push(required(at.child('lun'), 'lun is required if targetWWNs is specified'));
  } else if (source.lun < 0 || source.lun > 255) {
    errors.push(invalidValue(at.child('lun'), source.lun, rangeProblem(0, 255)));
  }
  return errors;
}

export function flexVolume(
  source: PodSource<'flexVolume'> | PvSource<'flexVolume'>,
  at: FieldPath,
): FieldError[] {
  const errors = need(source, at, 'driver');
  for (const key of Object.keys(source.options ?? {}).sort()) {
    const domain = `.${(key.includes('/') ? key.split('/')[0]! : key).toLowerCase()}`;
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io')) {
      const text = 'kubernetes.io and k8s.io namespaces are reserved';
      errors.push(invalidValue(at.child('options').key(key), key, text));
    }
  }
  return errors;
}

export function azureFile(source: PodSource<'azureFile'>, at: FieldPath): FieldError[] {
  return need(source, at, 'secretName', 'shareName');
}

export function persistentAzureFile(source: PvSource<'azureFile'>, at: FieldPath): FieldError[] {
  const errors = need(source, at, 'secretName', 'shareName');
  if (source.secretNamespace === '') errors.push(required(at.child('secretNamespace')));
  return errors;
}

const managedDisk =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobDisk = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
const cachingModes = ['None', 'ReadOnly', 'ReadWrite'];
const diskKinds = ['Dedicated', 'Managed', 'Shared'];

export function azureDisk(source: PodSource<'azureDisk'>, at: FieldPath): FieldError[] {
  const errors = need(source, at, 'diskName', 'diskURI');
  const { cachingMode, kind } = source;
  const uri = source.diskURI ?? '';
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) {
    errors.push(notSupported(at.child('cachingMode'), cachingMode, cachingModes));
  }
  if (kind === undefined) return errors;
  if (!diskKinds.includes(kind)) errors.push(notSupported(at.child('kind'), kind, diskKinds));
  if (kind === 'Managed' && !uri.startsWith('/subscriptions/')) {
    errors.push(notSupported(at.child('diskURI'), uri, [managedDisk]));
  }
  if (kind !== 'Managed' && !uri.startsWith('https://')) {
    errors.push(notSupported(at.child('diskURI'), uri, [blobDisk]));
  }
  return errors;
}

export function vsphereVolume(source: PodSource<'vsphereVolume'>, at: FieldPath): FieldError[] {
  return need(source, at, 'volumePath');
}

export function photonPersistentDisk(
  source: PodSource<'photonPersistentDisk'>,
  at: FieldPath,
): FieldError[] {
  return need(source, at, 'pdID');
}

export function portworxVolume(source: PodSource<'portworxVolume'>, at: FieldPath): FieldError[] {
  return need(source, at, 'volumeID');
}

export function scaleIO(
  source: PodSource<'scaleIO'> | PvSource<'scaleIO'>,
  at: FieldPath,
): FieldError[] {
  return need(source, at, 'gateway', 'system', 'volumeName');
}

export function storageos(source: PodSource<'storageos'>, at: FieldPath): FieldError[] {
  return [...storageosNames(source, at), ...namedSecret(source.secretRef, at)];
}

export function persistentStorageos(source: PvSource<'storageos'>, at: FieldPath): FieldError[] {
  return [...storageosNames(source, at), ...namespacedSecret(source.secretRef, at)];
}

function storageosNames(
  source: { volumeName?: string; volumeNamespace?: string },
  at: FieldPath,
): FieldError[] {
  const { volumeName, volumeNamespace } = source;
  return [
    ...(volumeName
      ? validateDnsLabel(volumeName, at.child('volumeName'))
      : [required(at.child('volumeName'))]),
    ...(volumeNamespace ? validateDnsLabel(volumeNamespace, at.child('volumeNamespace')) : []),
  ];
}

const maxDriverNameLength = 63;

/** The name of a CSI driver, in whatever case. */
export function validateCsiDriverName(name: string, at: FieldPath): FieldError[] {
  if (name === '') return [required(at)];
  const errors = byteLength(name) > maxDriverNameLength ? [tooLong(at, maxDriverNameLength)] : [];
  return [...errors, ...invalidFor(at, name, isDns1123Subdomain(name.toLowerCase()))];
}

export function csi(source: PodSource<'csi'>, at: FieldPath): FieldError[] {
  const errors = validateCsiDriverName(source.driver ?? '', at.child('driver'));
  const ref = source.nodePublishSecretRef;
  if (ref === undefined) return errors;
  if (!ref.name) return [...errors, required(at.child('nodePublishSecretRef', 'name'))];
  return [
    ...errors,
    ...invalidFor(at.child('name'), ref.name, nameIsDnsSubdomain(ref.name, false)),
  ];
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

export function persistentCsi(source: PvSource<'csi'>, at: FieldPath): FieldError[] {
  const errors = validateCsiDriverName(source.driver ?? '', at.child('driver'));
  errors.push(...need(source, at, 'volumeHandle'));
  for (const field of csiSecrets) {
    const ref = source[field];
    if (ref === undefined) continue;
    const here = at.child(field);
    errors.push(...need(ref, here, 'name'));
    if (ref.name) errors.push(...validateDnsSubdomain(ref.name, here.child('name')));
    errors.push(...need(ref, here, 'namespace'));
    if (ref.namespace) errors.push(...validateDnsLabel(ref.namespace, here.child('namespace')));
  }
  return errors;
}
