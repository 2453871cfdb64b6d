/**
 * What each pod's containers have been granted and given: it survives the kubelet in a small file
 * in the pod's folder, since the API shows only what is wished for.
 */
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Container } from '../../machinery/schema/wire.ts';
import type { Paths } from '../paths.ts';
import type { NodePod } from './pod.ts';
import { containerResources, type ResourceSummary } from './resource-summary.ts';

type Resources = NonNullable<Container['resources']>;

interface Record_ {
  /** By container. */
  granted: Record<string, Resources>;
  given: Record<string, Resources>;
}

export class ResourceLedger {
  private readonly paths: Paths;
  private readonly records = new Map<string, Record_>();

  constructor(paths: Paths) {
    this.paths = paths;
  }

  /** The pod with what it has been granted in place of what it wishes. */
  granted(uid: string): ReadonlyMap<string, Resources> {
    return new Map(Object.entries(this.read(uid)?.granted ?? {}));
  }

  /** Notes the pod's present wishes as granted. */
  async grant(pod: NodePod): Promise<void> {
    const record = this.read(pod.metadata.uid) ?? { granted: {}, given: {} };
    const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    record.granted = Object.fromEntries(containers.map((c) => [c.name, c.resources ?? {}]));
    await this.write(pod.metadata.uid, record);
  }

  /** Notes that a container now has what its spec says. */
  async give(pod: NodePod, container: Container): Promise<void> {
    const { uid } = pod.metadata;
    const record = this.read(uid) ?? { granted: {}, given: {} };
    const resources = container.resources ?? {};
    if (JSON.stringify(record.given[container.name]) === JSON.stringify(resources)) return;
    record.given[container.name] = resources;
    await this.write(uid, record);
  }

  /** What a container was last given; undefined when nobody knows. */
  given(pod: NodePod, name: string): Resources | undefined {
    return this.read(pod.metadata.uid)?.given[name];
  }

  /** The same as numbers. */
  givenSummary(pod: NodePod, name: string): ResourceSummary | undefined {
    const resources = this.given(pod, name);
    return resources === undefined ? undefined : containerResources({ name, resources }, pod);
  }

  forget(uid: string): void {
    this.records.delete(uid);
  }

  private read(uid: string): Record_ | undefined {
    const known = this.records.get(uid);
    if (known !== undefined) return known;
    try {
      const record = JSON.parse(readFileSync(this.paths.resources(uid), 'utf8')) as Record_;
      this.records.set(uid, record);
      return record;
    } catch {
      // None yet, or cut off by a crash: what runs is taken to be as the spec says.
      return undefined;
    }
  }

  private async write(uid: string, record: Record_): Promise<void> {
    this.records.set(uid, record);
    const path = this.paths.resources(uid);
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
}
