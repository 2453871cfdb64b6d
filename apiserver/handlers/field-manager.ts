/** managedFields of writes that are no apply (operation Update), for the object as it was sent. */
import { normalize } from '../../machinery/codec/decode.ts';
import { deepCopy } from '../../machinery/meta/copy.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import {
  type FieldOwnership,
  updateManagedFields,
  type VersionLookup,
} from '../../machinery/patch/managed-fields.ts';
import { shapeOf } from '../../machinery/patch/shape.ts';
import { kindType, type StructType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { ResourceDefinition } from '../registry/resource.ts';
import {
  apiVersionOf,
  type ServedResource,
  toServed,
  toStored,
} from '../registry/served-resource.ts';

type Paths = readonly (readonly string[])[];

// The same arrays each time: filters made from them are kept by identity.
const none: Paths = [];
const statusOnly: Paths = [['status']];
const withoutStatus = new WeakMap<ServedResource, Paths>();

function allButStatus(resource: ServedResource): Paths {
  let paths = withoutStatus.get(resource);
  if (paths === undefined) {
    paths = resource.type.fields
      .filter((f) => f.name !== 'metadata' && f.name !== 'status')
      .map((f) => [f.name]);
    withoutStatus.set(resource, paths);
  }
  return paths;
}

/** Paths that a write through this face of the resource can never own. */
export function resetFieldsOf(resource: ServedResource, subresource: string): Paths {
  const { definition } = resource;
  if (subresource === 'status' && definition.status !== false) {
    if (definition.status.resetFields !== undefined) return definition.status.resetFields;
    return allButStatus(resource);
  }
  if (subresource !== '') return definition.faces[subresource]?.resetFields ?? none;
  return definition.resetFields ?? (definition.status === false ? none : statusOnly);
}

/** Objects whose sender asked for ownership to be forgotten: an empty list leaves no trace in them. */
const resetting = new WeakSet<object>();

/** Remembers that the document `object` was decoded from resets managedFields. */
export function noteReset(object: object): void {
  resetting.add(object);
}

/** The versions under which a kind is served, for ownership across them. */
const versionLookups = new WeakMap<ServedResource, VersionLookup>();

function versionsOf(resource: ServedResource): VersionLookup | undefined {
  const { definition } = resource;
  if (definition.versions.length === 0) return undefined;
  let lookup = versionLookups.get(resource);
  if (lookup === undefined) {
    lookup = makeLookup(definition, resource.group);
    versionLookups.set(resource, lookup);
  }
  return lookup;
}

/** Of the versions in one group: what was written through another group is nobody's from here. */
function makeLookup(definition: ResourceDefinition, group: string): VersionLookup {
  const storedVersion = apiVersionOf(definition.group, definition.version);
  const conversions = new Map(
    definition.versions.map((v) => [apiVersionOf(v.group, v.version), v] as const),
  );
  const types = new Map<string, StructType>();
  for (const apiVersion of [storedVersion, ...conversions.keys()]) {
    if (groupOf(apiVersion) !== group) continue;
    types.set(apiVersion, kindType(apiVersion, definition.kind)!);
  }
  return (apiVersion) => {
    const type = types.get(apiVersion);
    if (type === undefined) return undefined;
    return {
      shape: shapeOf(type),
      convert(object, from) {
        if (from === apiVersion) return object;
        // Of an object that is being pruned, parts are missing that conversions rely on.
        const whole = normalize(deepCopy(object as KubeObject), types.get(from)!);
        const hub = conversions.get(from)?.toStored(whole) ?? whole;
        return normalize(conversions.get(apiVersion)?.fromStored(hub) ?? hub, type);
      },
    };
  };
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** What both kinds of write tell about a resource. */
export function ownershipOf(
  resource: ServedResource,
  subresource: string,
): Pick<
  FieldOwnership,
  'type' | 'apiVersion' | 'subresource' | 'now' | 'resetFields' | 'versions'
> {
  const versions = versionsOf(resource);
  return {
    type: resource.type,
    apiVersion: resource.apiVersion,
    subresource,
    now: formatTime(Date.now()),
    resetFields: resetFieldsOf(resource, subresource),
    ...(versions === undefined ? {} : { versions }),
  };
}

/**
 * Sets `next.metadata.managedFields`, in place. `live` undefined: a create. Owned is what the
 * object shows in the request's version once it has been through the stored one.
 */
export function manageFields(
  resource: ServedResource,
  live: KubeObject | undefined,
  next: KubeObject,
  manager: string,
  subresource: string,
  sent: object = next,
): void {
  const shown =
    resource.conversion === undefined ? next : toServed(resource, toStored(resource, next));
  updateManagedFields({
    ...ownershipOf(resource, subresource),
    live,
    next: shown,
    manager,
    sentEmpty: resetting.has(sent),
  });
  if (shown === next) return;
  const managed = shown.metadata?.managedFields;
  next.metadata ??= {};
  if (managed === undefined) delete next.metadata.managedFields;
  else next.metadata.managedFields = managed;
}
