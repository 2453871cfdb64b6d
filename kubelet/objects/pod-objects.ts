/** Which config maps and secrets each pod uses, and the pods to look at when one changes. */
import { configMaps, secrets } from '../../client/resources.ts';
import type { ConfigMap, Secret } from '../../machinery/schema/wire.ts';
import type { ObjectSource } from '../env/environment.ts';
import { allContainers, type NodePod } from '../pods/pod.ts';
import { ObjectCache, type ObjectCacheOptions } from './object-cache.ts';

/** Names of objects that a pod refers to. */
export interface References {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/** Everything the spec refers to: volumes, variables, pull secrets. */
export function referencesOf(pod: NodePod): References {
  const maps = new Set<string>();
  const keys = new Set<string>();
  const add = (set: Set<string>, name: string | undefined): void => {
    if (name) set.add(name);
  };
  for (const volume of pod.spec.volumes ?? []) {
    add(maps, volume.configMap?.name);
    add(keys, volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      add(maps, source.configMap?.name);
      add(keys, source.secret?.name);
    }
  }
  for (const container of allContainers(pod)) {
    for (const from of container.envFrom ?? []) {
      add(maps, from.configMapRef?.name);
      add(keys, from.secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      add(maps, valueFrom?.configMapKeyRef?.name);
      add(keys, valueFrom?.secretKeyRef?.name);
    }
  }
  for (const { name } of pod.spec.imagePullSecrets ?? []) add(keys, name);
  return { configMaps: maps, secrets: keys };
}

interface Registration {
  readonly namespace: string;
  readonly references: References;
}

/** Keeps the watches that registered pods need. */
export class PodObjects implements ObjectSource {
  private readonly maps: ObjectCache<ConfigMap>;
  private readonly keys: ObjectCache<Secret>;
  private readonly pods = new Map<string, Registration>();

  /** `onChange` gets the uid of each pod that uses an object which changed. */
  constructor(options: Omit<ObjectCacheOptions, 'onChange'>, onChange: (uid: string) => void) {
    const tell =
      (kind: keyof References) =>
      (namespace: string, name: string): void => {
        for (const [uid, pod] of this.pods) {
          if (pod.namespace === namespace && pod.references[kind].has(name)) onChange(uid);
        }
      };
    this.maps = new ObjectCache(configMaps, { ...options, onChange: tell('configMaps') });
    this.keys = new ObjectCache(secrets, { ...options, onChange: tell('secrets') });
  }

  /** Starts to watch what the pod uses; again after its spec changed. */
  register(pod: NodePod): void {
    const { uid, namespace } = pod.metadata;
    const references = referencesOf(pod);
    const known = this.pods.get(uid);
    for (const name of references.configMaps) {
      if (!known?.references.configMaps.has(name)) this.maps.acquire(namespace, name);
    }
    for (const name of references.secrets) {
      if (!known?.references.secrets.has(name)) this.keys.acquire(namespace, name);
    }
    if (known !== undefined) this.releaseAll(known, references);
    this.pods.set(uid, { namespace, references });
  }

  unregister(uid: string): void {
    const known = this.pods.get(uid);
    if (known === undefined) return;
    this.pods.delete(uid);
    this.releaseAll(known, { configMaps: new Set(), secrets: new Set() });
  }

  configMap(namespace: string, name: string): Promise<ConfigMap> {
    return this.maps.get(namespace, name);
  }

  secret(namespace: string, name: string): Promise<Secret> {
    return this.keys.get(namespace, name);
  }

  private releaseAll({ namespace, references }: Registration, kept: References): void {
    for (const name of references.configMaps) {
      if (!kept.configMaps.has(name)) this.maps.release(namespace, name);
    }
    for (const name of references.secrets) {
      if (!kept.secrets.has(name)) this.keys.release(namespace, name);
    }
  }
}
