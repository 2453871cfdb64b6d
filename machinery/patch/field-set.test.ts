import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as fs from './field-set.ts';
import { FieldSetError, pathText } from './path-element.ts';

const set = fs.fieldsOf;

/** Random sets of fields a..c, three levels deep. */
const anySet: fc.Arbitrary<fs.FieldSet> = fc
  .array(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }), { maxLength: 8 })
  .map((paths) => set(...paths.map((p) => p.join('.'))));

function paths(s: fs.FieldSet): string[] {
  const out: string[] = [];
  fs.forEachPath(s, (p) => out.push(pathText(p)));
  return out.toSorted();
}

describe('field sets', () => {
  it('are in the form of FieldsV1', () => {
    assert.deepEqual(set('a.b', 'a', 'c'), { 'f:a': { '.': {}, 'f:b': {} }, 'f:c': {} });
    assert.deepEqual(paths(set('a.b', 'a', 'c')), ['.a', '.a.b', '.c']);
    assert.equal(fs.sizeOf(set('a.b', 'a', 'c')), 3);
  });

  it('take a path of a set away, and leave what is below it', () => {
    assert.deepEqual(fs.difference(set('a', 'a.b'), set('a')), { 'f:a': { 'f:b': {} } });
    assert.deepEqual(fs.difference(set('a', 'a.b'), set('a.b')), { 'f:a': {} });
    assert.deepEqual(fs.recursiveDifference(set('a', 'a.b', 'c'), set('a')), { 'f:c': {} });
    assert.deepEqual(fs.difference(set('a.b'), set('a')), set('a.b'));
  });

  it('give the same set back when nothing is taken', () => {
    const s = set('a.b', 'c');
    assert.equal(fs.difference(s, set('x.y')), s);
    assert.equal(fs.union(s, fs.leaf), s);
  });

  it('obey the laws of sets', () => {
    fc.assert(
      fc.property(anySet, anySet, (a, b) => {
        const [x, y] = [new Set(paths(a)), new Set(paths(b))];
        assert.deepEqual(paths(fs.union(a, b)), [...x.union(y)].toSorted());
        assert.deepEqual(paths(fs.intersection(a, b)), [...x.intersection(y)].toSorted());
        assert.deepEqual(paths(fs.difference(a, b)), [...x.difference(y)].toSorted());
        assert.ok(fs.sameSet(fs.union(a, b), fs.union(b, a)));
        assert.ok(fs.sameSet(fs.sorted(a), a));
        for (const p of x)
          assert.ok(
            fs.hasPath(
              a,
              p
                .slice(1)
                .split('.')
                .map((n) => `f:${n}`),
            ),
          );
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it('are written in the order of the real server', () => {
    const s = {
      'f:b': {},
      'f:a': {
        'k:{"port":443,"protocol":"TCP"}': {},
        'k:{"port":80,"protocol":"UDP"}': {},
        'k:{"port":80,"protocol":"TCP"}': {},
        '.': {},
      },
      'f:c': { 'v:"b"': {}, 'v:2': {}, 'v:"a"': {}, 'v:10': {}, 'i:1': {} },
    };
    assert.deepEqual(Object.keys(fs.sorted(s)), ['f:a', 'f:b', 'f:c']);
    assert.deepEqual(Object.keys(fs.sorted(s)['f:a']!), [
      '.',
      'k:{"port":80,"protocol":"TCP"}',
      'k:{"port":80,"protocol":"UDP"}',
      'k:{"port":443,"protocol":"TCP"}',
    ]);
    assert.deepEqual(Object.keys(fs.sorted(s)['f:c']!), ['v:2', 'v:10', 'v:"a"', 'v:"b"', 'i:1']);
    const ordered = fs.sorted(s);
    assert.equal(fs.sorted(ordered), ordered);
  });

  it('are brought to one spelling when a client sends them', () => {
    const sent = {
      'f:a': { 'k:{ "b":1, "a":"<" }': { '.': 1 }, 'x:later': {} },
      'v:"é"': null,
    };
    assert.deepEqual(fs.decodeFieldSet(sent), {
      'f:a': { 'k:{"a":"\\u003c","b":1}': {} },
      'v:"é"': {},
    });
    for (const bad of [[], 'x', { a: {} }, { abc: {} }, { 'k:[]': {} }, { 'i:x': {} }]) {
      assert.throws(() => fs.decodeFieldSet(bad), FieldSetError);
    }
  });

  it('name fields as the server does', () => {
    const path = ['f:spec', 'f:ports', 'k:{"port":80,"protocol":"TCP"}', 'f:x', 'v:"a"', 'i:2'];
    assert.equal(pathText(path), '.spec.ports[port=80,protocol="TCP"].x[="a"][2]');
  });
});
