/** Writes endpoint slices and knows its own writes when they come back as events. */
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { OwnWrites } from '../../client/own-writes.ts';
import { endpointSlices } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { EndpointSlice } from '../../machinery/schema/wire.ts';

/** Slices to write, in no particular order. Those to create have no name yet. */
export interface SliceChanges {
  readonly create: EndpointSlice[];
  readonly update: EndpointSlice[];
  readonly remove: EndpointSlice[];
}

export class SliceWriter {
  private readonly client: Client;
  private readonly writes: OwnWrites<EndpointSlice>;
  private readonly versions = new Map<string, string>();

  constructor(client: Client, slices: Informer<EndpointSlice>) {
    this.client = client;
    this.writes = new OwnWrites(slices);
    slices.addHandler({ deleted: (slice) => void this.versions.delete(keyOf(slice)) });
  }

  /** The cache shows what was written for an owner. */
  isCurrent(owner: string): boolean {
    return this.writes.isCurrent(owner);
  }

  forget(owner: string): void {
    this.writes.forget(owner);
  }

  /** The slice is as this writer left it: its event is no news. */
  isOwnWork(slice: EndpointSlice): boolean {
    return this.versions.get(keyOf(slice)) === slice.metadata?.resourceVersion;
  }

  /** Throws at the first write that fails. */
  async write(owner: string, changes: SliceChanges, signal: AbortSignal): Promise<void> {
    for (const slice of changes.create) {
      this.note(owner, await this.client.create(endpointSlices, slice, { signal }));
    }
    for (const slice of changes.update) {
      this.note(owner, await this.client.update(endpointSlices, slice, { signal }));
    }
    for (const slice of changes.remove) {
      const { namespace, name = '' } = slice.metadata ?? {};
      try {
        await this.client.delete(endpointSlices, { namespace, name }, { signal });
      } catch (e) {
        if (!hasReason(e, 'NotFound')) throw e;
      }
      this.writes.deleted(owner, slice);
    }
  }

  private note(owner: string, slice: EndpointSlice): void {
    this.writes.wrote(owner, slice);
    this.versions.set(keyOf(slice), slice.metadata?.resourceVersion ?? '');
  }
}
