/** What holds of server-side apply for every kind of the type table, whatever is applied. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normalize } from '../codec/decode.ts';
import { deepCopy } from '../meta/copy.ts';
import { applyDefaults } from '../schema/defaults.ts';
import type { KubeObject } from '../schema/wire.ts';
import { applyPatch, keepTimesWhenUnchanged } from './apply.ts';
import { type ArbitraryKind, configurationsOf, objectKinds } from './arbitrary-object.ts';
import type { FieldSet } from './field-set.ts';
import { elementOf } from './list-element.ts';
import { updateManagedFields } from './managed-fields.ts';
import { type Shape, shapeOfStruct } from './shape.ts';
import { asList, asMap, formOf, memberShape } from './typed.ts';

let clock = 0;

interface Step {
  readonly manager: string;
  readonly config: KubeObject;
}

function applyTo(
  k: ArbitraryKind,
  live: KubeObject | undefined,
  { manager, config }: Step,
  defaults = true,
): KubeObject {
  const out = applyPatch({
    type: k.type,
    apiVersion: k.apiVersion,
    kind: k.kind,
    force: true,
    now: timeOf(++clock),
    live,
    config,
    manager,
  });
  const next = normalize(deepCopy(out), k.type);
  if (defaults) applyDefaults(k.apiVersion, k.kind, next);
  if (live !== undefined) keepTimesWhenUnchanged(next, live);
  return next;
}

function timeOf(second: number): string {
  return new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString().replace('.000', '');
}

/** A kind, and configurations of it by several managers. */
const histories = fc
  .constantFrom(...objectKinds)
  .chain((k) =>
    fc.tuple(
      fc.constant(k),
      fc.array(
        fc.record({ manager: fc.constantFrom('x', 'y', 'z'), config: configurationsOf(k) }),
        { minLength: 1, maxLength: 4 },
      ),
    ),
  );

/** Every owned path must lead to something. */
function assertOwnedThere(k: ArbitraryKind, object: KubeObject): void {
  for (const { fieldsV1, manager } of object.metadata?.managedFields ?? []) {
    walkOwned(shapeOfStruct(k.type), fieldsV1 as FieldSet, object, `${manager}: `);
  }
}

function walkOwned(shape: Shape, set: FieldSet, value: unknown, where: string): void {
  for (const element in set) {
    if (element === '.') continue;
    const at = `${where}/${element}`;
    const [next, below] = memberAt(shape, value, element);
    // What is always written may be there as null.
    assert.ok(next !== undefined, `${at} is owned and not there`);
    walkOwned(below, set[element]!, next, at);
  }
}

function memberAt(shape: Shape, value: unknown, element: string): [unknown, Shape] {
  if (element.startsWith('f:')) {
    const name = element.slice(2);
    const map = shape.map!;
    return [asMap(value)?.[name], memberShape(map, map.fields.get(name))];
  }
  const list = shape.list!;
  const found = (asList(value) ?? []).filter((item) => elementOf(list, item) === element);
  assert.ok(found.length < 2, `${element} is there ${found.length} times`);
  return [found[0], list.element];
}

/** No two items of a list that is owned by item are the same one. */
function assertNoDoubles(shape: Shape, value: unknown, where: string): void {
  const form = formOf(shape, value);
  if (form === 'map') {
    if (shape.map!.atomic) return;
    for (const [name, member] of Object.entries(asMap(value) ?? {})) {
      const below = memberShape(shape.map!, shape.map!.fields.get(name));
      assertNoDoubles(below, member, `${where}.${name}`);
    }
  } else if (form === 'list' && !shape.list!.atomic) {
    const items = asList(value) ?? [];
    const elements = items.map((item) => elementOf(shape.list!, item));
    assert.equal(new Set(elements).size, elements.length, `${where}: ${elements.join(' ')}`);
    for (const item of items) assertNoDoubles(shape.list!.element, item, `${where}[]`);
  }
}

/** A value without what is empty; lists that are owned by item in the order of their elements. */
function essence(shape: Shape, value: unknown): unknown {
  const form = formOf(shape, value);
  if (form === 'map') {
    if (shape.map!.atomic) return value;
    const out: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(asMap(value) ?? {})) {
      if (name === 'managedFields') continue;
      const kept = essence(memberShape(shape.map!, shape.map!.fields.get(name)), member);
      if (kept !== undefined) out[name] = kept;
    }
    return Object.keys(out).length === 0 ? undefined : out;
  }
  if (form !== 'list') return value === null || value === '' || value === 0 ? undefined : value;
  const items = asList(value) ?? [];
  if (items.length === 0) return undefined;
  if (shape.list!.atomic) return items;
  return items
    .map((item) => [elementOf(shape.list!, item), essence(shape.list!.element, item)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

describe('server-side apply of any kind', () => {
  it('is idempotent, owns only what is there, and doubles no list item', () => {
    fc.assert(
      fc.property(histories, ([k, steps]) => {
        let live: KubeObject | undefined;
        for (const step of steps) {
          const next = applyTo(k, live, step);
          assertOwnedThere(k, next);
          assertNoDoubles(shapeOfStruct(k.type), next, k.kind);
          assert.deepEqual(applyTo(k, next, step), next, 'a second time changes something');
          live = next;
        }
      }),
      { seed: 6, numRuns: 250 },
    );
  });

  it('of two leaves what the second named when the first lets go', () => {
    const pairs = fc
      .constantFrom(...objectKinds)
      .chain((k) => fc.tuple(fc.constant(k), configurationsOf(k), configurationsOf(k)));
    fc.assert(
      fc.property(pairs, ([k, a, b]) => {
        const bare = { apiVersion: k.apiVersion, kind: k.kind, metadata: { name: 'o' } };
        const one = applyTo(k, undefined, { manager: 'a', config: a }, false);
        const both = applyTo(k, one, { manager: 'b', config: b }, false);
        const left = applyTo(k, both, { manager: 'a', config: bare }, false);
        const alone = applyTo(k, undefined, { manager: 'b', config: b }, false);
        const shape = shapeOfStruct(k.type);
        assert.deepEqual(essence(shape, left), essence(shape, alone));
        const sets = (o: KubeObject) => o.metadata?.managedFields?.map((e) => e.fieldsV1);
        assert.deepEqual(sets(left), sets(alone));
      }),
      { seed: 7, numRuns: 250 },
    );
  });

  it('and updates between: who changes a field owns it, alone', () => {
    fc.assert(
      fc.property(histories, ([k, steps]) => {
        let live: KubeObject | undefined;
        for (const [i, { manager, config }] of steps.entries()) {
          if (live === undefined || i % 2 === 0) {
            live = applyTo(k, live, { manager, config });
            continue;
          }
          // A replace by what an apply of it would be alone.
          const next = applyTo(k, undefined, { manager, config });
          delete next.metadata!.managedFields;
          const { type, apiVersion } = k;
          updateManagedFields({ type, apiVersion, now: timeOf(++clock), live, next, manager });
          assertOwnedThere(k, next);
          const again = deepCopy(next);
          updateManagedFields({
            ...{ type, apiVersion, now: timeOf(++clock), live: next },
            ...{ next: again, manager: 'other' },
          });
          assert.deepEqual(again, next, 'an update that changes nothing owns something');
          live = next;
        }
      }),
      { seed: 8, numRuns: 150 },
    );
  });
});
