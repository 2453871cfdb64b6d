/** The volumes of a pod. */
import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  quote,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { nameIsDnsSubdomain } from '../../../../machinery/meta/names.ts';
import { parseQuantity } from '../../../../machinery/meta/quantity.ts';
import type { Volume } from '../../../../machinery/schema/wire.ts';
import { validateDnsLabel, validateOneOf } from '../field-checks.ts';
import type { PodValidationOptions } from '../pod/pod-options.ts';
import { validateClaimTemplate } from './claim-spec.ts';
import { isPortalTooLong, portalProblem, validateIscsi } from './iscsi.ts';
import { validateDownwardApi, validateProjected } from './projected.ts';
import * as sources from './sources.ts';

/** What is known of the pod around the volumes. */
interface VolumeContext {
  /** '' in templates. */
  readonly podName: string;
  readonly volumeName: string;
  readonly options: PodValidationOptions;
}

type SourceName = Exclude<keyof Volume, 'name'>;
type Check = (source: never, at: FieldPath, ctx: VolumeContext) => FieldError[];

interface SourceKind {
  readonly check: Check;
  /** The name in the path of its problems, and of a second source, where that is another one. */
  readonly path?: string;
  readonly secondPath?: string;
}

/** All sources in the order of the real server, whose spellings in paths are kept. */
const kinds: readonly (readonly [SourceName, SourceKind])[] = [
  ['hostPath', { check: sources.hostPath }],
  ['gitRepo', { check: sources.gitRepo }],
  ['gcePersistentDisk', { check: sources.gcePersistentDisk, path: 'persistentDisk' }],
  ['awsElasticBlockStore', { check: sources.awsElasticBlockStore }],
  ['secret', { check: sources.secret }],
  ['nfs', { check: sources.nfs }],
  ['iscsi', { check: validateIscsi }],
  ['glusterfs', { check: sources.glusterfs }],
  ['flocker', { check: sources.flocker }],
  ['persistentVolumeClaim', { check: sources.persistentVolumeClaim }],
  ['rbd', { check: sources.rbd }],
  ['cinder', { check: sources.cinder }],
  ['cephfs', { check: sources.cephfs, secondPath: 'cephFS' }],
  ['quobyte', { check: sources.quobyte }],
  ['downwardAPI', { check: validateDownwardApi, secondPath: 'downwarAPI' }],
  ['fc', { check: sources.fc }],
  ['flexVolume', { check: sources.flexVolume }],
  ['configMap', { check: sources.configMap }],
  ['azureFile', { check: sources.azureFile }],
  ['vsphereVolume', { check: sources.vsphereVolume }],
  ['photonPersistentDisk', { check: sources.photonPersistentDisk }],
  ['portworxVolume', { check: sources.portworxVolume }],
  ['azureDisk', { check: sources.azureDisk }],
  ['storageos', { check: sources.storageos }],
  ['projected', { check: projected }],
  ['scaleIO', { check: sources.scaleIO }],
  ['csi', { check: sources.csi }],
  ['ephemeral', { check: ephemeral }],
  ['image', { check: image }],
];

/** Checks the volumes; `valid` are those that containers may mount. `podName`: '' in templates. */
export function validateVolumes(
  volumes: readonly Volume[],
  podName: string,
  at: FieldPath,
  options: PodValidationOptions,
): { valid: Map<string, Volume>; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const valid = new Map<string, Volume>();
  const created = new Set(
    podName === '' ? [] : volumes.filter((v) => v.ephemeral).map((v) => `${podName}-${v.name}`),
  );
  for (const [i, volume] of volumes.entries()) {
    const here = at.index(i);
    const name = volume.name ?? '';
    const own = validateSource(volume, here, { podName, volumeName: name, options });
    if (name === '') own.push(required(here.child('name')));
    else own.push(...validateDnsLabel(name, here.child('name')));
    if (valid.has(name)) own.push(duplicate(here.child('name'), name));
    if (own.length === 0) valid.set(name, volume);
    errors.push(...own);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && created.has(claim)) {
      const text = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(invalidValue(here.child('persistentVolumeClaim', 'claimName'), claim, text));
    }
  }
  return { valid, errors };
}

function validateSource(volume: Volume, at: FieldPath, ctx: VolumeContext): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  const size = volume.emptyDir?.sizeLimit;
  if (volume.emptyDir !== undefined) found++;
  if (size !== undefined && parseQuantity(size).sign() < 0) {
    const text = 'SizeLimit field must be a valid resource quantity';
    errors.push(forbiddenField(at.child('emptyDir', 'sizeLimit'), text));
  }
  for (const [name, kind] of kinds) {
    const source = volume[name];
    if (source === undefined) continue;
    if (found > 0) {
      const path = at.child(kind.secondPath ?? name);
      errors.push(forbiddenField(path, 'may not specify more than 1 volume type'));
    } else {
      found++;
      errors.push(...kind.check(source as never, at.child(kind.path ?? name), ctx));
      if (name === 'ephemeral') errors.push(...validateClaimName(at, ctx));
    }
    if (name === 'iscsi' && isPortalTooLong(volume.iscsi!, ctx.volumeName)) {
      errors.push(invalidValue(at.child('name'), ctx.volumeName, portalProblem));
    }
  }
  if (found === 0) errors.push(required(at, 'must specify a volume type'));
  return errors;
}

function projected(
  source: NonNullable<Volume['projected']>,
  at: FieldPath,
  ctx: VolumeContext,
): FieldError[] {
  return validateProjected(source, at, ctx.options);
}

function ephemeral(source: NonNullable<Volume['ephemeral']>, at: FieldPath): FieldError[] {
  const here = at.child('volumeClaimTemplate');
  if (source.volumeClaimTemplate === undefined) return [required(here)];
  return validateClaimTemplate(source.volumeClaimTemplate, here);
}

/** The claim of an ephemeral volume is named after pod and volume. */
function validateClaimName(at: FieldPath, ctx: VolumeContext): FieldError[] {
  if (ctx.podName === '' || ctx.volumeName === '') return [];
  const claim = `${ctx.podName}-${ctx.volumeName}`;
  return nameIsDnsSubdomain(claim, false).map((p) =>
    invalidValue(at.child('name'), ctx.volumeName, `PVC name ${quote(claim)}: ${p}`),
  );
}

/** When images are pulled, as texts list them. */
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];

/** `imagePullPolicy` and the like; must be set, which defaulting does. */
export function validatePullPolicy(policy: string | undefined, at: FieldPath): FieldError[] {
  return policy ? validateOneOf(policy, pullPolicies, at) : [required(at)];
}

function image(
  source: NonNullable<Volume['image']>,
  at: FieldPath,
  ctx: VolumeContext,
): FieldError[] {
  const missing = ctx.options.resourceIsPod && !source.reference;
  return [
    ...(missing ? [required(at.child('reference'))] : []),
    ...validatePullPolicy(source.pullPolicy, at.child('pullPolicy')),
  ];
}
