/** What really happened: all events of a store, and what each watch should have seen of them. */

import type { Storage, StoreEvent } from '../../apiserver/storage/storage.ts';
import { decodeProtobuf, isProtobuf } from '../../machinery/codec/protobuf.ts';
import type { Selection } from './selection.ts';

/** An object as selectors look at it. */
export interface HistoryObject {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly nodeName: string;
  readonly phase: string;
  readonly serial: string;
}

/** What a watch is expected to show of one event. */
export interface Expected {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly key: string;
  readonly revision: number;
  readonly serial: string;
}

interface HistoryEvent {
  readonly resource: string;
  readonly revision: number;
  readonly next: HistoryObject | undefined;
  readonly prev: HistoryObject | undefined;
}

/** The history of some resources, from revision 1 or the first one that `follow` saw. */
export class StoreHistory {
  readonly #events: HistoryEvent[] = [];
  readonly #live = new Map<string, HistoryObject>();
  /** Everything up to here is known. */
  revision = 0;
  #waiters: { readonly revision: number; readonly resolve: () => void }[] = [];

  /** Takes in a store's events until `signal`. */
  async follow(storage: Storage, signal: AbortSignal): Promise<void> {
    const watch = storage.watch('/registry/', { fromRevision: 1, signal });
    for await (const batch of watch) {
      for (const event of batch.events) this.#take(event);
      this.revision = batch.revision;
      for (const w of this.#waiters) if (w.revision <= this.revision) w.resolve();
    }
  }

  /** Resolves when everything up to `revision` is known. */
  reached(revision: number): Promise<void> {
    if (this.revision >= revision) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ revision, resolve }));
  }

  /** The revisions of a resource's events, ascending. */
  revisionsOf(resource: string): number[] {
    return this.#events.filter((e) => e.resource === resource).map((e) => e.revision);
  }

  /** The events that a watch of `selection` shows after a revision. */
  after(selection: Selection, revision: number): Expected[] {
    const out: Expected[] = [];
    for (const e of this.#events) {
      if (e.revision <= revision || e.resource !== selection.resource) continue;
      const now = e.next !== undefined && selection.matches(e.next);
      const before = e.prev !== undefined && selection.matches(e.prev);
      if (!now && !before) continue;
      const shown = now ? e.next! : e.next === undefined ? e.prev! : e.prev!;
      const type = now ? (before ? 'MODIFIED' : 'ADDED') : 'DELETED';
      const key = `${shown.namespace}/${shown.name}`;
      out.push({ type, key, revision: e.revision, serial: shown.serial });
    }
    return out;
  }

  /** The objects of a selection at a revision, in key order, as ADDED events. */
  stateAt(selection: Selection, revision: number): Expected[] {
    const state = new Map<string, Expected>();
    for (const e of this.#events) {
      if (e.revision > revision) break;
      if (e.resource !== selection.resource) continue;
      const { namespace, name } = (e.next ?? e.prev)!;
      const key = `${namespace}/${name}`;
      if (e.next === undefined || !selection.matches(e.next)) state.delete(key);
      else state.set(key, { type: 'ADDED', key, revision: e.revision, serial: e.next.serial });
    }
    return [...state.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #take(event: StoreEvent): void {
    const [, , resource = '', namespace = '', name = ''] = event.kv.key.split('/');
    if (resource !== 'configmaps' && resource !== 'pods') return;
    const prev = this.#live.get(event.kv.key);
    const next =
      event.type === 'delete' ? undefined : historyObject(namespace, name, event.kv.value);
    if (next === undefined) this.#live.delete(event.kv.key);
    else this.#live.set(event.kv.key, next);
    this.#events.push({ resource, revision: event.kv.modRevision, next, prev });
  }
}

function historyObject(namespace: string, name: string, value: Buffer): HistoryObject {
  const object = (isProtobuf(value) ? decodeProtobuf(value).object : JSON.parse(String(value))) as {
    metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
    spec?: { nodeName?: string };
    status?: { phase?: string };
  };
  return {
    namespace,
    name,
    labels: object.metadata.labels ?? {},
    nodeName: object.spec?.nodeName ?? '',
    phase: object.status?.phase ?? '',
    serial: object.metadata.annotations?.['serial'] ?? '',
  };
}
