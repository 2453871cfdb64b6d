import assert from 'node:assert/strict';
import { errorText, FieldPath } from './field-error.ts';
import { nameIsDnsSubdomain } from './names.ts';
import * as v from './object-meta-validation.ts';

const rules = { namespaced: true, nameFn: nameIsDnsSubdomain };
const good = { name: 'a', namespace: 'b' };

describe('metadata', () => {
  const create: [string, Record<string, unknown>, string[]][] = [
    ['a plain object', good, []],
    [
      'no name',
      { namespace: 'b' },
      ['metadata.name: Required value: name or generateName is required'],
    ],
    ['no namespace', { name: 'a' }, ['metadata.namespace: Required value']],
    [
      'a negative generation',
      { ...good, generation: -1 },
      ['metadata.generation: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'incomplete owners',
      { ...good, ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: '' }] },
      [
        'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
        'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
        'metadata.ownerReferences.name: Invalid value: "": must not be empty',
        'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
      ],
    ],
    [
      'contradicting finalizers',
      { ...good, finalizers: ['orphan', 'foregroundDeletion'] },
      [
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan ' +
          'and foregroundDeletion cannot be both set',
      ],
    ],
    [
      'annotations beyond 256 KiB',
      { ...good, annotations: { a: 'x'.repeat(256 * 1024) } },
      ['metadata.annotations: Too long: may not be more than 262144 bytes'],
    ],
    [
      'a foreign managed fields entry',
      { ...good, managedFields: [{ operation: 'X', fieldsType: 'Y', manager: 'a\tb' }] },
      [
        'metadata.managedFields[0].operation: Invalid value: "X": must be `Apply` or `Update`',
        'metadata.managedFields[0].fieldsType: Invalid value: "Y": must be `FieldsV1`',
        'metadata.managedFields[0].manager: Invalid value: "a\\tb": invalid character U+0009 (at ' +
          'position 1)',
      ],
    ],
  ];
  for (const [name, meta, want] of create) {
    it(`on create: ${name}`, () => {
      assert.deepEqual(v.validateObjectMeta(meta, rules).map(errorText), want);
    });
  }

  it('refuses a namespace on cluster-scoped kinds', () => {
    const errors = v.validateObjectMeta(good, { ...rules, namespaced: false });
    assert.deepEqual(errors.map(errorText), [
      'metadata.namespace: Forbidden: not allowed on this type',
    ]);
  });

  it('asks in-tree kinds for standard or qualified finalizers', () => {
    const meta = { ...good, finalizers: ['x', 'a/b', 'kubernetes'] };
    assert.deepEqual(v.validateObjectMeta(meta, rules), []);
    assert.deepEqual(v.validateKubeObjectMeta(meta, rules).map(errorText), [
      'metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor ' +
        'is it fully qualified',
    ]);
  });

  it('on update: immutable fields', () => {
    const prev = { ...good, uid: '1', resourceVersion: '1', generation: 2 };
    const next = { name: 'b', namespace: 'b', uid: '1', generation: 1 };
    assert.deepEqual(v.validateObjectMetaUpdate(next, prev).map(errorText), [
      'metadata.resourceVersion: Invalid value: "": must be specified for an update',
      'metadata.generation: Invalid value: 1: must not be decremented',
      'metadata.name: Invalid value: "b": field is immutable',
    ]);
  });

  it('on update: no new finalizers on an object being deleted', () => {
    const prev = { ...good, resourceVersion: '1', deletionTimestamp: '2024-01-01T00:00:00Z' };
    const next = { ...prev, finalizers: ['b/b', 'a/a'] };
    assert.deepEqual(v.validateObjectMetaUpdate(next, prev).map(errorText), [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being ' +
        'deleted, found new finalizers []string{"a/a", "b/b"}',
    ]);
  });

  it('checks selectors', () => {
    const at = FieldPath.of('spec', 'selector');
    const selector = {
      matchLabels: { a: 'b c' },
      matchExpressions: [
        { key: 'a', operator: 'In' },
        { key: 'a', operator: 'Exists', values: ['x'] },
        { key: 'a', operator: 'Foo' },
      ],
    };
    const errors = v.validateLabelSelector(selector, at);
    assert.deepEqual(
      errors.map((e) => e.field),
      [
        'spec.selector.matchLabels',
        'spec.selector.matchExpressions[0].values',
        'spec.selector.matchExpressions[1].values',
        'spec.selector.matchExpressions[2].operator',
      ],
    );
    assert.deepEqual(v.validateLabelSelector(undefined, at), []);
  });

  it('checks conditions', () => {
    const c = { type: 'A', status: 'True', reason: 'B', lastTransitionTime: 'x', message: '' };
    const at = FieldPath.of('status', 'conditions');
    assert.deepEqual(v.validateConditions([c], at), []);
    assert.deepEqual(v.validateConditions([c, { ...c, status: 'x' }], at).map(errorText), [
      'status.conditions[1].type: Duplicate value: "A"',
      'status.conditions[1].status: Unsupported value: "x": supported values: "False", "True", ' +
        '"Unknown"',
    ]);
  });
});
