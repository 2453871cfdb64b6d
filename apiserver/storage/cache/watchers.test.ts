/** Which watchers are told of an event. */
import assert from 'node:assert/strict';
import type { CacheEvent } from './resource-cache.ts';
import { StoredObject } from './stored-object.ts';
import { widgets as spec } from './test-widgets.ts';
import { type Trigger, Watchers } from './watchers.ts';

type Labels = Record<string, string>;

function widget(name: string, labels: Labels, fields: Labels = {}): StoredObject {
  const key = `/registry/widgets/n/${name}`;
  return new StoredObject(spec, key, 1, Buffer.from('garbage'), { labels, fields });
}

function change(object: StoredObject, prev?: StoredObject): CacheEvent {
  return { type: prev === undefined ? 'ADDED' : 'MODIFIED', object, prev, revision: 2 };
}

/** Watchers by name, which write down what they are told. */
class World {
  readonly watchers = new Watchers();
  told: string[] = [];

  add(name: string, namespace: string, trigger?: Trigger): () => void {
    return this.watchers.add({
      ...{ namespace, trigger },
      onEvent: () => this.told.push(name),
      onLost: () => this.told.push(`${name} lost`),
    });
  }

  tell(event: CacheEvent): string[] {
    this.told = [];
    this.watchers.tell(event);
    return this.told.sort();
  }
}

describe('watchers of a resource', () => {
  it('are told of what has or had their trigger, once', () => {
    const world = new World();
    world.add('all', '');
    world.add('n', 'n');
    world.add('other namespace', 'm');
    world.add('name a', 'n', { field: 'metadata.name', value: 'a' });
    world.add('name b', 'n', { field: 'metadata.name', value: 'b' });
    world.add('node 1', '', { field: 'node', value: '1' });
    world.add('node 2', '', { field: 'node', value: '2' });
    world.add('no node', '', { field: 'node', value: '' });
    world.add('app x', 'n', { label: 'app', values: ['x'] });
    world.add('app x, y', '', { label: 'app', values: ['x', 'y'] });
    world.add('app z', '', { label: 'app', values: ['z'] });
    world.add('any app', '', { label: 'app', values: undefined });
    world.add('constructor', '', { label: 'constructor', values: undefined });
    const x = widget('a', { app: 'x' }, { node: '1' });
    const y = widget('a', { app: 'y' }, { node: '1' });
    const plain = widget('b', {}, { node: '2' });
    const cases: [CacheEvent, string[]][] = [
      [change(x), ['all', 'any app', 'app x', 'app x, y', 'n', 'name a', 'node 1']],
      [change(y, x), ['all', 'any app', 'app x', 'app x, y', 'n', 'name a', 'node 1']],
      [change(y, y), ['all', 'any app', 'app x, y', 'n', 'name a', 'node 1']],
      [change(plain), ['all', 'n', 'name b', 'node 2']],
      [
        change(widget('b', { app: 'z' }), plain),
        ['all', 'any app', 'app z', 'n', 'name b', 'no node', 'node 2'],
      ],
      [
        change(plain, widget('b', { app: 'z' }, { node: '2' })),
        ['all', 'any app', 'app z', 'n', 'name b', 'node 2'],
      ],
      [change(widget('c', { constructor: '' })), ['all', 'constructor', 'n', 'no node']],
    ];
    for (const [event, names] of cases) assert.deepEqual(world.tell(event), names);
  });

  it('are told no more when they have left, nor of what cannot be read and is not theirs', () => {
    const world = new World();
    const leave = [
      world.add('all', 'n'),
      world.add('node', 'n', { field: 'node', value: '1' }),
      world.add('x', 'n', { label: 'app', values: ['x'] }),
      world.add('any', 'n', { label: 'app', values: undefined }),
    ];
    const broken = new StoredObject(spec, '/registry/widgets/n/a', 1, Buffer.from('garbage'));
    assert.deepEqual(world.tell(change(broken)), ['all']);
    const whole = widget('a', { app: 'x' }, { node: '1' });
    assert.deepEqual(world.tell(change(broken, whole)), ['all', 'any', 'node', 'x']);
    for (const run of leave) run();
    assert.deepEqual(world.tell(change(whole)), []);
  });

  it('are all told when the history is lost, and by a failure of their own', () => {
    const world = new World();
    world.add('all', '');
    world.add('node', 'n', { field: 'node', value: '1' });
    world.add('x, y', 'n', { label: 'app', values: ['x', 'y'] });
    world.watchers.lost();
    assert.deepEqual(world.told, ['all lost', 'node lost', 'x, y lost']);
    world.watchers.add({
      namespace: '',
      onEvent: () => {
        throw new Error('broken');
      },
      onLost: () => world.told.push('broken lost'),
    });
    assert.deepEqual(world.tell(change(widget('a', {}))), ['all', 'broken lost']);
  });
});
