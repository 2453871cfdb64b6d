/** Strategic merge patches of many kinds, with directives, against a slow and simple model. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deepCopy } from '../meta/copy.ts';
import type { Field, StructType } from '../schema/schema.ts';
import type { KubeObject } from '../schema/wire.ts';
import { configurationsOf, objectKinds } from './arbitrary-object.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

type Json = Record<string, unknown>;

const names = ['Pod', 'Deployment', 'Service', 'ServiceAccount', 'Node', 'CronJob', 'Endpoints'];
const kinds = objectKinds.filter((k) => names.includes(k.kind));

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldOf(type: StructType | undefined, name: string): Field | undefined {
  return type?.byName.get(name);
}

/** The struct a field holds, itself or as items of its list. */
function structBelow(field: Field | undefined): StructType | undefined {
  const ref = field?.type.kind === 'list' ? field.type.of : field?.type;
  if (ref?.kind !== 'struct') return undefined;
  return ref.type.special === undefined && ref.type.wraps === undefined ? ref.type : undefined;
}

const strategyOf = (field: Field | undefined) => (field?.patchStrategy ?? '').split(',');
const merges = (field: Field | undefined) => strategyOf(field).includes('merge');

/** A list item's place in its list: its merge key, or itself. */
function keyOf(field: Field | undefined, item: unknown): string {
  return JSON.stringify(isMap(item) ? item[field?.patchMergeKey ?? ''] : item);
}

/** What the patch should make of the document; lists that are merged come in no order. */
function model(document: Json, patch: Json, type: StructType | undefined): Json {
  if (patch['$patch'] === 'delete') return {};
  if (patch['$patch'] === 'replace') return without(patch, '$patch');
  let out: Json = { ...document };
  const retained = patch['$retainKeys'] as string[] | undefined;
  if (retained !== undefined) {
    out = Object.fromEntries(Object.entries(out).filter(([k]) => retained.includes(k)));
  }
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$deleteFromPrimitiveList/')) {
      const list = name.slice(name.indexOf('/') + 1);
      const gone = value as unknown[];
      if (out[list] !== undefined) {
        out[list] = (out[list] as unknown[]).filter((v) => !gone.includes(v));
      }
    }
    if (name.startsWith('$')) continue;
    const before = out[name];
    const field = fieldOf(type, name);
    if (value === null) delete out[name];
    else if (isMap(value) && isMap(before)) {
      out[name] = strategyOf(field).includes('replace')
        ? value
        : model(before, value, structBelow(field));
    } else if (Array.isArray(value) && Array.isArray(before)) {
      out[name] = merges(field) ? mergedList(before, value, field!) : value;
    } else if (clean(value) === undefined) delete out[name];
    else out[name] = clean(value);
  }
  return out;
}

function without(value: Json, name: string): Json {
  return Object.fromEntries(Object.entries(value).filter(([k]) => k !== name));
}

/** What is new has no directives and no nulls; undefined when it is a directive itself. */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean).filter((v) => v !== undefined);
  if (!isMap(value)) return value;
  if ('$patch' in value) return undefined;
  const kept = Object.entries(value).flatMap(([k, v]) => {
    const inner = v === null ? undefined : clean(v);
    return inner === undefined ? [] : [[k, inner] as const];
  });
  return Object.fromEntries(kept);
}

function mergedList(before: unknown[], patch: unknown[], field: Field): unknown[] {
  const plain = patch.filter((v) => !(isMap(v) && '$patch' in v));
  if (patch.some((v) => isMap(v) && v['$patch'] === 'replace')) return plain;
  const gone = patch.filter((v) => !plain.includes(v)).map((v) => keyOf(field, v));
  const out = before.filter((v) => !gone.includes(keyOf(field, v)));
  for (const item of plain) {
    const at = out.findIndex((v) => keyOf(field, v) === keyOf(field, item));
    if (at < 0) out.push(item);
    else if (isMap(item)) out[at] = model(out[at] as Json, item, structBelow(field));
  }
  return out;
}

/** A value with its merged lists in the order of their keys. */
function unordered(value: unknown, type: StructType | undefined): unknown {
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const field = fieldOf(type, name);
      const below = structBelow(field);
      if (!Array.isArray(member)) return [name, unordered(member, below)];
      const items = member.map((v) => unordered(v, below));
      if (!merges(field)) return [name, items];
      return [name, items.sort((a, b) => (keyOf(field, a) < keyOf(field, b) ? -1 : 1))];
    }),
  );
}

/** Items that the patch names stand in its order, the others in the order that they had. */
function assertOrder(after: Json, document: Json, patch: Json, type: StructType | undefined): void {
  for (const [name, member] of Object.entries(after)) {
    const field = fieldOf(type, name);
    const [before, change] = [document[name], patch[name]];
    if (isMap(member) && isMap(before) && isMap(change) && !('$patch' in change)) {
      assertOrder(member, before, change, structBelow(field));
    }
    if (!Array.isArray(member) || !Array.isArray(before) || !merges(field)) continue;
    const given = patch[`$setElementOrder/${name}`] ?? change;
    if (!Array.isArray(given) || given.some((v) => isMap(v) && v['$patch'] === 'replace')) continue;
    const keys = member.map((v) => keyOf(field, v));
    const wanted = given.map((v) => keyOf(field, v)).filter((k) => keys.includes(k));
    const named = keys.filter((k) => wanted.includes(k));
    assert.deepEqual(named, [...new Set(wanted)], `${name}: the patch's order`);
    const had = before.map((v) => keyOf(field, v));
    const rest = keys.filter((k) => !wanted.includes(k));
    assert.deepEqual(
      rest,
      had.filter((k) => rest.includes(k)),
      `${name}: the order that it had`,
    );
  }
}

/** Puts directives and nulls at places of a patch that `draws` picks. */
function directed(document: Json, patch: Json, type: StructType | undefined, draw: () => number) {
  const out: Json = {};
  for (const [name, value] of Object.entries(patch)) {
    const field = fieldOf(type, name);
    const below = structBelow(field);
    const before = document[name];
    if (draw() === 0 && name !== 'metadata' && name !== 'kind' && name !== 'apiVersion') {
      out[name] = null;
      continue;
    }
    if (isMap(value)) {
      out[name] = isMap(before) ? directed(before, value, below, draw) : value;
      if (draw() === 1 && name !== 'metadata') {
        out[name] = { ...(out[name] as Json), $patch: draw() % 2 === 0 ? 'replace' : 'delete' };
      } else if (draw() === 2 && isMap(before)) {
        const keys = [...Object.keys(value), ...Object.keys(before).slice(0, 1)];
        out[name] = { ...(out[name] as Json), $retainKeys: [...new Set(keys)] };
      }
    } else if (Array.isArray(value) && Array.isArray(before) && merges(field)) {
      Object.assign(out, directedList(name, before, value, field!, draw));
    } else out[name] = value;
  }
  return out;
}

function directedList(
  name: string,
  before: unknown[],
  value: unknown[],
  field: Field,
  draw: () => number,
): Json {
  const key = field.patchMergeKey;
  const known = (v: unknown) => before.find((b) => keyOf(field, b) === keyOf(field, v));
  if (key === undefined) {
    if (draw() % 3 === 0) return { [`$deleteFromPrimitiveList/${name}`]: value };
    const all = [...new Set([...value, ...before])];
    return draw() % 2 === 0
      ? { [name]: value, [`$setElementOrder/${name}`]: all }
      : { [name]: value };
  }
  const items = (value as Json[])
    .filter((v) => v[key] !== undefined)
    .map((v) => {
      const old = known(v) as Json | undefined;
      if (old === undefined) return v;
      if (draw() === 3) return { [key]: v[key], $patch: 'delete' };
      return { ...directed(old, v, structBelow(field), draw), [key]: v[key] };
    });
  if (draw() === 4) return { [name]: [...items, { $patch: 'replace' }] };
  const plain = items.filter((v) => !('$patch' in v));
  const more = (before as Json[]).filter((v) => v[key] !== undefined);
  const unique = new Map([...plain, ...more].map((v) => [keyOf(field, v), { [key]: v[key] }]));
  if (draw() % 2 === 0)
    return { [name]: items, [`$setElementOrder/${name}`]: [...unique.values()] };
  return { [name]: items };
}

/** Items without their merge key cannot be merged: both sides have it. */
function keyed(value: unknown, type: StructType | undefined): unknown {
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const field = fieldOf(type, name);
      const below = structBelow(field);
      if (!Array.isArray(member)) return [name, keyed(member, below)];
      const key = merges(field) ? field!.patchMergeKey : undefined;
      const items = member.map((v) => keyed(v, below));
      if (key === undefined) return [name, items];
      const unique = new Map(items.map((v, i) => [(v as Json)[key] ?? `k${i}`, v as Json]));
      return [name, [...unique].map(([k, v]) => ({ ...v, [key]: k }))];
    }),
  );
}

describe('strategic merge patch of any kind', () => {
  const cases = fc.constantFrom(...kinds).chain((k) =>
    fc.tuple(
      fc.constant(k),
      configurationsOf(k).map((o) => keyed(o, k.type) as KubeObject),
      configurationsOf(k).map((o) => keyed(o, k.type) as KubeObject),
      fc.infiniteStream(fc.nat(9)),
    ),
  );

  it('makes what the model makes, in the order that the patch gives', () => {
    fc.assert(
      fc.property(cases, ([k, document, change, stream]) => {
        const draw = () => stream.next().value as number;
        const patch = directed(document as Json, change as Json, k.type, draw);
        const before = deepCopy(document);
        const sent = deepCopy(patch);
        const after = applyStrategicMergePatch(document, patch, k.type) as Json;
        assert.deepEqual([document, patch], [before, sent], 'an argument was changed');
        const expected = model(document as Json, patch, k.type);
        assert.deepEqual(unordered(after, k.type), unordered(expected, k.type));
        assertOrder(after, document as Json, patch, k.type);
      }),
      { seed: 9, numRuns: 600 },
    );
  });
});
