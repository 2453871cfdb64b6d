/** The cache of one resource against a plain list of its objects. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseLabelSelector } from '../../../machinery/meta/labels.ts';
import { ResourceCache } from './resource-cache.ts';
import { StoredObject } from './stored-object.ts';
import { widgets as spec } from './test-widgets.ts';

function widget(key: string, revision: number, labels: Record<string, string> = {}): StoredObject {
  const selectable = { labels, fields: {} };
  const raw = Buffer.from('{"kind":"Widget","apiVersion":"v1","metadata":{"uid":"u"}}');
  return new StoredObject(spec, `${spec.prefix}/${key}`, revision, raw, selectable);
}

/** What the cache has to show. */
class Model {
  readonly objects = new Map<string, StoredObject>();

  from(namespace: string, from = ''): string[] {
    return [...this.objects.keys()]
      .sort()
      .filter((key) => namespace === '' || key.startsWith(`${namespace}/`))
      .map((key) => (namespace === '' ? key : key.slice(namespace.length + 1)))
      .filter((tail) => tail >= from);
  }
}

const tails = (objects: Iterable<StoredObject>, namespace: string) =>
  [...objects].map((o) => (namespace === '' ? `${o.namespace}/${o.name}` : o.name));

// Names of which some begin like others, and namespaces around the slash in order.
const names = fc.oneof(
  fc.nat(120).map((n) => `w${n}`),
  fc.constantFrom('w', 'w-', 'w.0', 'a'),
);
const namespaces = fc.constantFrom('n', 'n-1', 'n0');
const keys = fc.tuple(namespaces, names).map((parts) => parts.join('/'));
const labels = fc.dictionary(
  fc.constantFrom('app', 'tier', 'constructor'),
  fc.constantFrom('a', 'b', ''),
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ write: keys, labels }) },
  { weight: 3, arbitrary: fc.record({ remove: keys }) },
  {
    weight: 2,
    arbitrary: fc.record({
      look: fc.constantFrom('', 'n', 'n-1', 'none'),
      from: fc.oneof(
        fc.constant(''),
        names,
        keys,
        keys.map((key) => `${key}\0`),
      ),
      selector: fc.constantFrom('app=a', 'app in (a,b),tier', 'tier!=a', 'constructor=a', 'x=y'),
    }),
  },
);

describe('the cache of a resource', () => {
  it('shows what was written, in key order, from any place, by any label', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 120 }), (crowded, steps) => {
        const cache = new ResourceCache(spec);
        const model = new Model();
        let revision = 0;
        const write = (key: string, next: StoredObject | undefined) => {
          cache.apply(`${spec.prefix}/${key}`, next, revision);
          if (next === undefined) model.objects.delete(key);
          else model.objects.set(key, next);
        };
        for (let i = 100; crowded && i > 0; i--) {
          const key = `n/w${i}`;
          write(key, widget(key, ++revision, { app: i % 7 === 0 ? 'a' : 'b', tier: `t${i}` }));
        }
        for (const s of steps) {
          revision++;
          if ('write' in s) write(s.write, widget(s.write, revision, s.labels));
          else if ('remove' in s) write(s.remove, undefined);
          else look(cache, model, s);
        }
        assert.equal(cache.count, model.objects.size);
      }),
      { seed: 11, numRuns: 60 },
    );
  });
});

function look(
  cache: ResourceCache,
  model: Model,
  { look: ns, from, selector }: { look: string; from: string; selector: string },
): void {
  const expected = model.from(ns, from);
  assert.deepEqual(tails(cache.objects(ns, from), ns), expected);
  assert.equal(cache.countFrom(ns, from), expected.length);
  const parsed = parseLabelSelector(selector);
  const wanted = model.from(ns).filter((tail) => {
    return parsed.matches(model.objects.get(ns === '' ? tail : `${ns}/${tail}`)!.labels);
  });
  // Asked for again, a label has an index.
  for (let i = 0; i < 3; i++) {
    const found = [...cache.labelled(ns, parsed)].filter((o) => parsed.matches(o.labels));
    assert.deepEqual(tails(found, ns), wanted);
  }
}
