/** How many pods the controllers of some pods want in all. */
import type { Client } from '../../client/client.ts';
import { discover } from '../../client/discovery.ts';
import type { Informer } from '../../client/informer.ts';
import {
  deployments,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../../client/resources.ts';
import { controllerOf } from '../../machinery/meta/owner.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { KubeObject, OwnerReference, Pod } from '../../machinery/schema/wire.ts';
import type { ControllerContext } from '../controller.ts';

interface Scalable extends KubeObject {
  spec?: { replicas?: number };
}

type Found = readonly [uid: string, replicas: number];

export interface ScaleSum {
  readonly total: number;
  /** Names of pods without a controller. */
  readonly unmanaged: readonly string[];
}

export class ScaleFinder {
  private readonly client: Client;
  private readonly byKind: Readonly<Record<string, Informer<Scalable>>>;
  private readonly deployments: Informer<Scalable>;

  constructor(context: ControllerContext) {
    this.client = context.client;
    this.deployments = context.informer<Scalable>(deployments);
    this.byKind = {
      '/ReplicationController': context.informer<Scalable>(replicationControllers),
      'apps/ReplicaSet': context.informer<Scalable>(replicaSets),
      'extensions/ReplicaSet': context.informer<Scalable>(replicaSets),
      'apps/StatefulSet': context.informer<Scalable>(statefulSets),
    };
  }

  /** Sums up the scales of all controllers of the pods. Throws when one is not to be found. */
  async sum(pods: readonly Pod[], signal: AbortSignal): Promise<ScaleSum> {
    const asked = new Set<string>();
    const scales = new Map<string, number>();
    const unmanaged: string[] = [];
    for (const pod of pods) {
      const { namespace = '', name = '' } = pod.metadata ?? {};
      const reference = controllerOf(pod);
      if (reference === undefined) {
        unmanaged.push(name);
        continue;
      }
      if (asked.has(reference.uid)) continue;
      asked.add(reference.uid);
      const found =
        this.cached(namespace, reference) ?? (await this.asked(namespace, reference, signal));
      if (found === undefined) throw new Error(`found no controllers for pod "${name}"`);
      scales.set(...found);
    }
    return { total: [...scales.values()].reduce((sum, n) => sum + n, 0), unmanaged };
  }

  private cached(namespace: string, reference: OwnerReference): Found | undefined {
    const [group] = splitVersion(reference.apiVersion);
    const informer = this.byKind[`${group}/${reference.kind}`];
    const object = informer?.store.get(namespace, reference.name);
    if (object?.metadata?.uid !== reference.uid) return undefined;
    const owner = controllerOf(object);
    if (reference.kind !== 'ReplicaSet' || owner?.kind !== 'Deployment') return scaleOf(object);
    // Of a deployment all replica sets together make up the scale.
    const deployment = this.deployments.store.get(namespace, owner.name);
    return deployment?.metadata?.uid === owner.uid ? scaleOf(deployment) : undefined;
  }

  /** Of any other kind: what its scale subresource says. */
  private async asked(
    namespace: string,
    reference: OwnerReference,
    signal: AbortSignal,
  ): Promise<Found | undefined> {
    const { resources } = await discover(this.client, signal);
    const { apiVersion, kind, name, uid } = reference;
    const [group] = splitVersion(apiVersion);
    const served = resources.find(
      ({ resource: r }) => r.kind === kind && splitVersion(r.apiVersion)[0] === group,
    );
    if (served === undefined) {
      throw new Error(`no matches for kind "${kind}" in version "${apiVersion}"`);
    }
    const { resource } = served;
    try {
      const options = { subresource: 'scale', signal } as const;
      const scale: Scalable = await this.client.get(resource, { namespace, name }, options);
      return scale.metadata?.uid === uid ? scaleOf(scale) : undefined;
    } catch (e) {
      if (!hasReason(e, 'NotFound')) throw e;
    }
    try {
      await this.client.get(resource, { namespace, name }, { metadataOnly: true, signal });
    } catch (e) {
      if (hasReason(e, 'NotFound')) return undefined;
      throw e;
    }
    const text = group === '' ? resource.plural : `${resource.plural}.${group}`;
    throw new Error(`${text} does not implement the scale subresource`);
  }
}

function scaleOf(object: Scalable): Found {
  return [object.metadata?.uid ?? '', object.spec?.replicas ?? 0];
}

function splitVersion(apiVersion: string): [group: string, version: string] {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}
