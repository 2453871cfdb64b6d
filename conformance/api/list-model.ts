/** What lists should show: every state that one writer has made, by revision. */
import type { Api } from './api.ts';
import type { Random } from './random.ts';
import { namespaces, type Selection } from './selection.ts';
import type { HistoryObject } from './store-history.ts';

/** An item as a list shows it. */
export interface ListedItem {
  readonly key: string;
  readonly revision: number;
  readonly serial: string;
}

type State = ReadonlyMap<string, HistoryObject & { readonly revision: number }>;

/** The states of all config maps in the tests' namespaces. Only one writer may be at work. */
export class ListModel {
  readonly #api: Api;
  readonly #states: { readonly revision: number; readonly state: State }[] = [];
  #serial = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  /** The revision of the newest write that was acknowledged. */
  get revision(): number {
    return this.#states.at(-1)?.revision ?? 0;
  }

  /** The revision of one of the states, of the older half. */
  old(random: Random): number {
    return this.#states[random.below(Math.ceil(this.#states.length / 2))]!.revision;
  }

  /** The items of a selection at a revision, in the order of lists. */
  at(selection: Selection, revision: number): ListedItem[] {
    const found = this.#states.findLast((s) => s.revision <= revision);
    const items = [...(found?.state ?? [])].filter(([, o]) => selection.matches(o));
    return items
      .map(([key, o]) => ({ key, revision: o.revision, serial: o.serial }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Makes the namespaces, and takes in what the server itself has made. */
  async prepare(): Promise<void> {
    for (const name of namespaces) {
      await this.#api.call('POST', '/api/v1/namespaces', { metadata: { name } });
    }
    const list = await this.#call('GET', '/api/v1/configmaps');
    const state = new Map<string, HistoryObject & { revision: number }>();
    for (const { metadata } of list.items ?? []) {
      const { name, namespace = '', labels = {} } = metadata;
      const revision = Number(metadata.resourceVersion);
      const object = { namespace, name, labels, revision, serial: '', nodeName: '', phase: '' };
      state.set(`${namespace}/${name}`, object);
    }
    this.#states.push({ revision: Number(list.metadata.resourceVersion), state });
  }

  /** Makes, changes or deletes an object. */
  async write(random: Random): Promise<void> {
    const namespace = random.pick(namespaces);
    const name = `n${random.below(12)}`;
    const key = `${namespace}/${name}`;
    const folder = `/api/v1/namespaces/${namespace}/configmaps`;
    const serial = String(++this.#serial);
    const labels: Record<string, string> = {
      ...(random.oneIn(3) ? {} : { color: random.pick(['red', 'blue', 'green']) }),
      ...(random.oneIn(2) ? {} : { size: String(random.below(10)) }),
    };
    const state = new Map(this.#states.at(-1)?.state);
    const exists = state.has(key);
    if (exists && random.oneIn(3)) {
      await this.#call('DELETE', `${folder}/${name}`);
      state.delete(key);
      // The answer does not tell the revision; nobody else writes.
      const { metadata } = await this.#call('GET', `${folder}?limit=1`);
      this.#states.push({ revision: Number(metadata.resourceVersion), state });
      return;
    }
    const body = { metadata: { name, labels, annotations: { serial } } };
    const { metadata } = exists
      ? await this.#call('PUT', `${folder}/${name}`, body)
      : await this.#call('POST', folder, body);
    const revision = Number(metadata.resourceVersion);
    const object = { namespace, name, labels, serial, revision, nodeName: '', phase: '' };
    state.set(key, object);
    this.#states.push({ revision, state });
  }

  async #call(method: string, path: string, body?: unknown) {
    const { status, object } = await this.#api.call(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${object.message}`);
    return object;
  }
}
