/**
 * Static pods: manifests in a folder, run whether or not the API is there. The API shows each as
 * a mirror pod, which the kubelet makes and replaces.
 */
import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { sleep } from '../../client/abort.ts';
import type { Client } from '../../client/client.ts';
import { errorFields, type Log } from '../../client/log.ts';
import { pods } from '../../client/resources.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { applyDefaults } from '../../machinery/schema/defaults.ts';
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
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name, namespace, uid, annotations },
    spec: {
      ...spec,
      nodeName,
      // Nothing that is wrong with the node drives them away.
      tolerations: [...(spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }],
    },
    status: { phase: 'Pending' },
  };
  applyDefaults('v1', 'Pod', pod);
  return nodePod(pod);
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

/** The API may not be there yet. */
const mirrorRetryMs = 1000;
const settleMs = 100;

export class StaticSource {
  private readonly options: StaticSourceOptions;
  private readonly current = new Map<string, NodePod>();
  private readonly complained = new Set<string>();
  private again: (() => void) | undefined;
  private failing = false;

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

  /** A mirror pod goes or went: the static pod needs a new one. */
  mirrorLost(): void {
    this.again?.();
  }

  /** Reads the folder whenever it changes, and at times, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs } = this.options;
    const watcher = this.watch();
    try {
      while (!signal.aborted) {
        const round = new AbortController();
        this.again = () => round.abort();
        await this.read();
        const complete = await this.reconcileMirrors();
        await sleep(
          clock,
          complete ? everyMs : mirrorRetryMs,
          AbortSignal.any([signal, round.signal]),
        );
        // An editor writes a file in more than one step.
        if (round.signal.aborted) await sleep(clock, settleMs, signal);
      }
    } finally {
      watcher?.close();
    }
  }

  private watch(): FSWatcher | undefined {
    const { folder, log } = this.options;
    try {
      const watcher = watch(folder, () => this.again?.());
      watcher.on('error', (error) => log.warn(errorFields(error), 'manifests not watched'));
      return watcher;
    } catch (error) {
      // The folder may come later; it is read at times all the same.
      log.debug(errorFields(error), 'manifests not watched');
      return undefined;
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

  /** Makes the mirrors that are missing; false when one could not be made. */
  private async reconcileMirrors(): Promise<boolean> {
    const { client, log, apiPod, node } = this.options;
    let complete = true;
    for (const pod of this.current.values()) {
      const { namespace, name, uid } = pod.metadata;
      const existing = apiPod(namespace, name);
      try {
        if (existing !== undefined) {
          const { annotations, deletionTimestamp } = existing.metadata;
          if (annotations?.[mirrorAnnotation] === uid && !deletionTimestamp) continue;
          await this.removeMirror(existing);
        }
        await client.create(pods, mirrorOf(pod, node()));
      } catch (error) {
        if (hasReason(error, 'AlreadyExists')) continue;
        if (complete && !this.failing)
          log.warn({ ...errorFields(error), pod: `${namespace}/${name}` }, 'mirror pod not made');
        complete = false;
      }
    }
    this.failing = !complete;
    return complete;
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
