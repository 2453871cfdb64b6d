/**
 * Static pods: manifests in a folder, run whether or not the API is there. The API shows each as
 * a mirror pod, which the kubelet makes and replaces.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { sleep } from '../../client/abort.ts';
import type { Client } from '../../client/client.ts';
import { errorFields, type Log } from '../../client/log.ts';
import { pods } from '../../client/resources.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { Node, Pod } from '../../machinery/schema/wire.ts';
import type { PodSink } from './api-source.ts';
import {
  configHashAnnotation,
  configSourceAnnotation,
  mirrorAnnotation,
  type NodePod,
  nodePod,
} from './pod.ts';

export interface StaticSourceOptions {
  readonly folder: string;
  readonly everyMs: number;
  readonly nodeName: string;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly sink: PodSink;
  readonly node: () => Node | undefined;
  /** The API's pod of that name. */
  readonly apiPod: (namespace: string, name: string) => NodePod | undefined;
}

/** A manifest as the pod that runs: named for the node, with a uid of its content. */
export function staticPod(manifest: Pod, file: string, nodeName: string): NodePod {
  const { metadata = {}, spec } = manifest;
  const name = `${metadata.name ?? ''}-${nodeName}`;
  const namespace = metadata.namespace || 'default';
  const content = JSON.stringify([manifest, nodeName, file]);
  const uid = metadata.uid || createHash('md5').update(content).digest('hex');
  if (spec === undefined || !metadata.name) throw new Error('no name or spec');
  const annotations = {
    ...metadata.annotations,
    [configHashAnnotation]: uid,
    [configSourceAnnotation]: 'file',
  };
  const defaulted = spec.containers.map((c) => ({
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: /:latest$|^[^:]+$/.test(c.image ?? '') ? 'Always' : 'IfNotPresent',
    ...c,
  }));
  return nodePod({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name, namespace, uid, annotations },
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      securityContext: {},
      schedulerName: 'default-scheduler',
      ...spec,
      containers: defaulted,
      nodeName,
      // Nothing that is wrong with the node drives them away.
      tolerations: [...(spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }],
    },
    status: { phase: 'Pending' },
  });
}

/** The object for the API that stands for a static pod. */
export function mirrorOf(pod: NodePod, node: Node | undefined): Pod {
  const { uid: hash, annotations, ...metadata } = pod.metadata;
  const { name, uid } = node?.metadata ?? {};
  const owner = {
    apiVersion: 'v1',
    kind: 'Node',
    name: name ?? '',
    uid: uid ?? '',
    controller: true,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      annotations: { ...annotations, [mirrorAnnotation]: hash },
      ...(uid ? { ownerReferences: [owner] } : {}),
    },
    spec: pod.spec,
  };
}

export class StaticSource {
  private readonly options: StaticSourceOptions;
  private readonly current = new Map<string, NodePod>();
  private readonly complained = new Set<string>();

  constructor(options: StaticSourceOptions) {
    this.options = options;
  }

  /** The mirror pod of a static pod's uid, once the API has it. */
  mirror(uid: string): NodePod | undefined {
    const pod = this.current.get(uid);
    if (pod === undefined) return undefined;
    const { namespace, name } = pod.metadata;
    const found = this.options.apiPod(namespace, name);
    return found?.metadata.annotations?.[mirrorAnnotation] === uid ? found : undefined;
  }

  /** Reads the folder again and again until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs } = this.options;
    while (!signal.aborted) {
      await this.read();
      await this.reconcileMirrors();
      await sleep(clock, everyMs, signal);
    }
  }

  /** Reads the folder once; the first time before anything is removed as unknown. */
  async read(): Promise<void> {
    const { folder, log, sink } = this.options;
    let names: string[];
    try {
      names = (await readdir(folder)).filter((n) => !n.startsWith('.')).sort();
    } catch (error) {
      if (!this.complained.has(folder))
        log.warn({ ...errorFields(error), folder }, 'manifests not read');
      this.complained.add(folder);
      return;
    }
    const found = new Map<string, NodePod>();
    for (const name of names) {
      for (const pod of await this.readFile(join(folder, name))) found.set(pod.metadata.uid, pod);
    }
    for (const [uid, pod] of this.current) if (!found.has(uid)) sink.drop(pod);
    for (const [uid, pod] of found) if (!this.current.has(uid)) sink.put(pod);
    const gone = [...this.current.values()].filter((p) => !found.has(p.metadata.uid));
    this.current.clear();
    for (const [uid, pod] of found) this.current.set(uid, pod);
    for (const pod of gone) await this.removeMirror(pod);
  }

  private async readFile(file: string): Promise<NodePod[]> {
    const { log, nodeName } = this.options;
    try {
      const documents = parseAllDocuments(await readFile(file, 'utf8'), { version: '1.1' });
      const manifests = [documents].flat().map((d) => d.toJS() as Pod | null);
      this.complained.delete(file);
      return manifests.filter((m) => m?.kind === 'Pod').map((m) => staticPod(m!, file, nodeName));
    } catch (error) {
      // Once per file: it is read again every few seconds.
      if (!this.complained.has(file))
        log.error({ ...errorFields(error), file }, 'manifest not read');
      this.complained.add(file);
      return [];
    }
  }

  private async reconcileMirrors(): Promise<void> {
    const { client, log, apiPod, node } = this.options;
    for (const pod of this.current.values()) {
      const { namespace, name, uid } = pod.metadata;
      const existing = apiPod(namespace, name);
      try {
        if (existing?.metadata.annotations?.[mirrorAnnotation] === uid) continue;
        if (existing !== undefined) await this.removeMirror(existing);
        await client.create(pods, mirrorOf(pod, node()));
      } catch (error) {
        if (hasReason(error, 'AlreadyExists')) continue;
        log.warn({ ...errorFields(error), pod: `${namespace}/${name}` }, 'mirror pod not made');
      }
    }
  }

  private async removeMirror(pod: NodePod): Promise<void> {
    const { client, log } = this.options;
    const { namespace, name } = pod.metadata;
    try {
      await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
    } catch (error) {
      if (hasReason(error, 'NotFound')) return;
      log.warn({ ...errorFields(error), pod: `${namespace}/${name}` }, 'mirror pod not removed');
    }
  }
}
