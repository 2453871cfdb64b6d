/** What a creator owns is what a comparison with nothing tells, whatever the object. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normalize } from '../codec/decode.ts';
import { applyDefaults } from '../schema/defaults.ts';
import type { StructType } from '../schema/schema.ts';
import type { KubeObject } from '../schema/wire.ts';
import { configurationsOf, objectKinds } from './arbitrary-object.ts';
import { createdFields } from './created-fields.ts';
import { type FieldSet, leaf, sorted, union } from './field-set.ts';
import { ListElementError } from './list-element.ts';
import { mapShape, type Shape, scalarShape, shapeOfStruct } from './shape.ts';
import { compare } from './typed.ts';

function byComparison(shape: Shape, object: object): FieldSet {
  const { added, modified } = compare(shape, {}, object);
  return sorted(union(modified, added));
}

function assertSame(shape: Shape, object: object): void {
  // As text: the order is part of it.
  const text = JSON.stringify(createdFields(shape, object));
  assert.equal(text, JSON.stringify(byComparison(shape, object)));
}

describe('created fields', () => {
  it('are those of a comparison, in order, for every kind', () => {
    const objects = fc
      .constantFrom(...objectKinds)
      .chain((k) => fc.tuple(fc.constant(k), configurationsOf(k), fc.boolean()));
    fc.assert(
      fc.property(objects, ([k, config, defaults]) => {
        const object = normalize(config, k.type);
        if (defaults) applyDefaults(k.apiVersion, k.kind, object);
        assertSame(shapeOfStruct(k.type), object);
      }),
      { seed: 12, numRuns: 400 },
    );
  });

  it('are none for pointers that are always written and lead nowhere', () => {
    const { type } = objectKinds.find((k) => k.kind === 'ReplicaSet')!;
    const object = { spec: { selector: null } };
    assert.deepEqual(createdFields(shapeOfStruct(type), object)['f:spec'], undefined);
    assertSame(shapeOfStruct(type), object);
  });

  const podType = objectKinds.find((k) => k.kind === 'Pod')!.type;
  const pod = (spec: object): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', spec }) as KubeObject;
  const port = (containerPort: number) => ({ containerPort, protocol: 'TCP' });
  const cases: [string, StructType | Shape, object][] = [
    ['nothing', podType, {}],
    ['empty structs', podType, pod({ containers: null, securityContext: {} })],
    ['items out of order', podType, pod({ containers: [{ name: 'b' }, { name: 'a' }] })],
    [
      'items that come twice',
      podType,
      pod({ containers: [{ name: 'a', ports: [port(80), port(9), port(80)] }, { name: 'a' }] }),
    ],
    [
      'more members than are moved one by one',
      mapShape(false, scalarShape('string')),
      Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${(i * 7) % 200}`, 'v'])),
    ],
    ['nothing in a map', mapShape(false, scalarShape('string')), {}],
  ];
  for (const [name, type, object] of cases) {
    it(`of ${name}`, () => {
      assertSame('byName' in type ? shapeOfStruct(type) : type, object);
    });
  }

  it('are none of a list whose items cannot be told apart', () => {
    const object = pod({ containers: [{ image: 'x' }], tolerations: [{}] });
    const shape = shapeOfStruct(podType);
    const outcome = (run: () => FieldSet) => {
      try {
        return run();
      } catch (e) {
        assert.ok(e instanceof ListElementError);
        return e.message;
      }
    };
    assert.deepEqual(
      outcome(() => createdFields(shape, object)),
      outcome(() => byComparison(shape, object)),
    );
  });

  it('are none when nothing is set', () => {
    assert.equal(createdFields(shapeOfStruct(podType), {}), leaf);
  });
});
