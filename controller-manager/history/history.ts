/** Writes revisions: creates with a way around name collisions, renumbers, deletes. */
import type { Client, Resource } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { OwnWrites } from '../../client/own-writes.ts';
import { controllerRevisions } from '../../client/resources.ts';
import type { Selector } from '../../machinery/meta/labels.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { ControllerRevision, KubeObject } from '../../machinery/schema/wire.ts';
import { claim } from '../pods/claim.ts';
import { indexByController, ownedOrOrphaned } from '../pods/owner-index.ts';
import { newRevision, planRevision, type RevisionParent, sameRevision } from './revisions.ts';

export interface UpdatedHistory {
  /** The revision of the present template. */
  readonly revision: ControllerRevision;
  readonly collisions: number;
}

export class History {
  private readonly client: Client;
  private readonly cache: Informer<ControllerRevision>;
  private readonly writes: OwnWrites<ControllerRevision>;

  constructor(client: Client, cache: Informer<ControllerRevision>) {
    this.client = client;
    this.cache = cache;
    this.writes = new OwnWrites(cache);
    indexByController(cache);
  }

  /** False while the cache lacks revisions that were written for this owner. */
  isCurrent(key: string): boolean {
    return this.writes.isCurrent(key);
  }

  forget(key: string): void {
    this.writes.forget(key);
  }

  /** The owner's revisions, orphans adopted. */
  async list(
    owner: KubeObject,
    ownerResource: Resource,
    selector: Selector,
    signal: AbortSignal,
  ): Promise<ControllerRevision[]> {
    return await claim({
      client: this.client,
      owner,
      ownerResource,
      resource: controllerRevisions,
      selector,
      candidates: ownedOrOrphaned(this.cache, owner),
      signal,
    });
  }

  /** Sees to it that there is a revision of the present template, and that it is the newest. */
  async update(
    key: string,
    parent: RevisionParent,
    present: readonly ControllerRevision[],
    collisions: number,
    signal: AbortSignal,
  ): Promise<UpdatedHistory> {
    const action = planRevision(parent, present, collisions);
    if (action.type === 'none') return { revision: action.revision, collisions };
    if (action.type === 'renumber') {
      const revision = await this.client.update(controllerRevisions, action.revision, { signal });
      this.writes.wrote(key, revision);
      return { revision, collisions };
    }
    for (let probe = collisions; ; probe++) {
      const wanted = newRevision(parent, action.revision.revision, probe);
      const there = await this.createOrGet(key, wanted, signal);
      if (sameRevision(there, wanted)) return { revision: there, collisions: probe };
    }
  }

  async remove(
    key: string,
    revisions: readonly ControllerRevision[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const revision of revisions) {
      const { namespace, name = '' } = revision.metadata ?? {};
      try {
        await this.client.delete(controllerRevisions, { namespace, name }, { signal });
        this.writes.deleted(key, revision);
      } catch (e) {
        if (!hasReason(e, 'NotFound')) throw e;
      }
    }
  }

  private async createOrGet(
    key: string,
    wanted: ControllerRevision,
    signal: AbortSignal,
  ): Promise<ControllerRevision> {
    try {
      const made = await this.client.create(controllerRevisions, wanted, { signal });
      this.writes.wrote(key, made);
      return made;
    } catch (e) {
      if (!hasReason(e, 'AlreadyExists')) throw e;
      const { namespace, name = '' } = wanted.metadata ?? {};
      return await this.client.get(controllerRevisions, { namespace, name }, { signal });
    }
  }
}
