/** What an index of labels spares, and when there is none. */
import assert from 'node:assert/strict';
import { parseLabelSelector } from '../../../machinery/meta/labels.ts';
import { Bucket } from './bucket.ts';
import { type CacheSpec, StoredObject } from './stored-object.ts';
import { widgets } from './test-widgets.ts';

const spec: CacheSpec = { ...widgets, namespaced: false };

function widget(name: string, labels?: Record<string, string>): StoredObject {
  const selectable = labels && { labels, fields: {} };
  return new StoredObject(spec, `/registry/widgets/${name}`, 1, Buffer.from('garbage'), selectable);
}

function bucketOf(count: number): Bucket {
  const bucket = new Bucket();
  for (let i = 0; i < count; i++) {
    bucket.set(widget(`w${i}`, { app: `a${i % 50}`, tier: i % 2 === 0 ? 'web' : 'db' }));
  }
  return bucket;
}

/** Asks twice, as only what is asked for again gets an index. */
function labelled(bucket: Bucket, text: string): string[] | undefined {
  const selector = parseLabelSelector(text);
  bucket.labelled(selector);
  return bucket.labelled(selector)?.map((o) => o.name);
}

describe('objects by label', () => {
  it('are found where an index says more than a walk', () => {
    const bucket = bucketOf(100);
    const cases: [string, string[] | undefined][] = [
      ['app=a7', ['w57', 'w7']],
      ['app in (a7,a8)', ['w57', 'w58', 'w7', 'w8']],
      ['app=none', []],
      ['app=a7,tier=db', ['w57', 'w7']],
      ['tier=web,app=a7', ['w57', 'w7']],
      // Half of them, and what has no index.
      ['tier=web', undefined],
      ['app!=a7', undefined],
      ['app', undefined],
    ];
    for (const [text, names] of cases) assert.deepEqual(labelled(bucket, text), names, text);
  });

  it('are looked at one by one when there are few, or a label is asked for once', () => {
    assert.equal(labelled(bucketOf(20), 'app=a7'), undefined);
    assert.equal(bucketOf(100).labelled(parseLabelSelector('app=a7')), undefined);
  });

  it('have no index any more when they are written often and not asked for', () => {
    const bucket = bucketOf(100);
    assert.deepEqual(labelled(bucket, 'app=a7'), ['w57', 'w7']);
    for (let i = 0; i < 10_200; i++) bucket.set(widget('w0', { app: 'a0' }));
    assert.equal(bucket.labelled(parseLabelSelector('app=a7')), undefined);
  });

  it('keep indexes of the labels that were asked for last', () => {
    const bucket = bucketOf(100);
    assert.deepEqual(labelled(bucket, 'app=a7'), ['w57', 'w7']);
    for (let i = 0; i < 20; i++) assert.deepEqual(labelled(bucket, `other${i}=x`), []);
    assert.equal(bucket.labelled(parseLabelSelector('app=a7')), undefined);
  });

  it('come with those that cannot be read, which whoever looks has to be told of', () => {
    const bucket = bucketOf(100);
    bucket.set(widget('broken'));
    assert.deepEqual(labelled(bucket, 'app=a7'), ['broken', 'w57', 'w7']);
    bucket.delete('broken');
    assert.deepEqual(labelled(bucket, 'app=a7'), ['w57', 'w7']);
  });
});
