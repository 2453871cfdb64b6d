/** Volume mounts and block devices of containers. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notFoundField,
  notSupported,
  required,
} from '../../../../machinery/meta/field-error.ts';
import type { Volume, VolumeMount } from '../../../../machinery/schema/wire.ts';
import { validateDescendingPath } from '../volume/paths.ts';
import type { AnyContainer } from './pod-walk.ts';

/** The pod's valid volumes by name. */
export type Volumes = ReadonlyMap<string, Volume>;

export function validateVolumeMounts(
  container: AnyContainer,
  volumes: Volumes,
  at: FieldPath,
): FieldError[] {
  const devices = new Map((container.volumeDevices ?? []).map((d) => [d.name, d.devicePath]));
  const seen = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount, i) => {
    const here = at.index(i);
    const errors = validatePlace(mount, volumes, seen, here);
    if (devices.has(mount.name)) {
      const text = 'must not already exist in volumeDevices';
      errors.push(invalidValue(here.child('name'), mount.name, text));
    }
    if ([...devices.values()].includes(mount.mountPath)) {
      const text = 'must not already exist as a path in volumeDevices';
      errors.push(invalidValue(here.child('mountPath'), mount.mountPath, text));
    }
    // The paths without an index are the real server's.
    if (mount.subPath) errors.push(...validateDescendingPath(mount.subPath, at.child('subPath')));
    if (mount.subPathExpr) {
      if (mount.subPath) {
        const text = 'subPathExpr and subPath are mutually exclusive';
        errors.push(invalidValue(here.child('subPathExpr'), mount.subPathExpr, text));
      }
      errors.push(...validateDescendingPath(mount.subPathExpr, at.child('subPathExpr')));
    }
    errors.push(...validatePropagation(mount, container, at.child('mountPropagation')));
    errors.push(...validateRecursiveReadOnly(mount, at.child('recursiveReadOnly')));
    return errors;
  });
}

function validatePlace(
  mount: VolumeMount,
  volumes: Volumes,
  seen: Set<string>,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const name = mount.name ?? '';
  const path = mount.mountPath ?? '';
  if (name === '') errors.push(required(at.child('name')));
  if (!volumes.has(name)) errors.push(notFoundField(at.child('name'), name));
  if (path === '') errors.push(required(at.child('mountPath')));
  if (seen.has(path)) errors.push(invalidValue(at.child('mountPath'), path, 'must be unique'));
  seen.add(path);
  return errors;
}

const propagations = ['Bidirectional', 'HostToContainer', 'None'];

function validatePropagation(
  mount: VolumeMount,
  container: AnyContainer,
  at: FieldPath,
): FieldError[] {
  const mode = mount.mountPropagation;
  if (mode === undefined) return [];
  const errors = propagations.includes(mode) ? [] : [notSupported(at, mode, propagations)];
  if (mode === 'Bidirectional' && container.securityContext?.privileged !== true) {
    const text = 'Bidirectional mount propagation is available only to privileged containers';
    errors.push(forbiddenField(at, text));
  }
  return errors;
}

function validateRecursiveReadOnly(mount: VolumeMount, at: FieldPath): FieldError[] {
  const mode = mount.recursiveReadOnly;
  if (mode === undefined || mode === 'Disabled') return [];
  if (mode !== 'Enabled' && mode !== 'IfPossible') {
    return [notSupported(at, mode, ['Disabled', 'Enabled', 'IfPossible'])];
  }
  const errors: FieldError[] = [];
  if (mount.readOnly !== true) {
    errors.push(forbiddenField(at, 'may only be specified when readOnly is true'));
  }
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    const text = 'may only be specified when mountPropagation is None or not specified';
    errors.push(forbiddenField(at, text));
  }
  return errors;
}

export function validateVolumeDevices(
  container: AnyContainer,
  volumes: Volumes,
  at: FieldPath,
): FieldError[] {
  const mounts = new Map((container.volumeMounts ?? []).map((m) => [m.name, m.mountPath]));
  const names = new Set<string>();
  const paths = new Set<string>();
  return (container.volumeDevices ?? []).flatMap((device, i) => {
    const errors: FieldError[] = [];
    const name = device.name ?? '';
    const path = device.devicePath ?? '';
    const nameAt = at.index(i).child('name');
    const pathAt = at.index(i).child('devicePath');
    const volume = volumes.get(name);
    if (name === '') errors.push(required(nameAt));
    if (names.has(name)) errors.push(invalidValue(nameAt, name, 'must be unique'));
    if (volume === undefined) errors.push(notFoundField(nameAt, name));
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      const text =
        'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(invalidValue(nameAt, name, text));
    }
    if (path === '') errors.push(required(pathAt));
    if (paths.has(path)) errors.push(invalidValue(pathAt, path, 'must be unique'));
    if (path.split('/').includes('..')) {
      errors.push(invalidValue(pathAt, path, "can not contain backsteps ('..')"));
    } else paths.add(path);
    if (mounts.has(name)) {
      errors.push(invalidValue(nameAt, name, 'must not already exist in volumeMounts'));
    }
    if ([...mounts.values()].includes(path)) {
      const text = 'must not already exist as a path in volumeMounts';
      errors.push(invalidValue(pathAt, path, text));
    }
    if (name !== '') names.add(name);
    return errors;
  });
}
