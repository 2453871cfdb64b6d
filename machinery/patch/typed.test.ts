import assert from 'node:assert/strict';
import { kindType, structType } from '../schema/schema.ts';
import { type FieldSet, fieldsOf } from './field-set.ts';
import { ListElementError } from './list-element.ts';
import { fieldSetOf } from './named-fields.ts';
import { deducedShape, listShape, mapShape, type Shape, scalarShape, shapeOf } from './shape.ts';
import { compare } from './typed.ts';
import { merge, reconcile, removeFields, withNamedFields } from './typed-merge.ts';
import { typeProblems } from './typed-validate.ts';

const configMap = shapeOf(kindType('v1', 'ConfigMap')!);
const podSpec = shapeOf(structType('core/v1.PodSpec'));
const objectMeta = shapeOf(structType('meta/v1.ObjectMeta'));
const text = scalarShape('string');
/** `{ items: [{name, …}] }` with name as key. */
const named: Shape = {
  scalar: undefined,
  list: undefined,
  map: {
    atomic: false,
    element: undefined,
    fields: new Map([
      [
        'items',
        {
          path: 'f:items',
          shape: listShape(false, ['name'], mapShape(false, text)),
          default: undefined,
          zero: undefined,
        },
      ],
    ]),
  },
};

describe('comparing objects', () => {
  const cases: [string, Shape, unknown, unknown, FieldSet, FieldSet, FieldSet][] = [
    ['the same', configMap, { data: { a: '1' } }, { data: { a: '1' } }, {}, {}, {}],
    [
      'a key added to a map',
      configMap,
      { data: { a: '1' } },
      { data: { a: '1', b: '2' } },
      fieldsOf('data.b'),
      {},
      {},
    ],
    ['a map added', configMap, {}, { data: { a: '1' } }, fieldsOf('data', 'data.a'), {}, {}],
    ['an empty map added', configMap, {}, { data: {} }, fieldsOf('data'), {}, {}],
    ['a map removed', configMap, { data: { a: '1' } }, {}, {}, {}, fieldsOf('data', 'data.a')],
    [
      'a value changed',
      configMap,
      { data: { a: '1' } },
      { data: { a: '2' } },
      {},
      fieldsOf('data.a'),
      {},
    ],
    [
      'an item of a set',
      objectMeta,
      { finalizers: ['a'] },
      { finalizers: ['b'] },
      { 'f:finalizers': { 'v:"b"': {} } },
      {},
      { 'f:finalizers': { 'v:"a"': {} } },
    ],
    [
      'an atomic list',
      podSpec,
      { tolerations: [{ key: 'a' }] },
      { tolerations: [{ key: 'b' }] },
      {},
      fieldsOf('tolerations'),
      {},
    ],
    [
      'an atomic map',
      podSpec,
      { nodeSelector: { a: '1' } },
      { nodeSelector: { a: '1', b: '2' } },
      {},
      fieldsOf('nodeSelector'),
      {},
    ],
    [
      'a list key with a default',
      podSpec,
      { containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] },
      { containers: [{ name: 'c', ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
      {
        'f:containers': {
          'k:{"name":"c"}': {
            'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { 'f:protocol': {} } },
          },
        },
      },
      {},
      {},
    ],
    [
      'items moved only',
      named,
      { items: [{ name: 'a' }, { name: 'b' }] },
      { items: [{ name: 'b' }, { name: 'a' }] },
      {},
      {},
      {},
    ],
    [
      'an item doubled',
      named,
      { items: [{ name: 'a' }] },
      { items: [{ name: 'a' }, { name: 'a', x: '1' }] },
      { 'f:items': { 'k:{"name":"a"}': {} } },
      {},
      { 'f:items': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } } },
    ],
    [
      'a free-form value that changes its form',
      deducedShape,
      { a: { b: 1 } },
      { a: 'x' },
      {},
      fieldsOf('a'),
      fieldsOf('a.b'),
    ],
    ['free-form lists are atomic', deducedShape, { a: [1] }, { a: [2] }, {}, fieldsOf('a'), {}],
  ];
  for (const [name, shape, left, right, added, modified, removed] of cases) {
    it(name, () => assert.deepEqual(compare(shape, left, right), { added, modified, removed }));
  }

  it('takes a struct that is always written for present', () => {
    const deployment = shapeOf(kindType('apps/v1', 'Deployment')!);
    const { added, modified } = compare(deployment, {}, { spec: { replicas: 1 } });
    assert.deepEqual({ added, modified }, { added: fieldsOf('spec.replicas'), modified: {} });
  });

  it('fails on items without a key or with a null', () => {
    assert.throws(() => compare(named, {}, { items: [{ x: '1' }] }), ListElementError);
    assert.throws(() => compare(objectMeta, {}, { finalizers: [null] }), ListElementError);
  });
});

describe('fields a configuration names', () => {
  const cases: [string, Shape, unknown, FieldSet][] = [
    ['leaves', configMap, { data: { a: '1' }, immutable: true }, fieldsOf('data.a', 'immutable')],
    ['an empty map', configMap, { data: {} }, fieldsOf('data')],
    ['a null', configMap, { data: null }, fieldsOf('data')],
    ['an empty list of items: nothing', podSpec, { containers: [] }, {}],
    [
      'items with all that is in them',
      podSpec,
      { containers: [{ name: 'c', image: 'i' }] },
      { 'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:name': {}, 'f:image': {} } } },
    ],
    [
      'quantities are leaves',
      podSpec,
      { containers: [{ name: 'c', resources: { limits: { cpu: '1' } } }] },
      {
        'f:containers': {
          'k:{"name":"c"}': {
            '.': {},
            'f:name': {},
            'f:resources': { 'f:limits': { 'f:cpu': {} } },
          },
        },
      },
    ],
  ];
  for (const [name, shape, value, want] of cases) {
    it(name, () => assert.deepEqual(fieldSetOf(shape, value), want));
  }
});

describe('merging a configuration', () => {
  const order: [string, string, string][] = [
    ['abc', 'b', 'abc'],
    ['abc', 'cba', 'cba'],
    ['abc', 'ca', 'bca'],
    ['abc', 'xb', 'axbc'],
    ['', 'ab', 'ab'],
    ['ab', '', 'ab'],
    ['ab', 'cd', 'abcd'],
    ['abcd', 'db', 'acdb'],
  ];
  for (const [live, config, want] of order) {
    it(`puts items ${live} and ${config} in the order ${want}`, () => {
      const items = (s: string): { name: string }[] => [...s].map((name) => ({ name }));
      const out = merge(named, { items: items(live) }, { items: items(config) });
      const got = (out as { items: { name: string }[] }).items.map((i) => i.name).join('');
      assert.equal(got, want);
    });
  }

  it('keeps what only the live object has', () => {
    const live = { data: { a: '1' }, metadata: { labels: { x: 'y' } } };
    assert.deepEqual(merge(configMap, live, { data: { b: '2' } }), {
      data: { a: '1', b: '2' },
      metadata: { labels: { x: 'y' } },
    });
    assert.deepEqual(merge(configMap, live, { data: null }), live);
  });

  it('replaces atomic values', () => {
    const live = { nodeSelector: { a: '1' }, tolerations: [{ key: 'a' }] };
    assert.deepEqual(merge(podSpec, live, { nodeSelector: { b: '2' } }), {
      nodeSelector: { b: '2' },
      tolerations: [{ key: 'a' }],
    });
  });
});

describe('removing fields', () => {
  it('keeps what becomes empty', () => {
    const value = { data: { a: '1' }, metadata: { labels: { x: 'y' } } };
    assert.deepEqual(removeFields(configMap, value, fieldsOf('data.a', 'metadata.labels')), {
      data: {},
      metadata: {},
    });
  });

  it('removes items and what is in them', () => {
    const value = { items: [{ name: 'a' }, { name: 'b', x: '1' }] };
    const gone = { 'f:items': { 'k:{"name":"a"}': {}, 'k:{"name":"b"}': { 'f:x': {} } } };
    assert.deepEqual(removeFields(named, value, gone), { items: [{ name: 'b' }] });
  });

  it('counts declared fields on the way as members, not map keys', () => {
    assert.deepEqual(withNamedFields(fieldsOf('data.a'), configMap), fieldsOf('data', 'data.a'));
    const s = fieldsOf('a.b');
    assert.deepEqual(withNamedFields(s, deducedShape), s);
  });
});

describe('sets written for an older type', () => {
  it('own an atomic value as one piece', () => {
    const set = fieldsOf('nodeSelector.a', 'hostname');
    assert.deepEqual(reconcile(set, podSpec), fieldsOf('nodeSelector', 'hostname'));
  });

  it('are left alone where the type has not changed', () => {
    const set = fieldsOf('hostname', 'securityContext.runAsUser');
    assert.equal(reconcile(set, podSpec), set);
    assert.equal(reconcile(set, deducedShape), set);
  });
});

describe('checking a configuration', () => {
  const cases: [string, Shape, unknown, string | undefined][] = [
    ['fits', configMap, { data: { a: '1' } }, undefined],
    ['null fits anything', configMap, { data: null, immutable: null }, undefined],
    ['an unknown field', configMap, { bogus: 1 }, '.bogus: field not declared in schema'],
    [
      'a number for a string',
      configMap,
      { data: { a: 1 } },
      '.data.a: expected string, got &value.valueUnstructured{Value:1}',
    ],
    [
      'a string for a boolean',
      configMap,
      { immutable: 'x' },
      '.immutable: expected boolean, got &{x}',
    ],
    [
      'an object for a list',
      podSpec,
      { containers: { a: [1] } },
      '.containers: expected list, got &{map[a:[1]]}',
    ],
    ['a list for an object', configMap, { data: ['x'] }, '.data: expected map, got &{[x]}'],
    [
      'a string for a number',
      podSpec,
      { terminationGracePeriodSeconds: 'x' },
      '.terminationGracePeriodSeconds: expected numeric (int or float), got string',
    ],
    [
      'the same key twice',
      podSpec,
      { containers: [{ name: 'a' }, { name: 'a' }] },
      '.containers: duplicate entries for key [name="a"]',
    ],
    [
      'no key at all',
      named,
      { items: [{ x: '1' }] },
      '.items: element 0: associative list with keys has an element that omits all key fields ' +
        '["name"] (and doesn\'t have default values for any key fields)',
    ],
    [
      'several problems',
      configMap,
      { immutable: 1, data: { a: true } },
      'errors:\n  .immutable: expected boolean, got &{1}\n  .data.a: expected string, got ' +
        '&value.valueUnstructured{Value:true}',
    ],
  ];
  for (const [name, shape, value, want] of cases) {
    it(name, () => assert.equal(typeProblems(shape, value), want));
  }
});
