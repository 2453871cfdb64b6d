/**
 * The watchers of one resource, kept by what they select, so that an event visits those alone that
 * may be concerned: watchers of other namespaces, names, nodes or labels cost it nothing.
 */
import { member } from '../../../machinery/meta/member.ts';
import type { CacheEvent, CacheWatcher } from './resource-cache.ts';
import type { StoredObject } from './stored-object.ts';

/**
 * What all objects have that a watcher cares for: a value of a selectable field, or a label (with
 * one of some values, or with any). A watcher may select more narrowly than its trigger says.
 */
export type Trigger =
  | { readonly field: string; readonly value: string }
  | { readonly label: string; readonly values: readonly string[] | undefined };

type WatcherSet = Set<CacheWatcher>;

/** The watchers with triggers on one field or label. */
interface ByValue {
  readonly values: Map<string, WatcherSet>;
  /** Of the label, whatever its value is. */
  readonly any: WatcherSet;
}

/** The watchers of one namespace, or of all. */
interface Group {
  readonly untriggered: WatcherSet;
  readonly fields: Map<string, ByValue>;
  readonly labels: Map<string, ByValue>;
}

export class Watchers {
  readonly #groups = new Map<string, Group>();

  /** Adds a watcher; the returned function takes it away again. */
  add(watcher: CacheWatcher): () => void {
    const { namespace } = watcher;
    let group = this.#groups.get(namespace);
    if (group === undefined) {
      group = { untriggered: new Set(), fields: new Map(), labels: new Map() };
      this.#groups.set(namespace, group);
    }
    const { untriggered, fields, labels } = group;
    const leave = join(group, watcher);
    return () => {
      leave();
      if (untriggered.size + fields.size + labels.size > 0) return;
      if (this.#groups.get(namespace) === group) this.#groups.delete(namespace);
    };
  }

  /** Tells whoever may be concerned, each once. */
  tell(event: CacheEvent): void {
    const { namespace } = event.object;
    tellGroup(this.#groups.get(namespace), event);
    if (namespace !== '') tellGroup(this.#groups.get(''), event);
  }

  /** Tells all that the history was lost. */
  lost(): void {
    const all: WatcherSet = new Set();
    const take = (set: WatcherSet) => set.forEach((w) => void all.add(w));
    for (const { untriggered, fields, labels } of this.#groups.values()) {
      take(untriggered);
      for (const { values, any } of [...fields.values(), ...labels.values()]) {
        take(any);
        values.forEach(take);
      }
    }
    for (const w of all) w.onLost();
  }
}

function join(group: Group, watcher: CacheWatcher): () => void {
  const { trigger } = watcher;
  if (trigger === undefined) return joinSet(group.untriggered, watcher);
  if ('field' in trigger) return joinValues(group.fields, trigger.field, [trigger.value], watcher);
  return joinValues(group.labels, trigger.label, trigger.values, watcher);
}

function joinSet(set: WatcherSet, watcher: CacheWatcher): () => void {
  set.add(watcher);
  return () => set.delete(watcher);
}

function joinValues(
  map: Map<string, ByValue>,
  key: string,
  wanted: readonly string[] | undefined,
  watcher: CacheWatcher,
): () => void {
  let of = map.get(key);
  if (of === undefined) {
    of = { values: new Map(), any: new Set() };
    map.set(key, of);
  }
  const { values, any } = of;
  if (wanted === undefined) any.add(watcher);
  for (const value of wanted ?? []) {
    const set = values.get(value);
    if (set === undefined) values.set(value, new Set([watcher]));
    else set.add(watcher);
  }
  return () => {
    any.delete(watcher);
    for (const value of wanted ?? []) {
      const set = values.get(value);
      if (set?.delete(watcher) && set.size === 0) values.delete(value);
    }
    if (any.size + values.size === 0 && map.get(key) === of) map.delete(key);
  };
}

function tellGroup(group: Group | undefined, event: CacheEvent): void {
  if (group === undefined) return;
  const { untriggered, fields, labels } = group;
  tellAll(untriggered, event);
  for (const [field, of] of fields) {
    const value = fieldOf(event.object, field);
    tellValue(of, event, value, event.prev === undefined ? value : fieldOf(event.prev, field));
  }
  if (labels.size === 0) return;
  const after = labelsOf(event.object);
  tellLabels(labels, event, after, event.prev === undefined ? after : labelsOf(event.prev));
}

type Labels = StoredObject['labels'];

function tellLabels(
  watched: ReadonlyMap<string, ByValue>,
  event: CacheEvent,
  after: Labels,
  before: Labels,
): void {
  // An object has few labels, while each watcher may look at one of its own.
  for (const label in after) {
    const of = watched.get(label);
    if (of !== undefined) tellValue(of, event, after[label], member(before, label));
  }
  for (const label in before) {
    if (Object.hasOwn(after, label)) continue;
    const of = watched.get(label);
    if (of !== undefined) tellValue(of, event, undefined, before[label]);
  }
}

/** undefined: the object has not or had not this label. */
function tellValue(
  { values, any }: ByValue,
  event: CacheEvent,
  after: string | undefined,
  before: string | undefined,
): void {
  if (any.size > 0) tellAll(any, event);
  const now = after === undefined ? undefined : values.get(after);
  if (now !== undefined) tellAll(now, event);
  if (before === undefined || before === after) return;
  const then = values.get(before);
  if (then !== undefined) tellAll(then, event, now);
}

/** Tells those that have not been `told`. */
function tellAll(watchers: WatcherSet, event: CacheEvent, told?: WatcherSet): void {
  for (const w of watchers) {
    if (told?.has(w)) continue;
    try {
      w.onEvent(event);
    } catch {
      // One watcher's failure is not the others'.
      w.onLost();
    }
  }
}

/** The value an object is indexed under; one that cannot be read (another server's) under ''. */
export function fieldOf(o: StoredObject, field: string): string {
  try {
    return o.field(field) ?? '';
  } catch {
    return '';
  }
}

const none: Labels = {};

/** Labels for an index; an object that cannot be read counts as one without. */
export function labelsOf(o: StoredObject): Labels {
  try {
    return o.labels;
  } catch {
    return none;
  }
}
