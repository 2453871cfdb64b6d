import assert from 'node:assert/strict';
import fc from 'fast-check';
import { StatusError } from '../meta/status-error.ts';
import { applyJsonPatch, decodeJsonPatch } from './json-patch.ts';

function apply(document: unknown, patch: unknown): unknown {
  return applyJsonPatch(document, decodeJsonPatch(patch, true).operations);
}

describe('JSON patch', () => {
  // RFC 6902, appendix A, and what the real server does beyond it.
  const cases: [string, unknown, unknown[], unknown][] = [
    [
      'A.1 add a member',
      { foo: 'bar' },
      [{ op: 'add', path: '/baz', value: 'qux' }],
      { baz: 'qux', foo: 'bar' },
    ],
    [
      'A.2 add an element',
      { foo: ['bar', 'baz'] },
      [{ op: 'add', path: '/foo/1', value: 'qux' }],
      { foo: ['bar', 'qux', 'baz'] },
    ],
    [
      'A.3 remove a member',
      { baz: 'qux', foo: 'bar' },
      [{ op: 'remove', path: '/baz' }],
      { foo: 'bar' },
    ],
    [
      'A.4 remove an element',
      { foo: ['bar', 'qux', 'baz'] },
      [{ op: 'remove', path: '/foo/1' }],
      { foo: ['bar', 'baz'] },
    ],
    [
      'A.5 replace a value',
      { baz: 'qux', foo: 'bar' },
      [{ op: 'replace', path: '/baz', value: 'boo' }],
      { baz: 'boo', foo: 'bar' },
    ],
    [
      'A.6 move a value',
      { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
      [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
      { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
    ],
    [
      'A.7 move an element',
      { foo: ['all', 'grass', 'cows', 'eat'] },
      [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
      { foo: ['all', 'cows', 'eat', 'grass'] },
    ],
    [
      'A.8 test a value',
      { baz: 'qux', foo: ['a', 2, 'c'] },
      [
        { op: 'test', path: '/baz', value: 'qux' },
        { op: 'test', path: '/foo/1', value: 2 },
      ],
      { baz: 'qux', foo: ['a', 2, 'c'] },
    ],
    [
      'A.10 add a nested object',
      { foo: 'bar' },
      [{ op: 'add', path: '/child', value: { grandchild: {} } }],
      { foo: 'bar', child: { grandchild: {} } },
    ],
    [
      'A.11 ignores unknown members',
      { foo: 'bar' },
      [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }],
      { foo: 'bar', baz: 'qux' },
    ],
    [
      'A.14 escapes',
      { '/': 9, '~1': 10 },
      [{ op: 'test', path: '/~01', value: 10 }],
      { '/': 9, '~1': 10 },
    ],
    [
      'A.16 appends an array',
      { foo: ['bar'] },
      [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }],
      { foo: ['bar', ['abc', 'def']] },
    ],
    [
      'copy',
      { a: { b: 1 } },
      [{ op: 'copy', from: '/a', path: '/c' }],
      { a: { b: 1 }, c: { b: 1 } },
    ],
    ['add without a value', { a: 1 }, [{ op: 'add', path: '/a' }], { a: null }],
    ['-1 is the last element', { a: [1, 2] }, [{ op: 'remove', path: '/a/-1' }], { a: [1] }],
    ['add at -1 appends', { a: [1] }, [{ op: 'add', path: '/a/-1', value: 2 }], { a: [1, 2] }],
    ['replace adds a member', {}, [{ op: 'replace', path: '/a', value: 1 }], { a: 1 }],
    ['test of nothing against null', {}, [{ op: 'test', path: '/a', value: null }], {}],
    ['replace the root', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
    ['a copy of nothing', { a: 1 }, [{ op: 'copy', from: '/z', path: '/b' }], { a: 1, b: null }],
    ['null is an empty patch', { a: 1 }, null as never, { a: 1 }],
  ];
  for (const [name, document, patch, want] of cases) {
    it(name, () => assert.deepEqual(apply(document, patch), want));
  }

  const rejected: [string, unknown, unknown[]][] = [
    ['A.9 a failing test', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }]],
    ['A.12 a missing parent', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }]],
    ['A.15 10 is not "10"', { '~1': 10 }, [{ op: 'test', path: '/~01', value: '10' }]],
    ['no slash', {}, [{ op: 'add', path: 'a', value: 1 }]],
    ['no path', {}, [{ op: 'add', value: 1 }]],
    ['no operation', {}, [{ path: '/a' }]],
    ['an unknown operation', {}, [{ op: 'x', path: '/a' }]],
    ['remove what is not there', {}, [{ op: 'remove', path: '/a' }]],
    ['an index beyond the end', { a: [] }, [{ op: 'add', path: '/a/1', value: 1 }]],
    ['no index', { a: [1] }, [{ op: 'replace', path: '/a/x', value: 1 }]],
    ['below a scalar', { a: 1 }, [{ op: 'add', path: '/a/b', value: 1 }]],
    ['remove the root', {}, [{ op: 'remove', path: '' }]],
    ['inherited members are not there', {}, [{ op: 'remove', path: '/toString' }]],
  ];
  for (const [name, document, patch] of rejected) {
    it(`is refused: ${name}`, () => {
      assert.throws(
        () => apply(document, patch),
        (e) =>
          e instanceof StatusError &&
          e.code === 422 &&
          e.reason === 'Invalid' &&
          e.message === 'the server rejected our request due to an error in our request' &&
          JSON.stringify(e.details) === '{}',
      );
    });
  }

  const undecodable: [string, unknown, number, string][] = [
    [
      'an object',
      { a: 1 },
      400,
      'error decoding patch: json: cannot unmarshal object into Go value of type ' +
        '[]handlers.jsonPatchOp',
    ],
    [
      'a number as op',
      [{ op: 1, path: '/a' }],
      400,
      'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of ' +
        'type string',
    ],
    [
      'too many operations',
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a', value: 1 })),
      413,
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got ' +
        '10001',
    ],
  ];
  for (const [name, patch, code, message] of undecodable) {
    it(`cannot be read: ${name}`, () => {
      assert.throws(() => decodeJsonPatch(patch, true), { code, message });
    });
  }

  it('tells unknown members when it is validated', () => {
    const patch = [{ op: 'add', path: '/a', value: 1, x: 2 }];
    assert.deepEqual(decodeJsonPatch(patch, true).strictErrors, [
      'json patch unknown field "[0].x"',
    ]);
    assert.deepEqual(decodeJsonPatch(patch, false).strictErrors, []);
  });

  it('does not let copies double a document without end', () => {
    const doubling = Array.from({ length: 40 }, (_, i) => ({
      op: 'copy',
      from: '/a',
      path: `/a/${i}`,
    }));
    assert.throws(() => apply({ a: { x: 'x'.repeat(1000) } }, doubling), { code: 422 });
  });

  it('does not touch its arguments nor the prototype', () => {
    const document = { a: { b: [1] } };
    const value = { c: 1 };
    const patch = [
      { op: 'add', path: '/a/b/0', value },
      { op: 'add', path: '/a/b/0/d', value: 2 },
      { op: 'add', path: '/__proto__', value: { evil: true } },
    ];
    const out = apply(document, patch) as Record<string, unknown>;
    assert.deepEqual(document, { a: { b: [1] } });
    assert.deepEqual(value, { c: 1 });
    assert.deepEqual(Object.keys(out), ['a', '__proto__']);
    assert.equal(({} as Record<string, unknown>)['evil'], undefined);
  });

  it('undoes what it did', () => {
    const json = fc.jsonValue({ maxDepth: 2 });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.string(), json, (doc, key, value) => {
        const path = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        const clean = JSON.parse(JSON.stringify(doc)) as Record<string, unknown>;
        if (Object.hasOwn(clean, key)) return;
        const undone = apply(clean, [
          { op: 'add', path, value },
          { op: 'remove', path },
        ]);
        assert.deepEqual(undone, clean);
      }),
      { seed: 6, numRuns: 200 },
    );
  });
});
