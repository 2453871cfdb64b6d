/** Defaulting that is more than setting a value: the procedures that defaults.json names. */
import { deepCopy } from '../meta/copy.ts';
import { parseQuantity } from '../meta/quantity.ts';
import { formatTime } from '../meta/times.ts';
import type { JsonObject } from './default-paths.ts';
import { imageTag } from './image-reference.ts';
import { defaultPodLevelResources, type Quantities } from './pod-level-resources.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

/** Changes the object where it must; true when it did. */
export type Procedure = (object: JsonObject, args: readonly string[], clock: Clock) => boolean;

interface Container {
  resources?: { limits?: Quantities; requests?: Quantities };
  ports?: { hostPort?: number; containerPort?: number }[];
}

interface PodSpec {
  containers?: Container[] | null;
  initContainers?: Container[];
  hostNetwork?: boolean;
}

/** All procedures by name. */
export const procedures: Readonly<Record<string, Procedure>> = {
  pullPolicyFromImage(object, [imageField = '', policyField = '']) {
    if (object[policyField]) return false;
    const tag = imageTag((object[imageField] as string | undefined) ?? '');
    object[policyField] = tag === 'latest' ? 'Always' : 'IfNotPresent';
    return true;
  },

  emptyDirIfNoSource(object) {
    for (const name in object) if (name !== 'name') return false;
    object['emptyDir'] = {};
    return true;
  },

  copyLabelsToSelectorAndMeta(object) {
    const spec = object['spec'] as { selector?: unknown; template?: { metadata: JsonObject } };
    const metadata = object['metadata'] as JsonObject;
    const labels = spec.template?.metadata['labels'];
    if (labels === undefined) return false;
    const changed = spec.selector === undefined || metadata['labels'] === undefined;
    spec.selector ??= deepCopy(labels);
    metadata['labels'] ??= deepCopy(labels);
    return changed;
  },

  requestsFromLimits(object, [path = '']) {
    const spec = object['spec'] as unknown as Record<string, Container[] | null | undefined>;
    let changed = false;
    for (const { resources } of spec[path.slice('spec.'.length)] ?? []) {
      if (resources?.limits === undefined) continue;
      resources.requests ??= {};
      if (addMissing(resources.requests, resources.limits)) changed = true;
    }
    return changed;
  },

  podLevelResources: (object) => defaultPodLevelResources(object['spec'] as JsonObject),

  hostNetworkPorts(object) {
    const spec = object['spec'] as PodSpec;
    if (spec.hostNetwork !== true) return false;
    let changed = false;
    for (const { ports } of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
      for (const port of ports ?? []) {
        if (port.hostPort || !port.containerPort) continue;
        port.hostPort = port.containerPort;
        changed = true;
      }
    }
    return changed;
  },

  namespaceNameLabel(object) {
    const label = 'kubernetes.io/metadata.name';
    const metadata = object['metadata'] as { name?: string; labels?: Record<string, string> };
    const { name } = metadata;
    if (!name || metadata.labels?.[label] === name) return false;
    metadata.labels = { ...metadata.labels, [label]: name };
    return true;
  },

  limitRangeContainer(object) {
    const item = object as { type: string } & Record<string, Quantities | undefined>;
    if (item.type !== 'Container') return false;
    item['default'] ??= {};
    item['defaultRequest'] ??= {};
    const changes = [
      addMissing(item['default'], item['max']),
      addMissing(item['defaultRequest'], item['default']),
      addMissing(item['defaultRequest'], item['min']),
    ];
    // Maps that stay empty are left out again by normal form.
    return changes.includes(true) || emptyMap(item['default']) || emptyMap(item['defaultRequest']);
  },

  nowSeconds(object, [field = ''], clock) {
    if (object[field]) return false;
    object[field] = formatTime(clock());
    return true;
  },

  crdNames(object) {
    const { names } = object['spec'] as {
      names: { singular?: string; listKind?: string; kind: string };
    };
    const before = [names.singular, names.listKind];
    if (!names.singular && names.kind !== '') names.singular = names.kind.toLowerCase();
    if (!names.listKind && names.kind !== '') names.listKind = `${names.kind}List`;
    return names.singular !== before[0] || names.listKind !== before[1];
  },

  crdStoredVersions(object) {
    const spec = object['spec'] as { versions: { name: string; storage: boolean }[] | null };
    const status = object['status'] as { storedVersions: string[] | null };
    const stored = spec.versions?.find((v) => v.storage)?.name;
    if ((status.storedVersions?.length ?? 0) > 0 || stored === undefined) return false;
    status.storedVersions = [stored];
    return true;
  },
};

function emptyMap(map: Quantities): boolean {
  return Object.keys(map).length === 0;
}

function addMissing(into: Quantities, from: Quantities | undefined): boolean {
  let changed = false;
  for (const name in from) {
    if (Object.hasOwn(into, name)) continue;
    into[name] = from[name]!;
    changed = true;
  }
  return changed;
}

/** Rounds quantities finer than a thousandth up to one. Only such have these spellings. */
export function roundUpQuantities(map: JsonObject | null | undefined): boolean {
  let changed = false;
  for (const name in map) {
    const text = map[name] as string;
    if (!/[nu]$|e-/.test(text)) continue;
    const rounded = parseQuantity(text).roundUp(-3).toString();
    if (rounded === text) continue;
    map[name] = rounded;
    changed = true;
  }
  return changed;
}
