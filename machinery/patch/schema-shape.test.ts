import assert from 'node:assert/strict';
import { type FieldSet, fieldsOf } from './field-set.ts';
import { fieldSetOf } from './named-fields.ts';
import { type SchemaNode, shapeOfCustomResource } from './schema-shape.ts';
import { compare } from './typed.ts';
import { typeProblems } from './typed-validate.ts';

const schema: SchemaNode = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        port: {},
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: {
            type: 'object',
            properties: {
              port: { type: 'integer' },
              protocol: { type: 'string', default: 'TCP' },
            },
          },
        },
        tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        args: { type: 'array', items: { type: 'string' } },
        ref: {
          type: 'object',
          'x-kubernetes-map-type': 'atomic',
          properties: { name: { type: 'string' } },
        },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        raw: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        when: { type: 'string', format: 'date-time' },
      },
    },
  },
};
const shape = shapeOfCustomResource(schema);

describe('shapes of custom resources', () => {
  const cases: [string, object, FieldSet][] = [
    ['scalars', { replicas: 1, port: 'http', when: 'x' }, fieldsOf('replicas', 'port', 'when')],
    [
      'lists with keys, defaults included',
      { ports: [{ port: 80 }] },
      { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } },
    ],
    ['sets', { tags: ['a'] }, { 'f:tags': { 'v:"a"': {} } }],
    ['atomic lists', { args: ['a', 'b'] }, fieldsOf('args')],
    ['atomic structs', { ref: { name: 'x' } }, fieldsOf('ref')],
    ['maps', { labels: { a: 'b' } }, fieldsOf('labels.a')],
    ['free-form objects', { raw: { a: { b: 1 } } }, fieldsOf('raw.a', 'raw.a.b')],
  ];
  for (const [name, spec, want] of cases) {
    it(name, () => {
      assert.equal(typeProblems(shape, { spec }), undefined);
      assert.deepEqual(fieldSetOf(shape, { spec }), { 'f:spec': want });
    });
  }

  it('know the metadata of every object, and nothing undeclared', () => {
    const set = fieldSetOf(shape, { kind: 'X', metadata: { finalizers: ['a'] } });
    assert.deepEqual(set, { 'f:kind': {}, 'f:metadata': { 'f:finalizers': { 'v:"a"': {} } } });
    assert.equal(
      typeProblems(shape, { spec: { bogus: 1 } }),
      '.spec.bogus: field not declared in schema',
    );
  });

  it('take what comes where there is no schema', () => {
    const free = shapeOfCustomResource(undefined);
    assert.equal(typeProblems(free, { spec: { a: [{ b: 1 }] } }), undefined);
    const { added } = compare(free, {}, { spec: { a: [{ b: 1 }] } });
    assert.deepEqual(added, fieldsOf('spec', 'spec.a'));
    const preserving = shapeOfCustomResource(schema, true);
    assert.equal(typeProblems(preserving, { spec: { bogus: { x: 1 } } }), undefined);
  });
});
