import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deepCopy } from '../meta/copy.ts';
import { kindType } from '../schema/schema.ts';
import type { KubeObject, ManagedFieldsEntry } from '../schema/wire.ts';
import { type FieldSet, fieldsOf, forEachPath } from './field-set.ts';
import { type ManagedFieldsUpdate, updateManagedFields } from './managed-fields.ts';

const type = kindType('v1', 'ConfigMap')!;

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

function configMap(data: Record<string, string> | undefined, more: KubeObject = {}): ConfigMap {
  return {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    ...more,
    metadata: { name: 'a', ...more.metadata },
    ...(data === undefined ? {} : { data }),
  };
}

function time(seconds: number): string {
  return `2026-01-01T00:00:${String(seconds).padStart(2, '0')}Z`;
}

function write(
  live: ConfigMap | undefined,
  next: ConfigMap,
  options: Partial<ManagedFieldsUpdate> = {},
): ConfigMap {
  const copy = deepCopy(next);
  updateManagedFields({
    type,
    apiVersion: 'v1',
    manager: 'm',
    now: time(0),
    live,
    ...options,
    next: copy,
  });
  return copy;
}

function entry(manager: string, fields: FieldSet, more: object = {}): ManagedFieldsEntry {
  return {
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    time: time(0),
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...more,
  };
}

const entries = (o: KubeObject): ManagedFieldsEntry[] | undefined => o.metadata?.managedFields;
const created = write(undefined, configMap({ a: '1', b: '2' }), { manager: 'creator' });

describe('managedFields of updates', () => {
  it('give a creator all it set, but not what identifies the object', () => {
    const object = configMap({ a: '1' }, { metadata: { labels: { x: 'y' }, uid: 'u' } });
    assert.deepEqual(entries(write(undefined, object)), [
      entry('m', fieldsOf('data', 'data.a', 'metadata.labels', 'metadata.labels.x')),
    ]);
  });

  it('give an updater what it changed, and take it from others', () => {
    const next = configMap({ a: '1', b: '3', c: '4' });
    const out = write(created, { ...next, metadata: created.metadata! }, { now: time(5) });
    assert.deepEqual(entries(out), [
      entry('creator', fieldsOf('data', 'data.a')),
      entry('m', fieldsOf('data.b', 'data.c'), { time: time(5) }),
    ]);
  });

  it('merge what one manager changes over time, under the latest time', () => {
    const one = write(created, configMap({ a: '2', b: '2' }), { now: time(1) });
    const two = write(one, configMap({ a: '2', b: '3' }), { now: time(2) });
    assert.deepEqual(entries(two), [
      entry('creator', fieldsOf('data')),
      entry('m', fieldsOf('data.a', 'data.b'), { time: time(2) }),
    ]);
  });

  it('stay as they are, time included, when nothing changes', () => {
    const out = write(created, configMap({ a: '1', b: '2' }), { now: time(9) });
    assert.equal(entries(out), entries(created));
  });

  it('drop a manager that has nothing left', () => {
    const out = write(created, configMap(undefined), { now: time(1) });
    assert.equal(entries(out), undefined);
  });

  it('keep a subresource apart and leave out what it cannot write', () => {
    const pod = kindType('v1', 'Pod')!;
    const live = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'p' }, spec: {}, status: {} };
    const start = deepCopy(live) as KubeObject;
    updateManagedFields({
      type: pod,
      apiVersion: 'v1',
      manager: 'c',
      now: time(0),
      live: undefined,
      next: Object.assign(start, { spec: { nodeName: 'n' }, status: { phase: 'X' } }),
      resetFields: [['status']],
    });
    assert.deepEqual(entries(start), [entry('c', fieldsOf('spec.nodeName'))]);
    const next = { ...start, spec: { nodeName: 'o' }, status: { phase: 'Running' } };
    updateManagedFields({
      type: pod,
      apiVersion: 'v1',
      manager: 'kubelet',
      subresource: 'status',
      now: time(1),
      live: start,
      next: next as KubeObject,
      resetFields: [['spec']],
    });
    assert.deepEqual(entries(next as KubeObject), [
      entry('c', fieldsOf('spec.nodeName')),
      entry('kubelet', fieldsOf('status.phase'), { time: time(1), subresource: 'status' }),
    ]);
  });

  it('are not started on an object without them', () => {
    const live = configMap({ a: '1' }, { metadata: { uid: 'u' } });
    assert.equal(entries(write(live, configMap({ a: '2' }))), undefined);
  });

  it('are not made for a body that names no kind', () => {
    const { kind: _, ...bare } = configMap({ a: '1' });
    assert.equal(entries(write(undefined, bare)), undefined);
  });

  it('end when a client asks for that', () => {
    const empty = { metadata: { managedFields: [{}] } };
    assert.equal(entries(write(created, configMap({ a: '2' }, empty))), undefined);
    const out = write(created, configMap({ a: '2' }), { sentEmpty: true });
    assert.equal(entries(out), undefined);
  });

  it('are taken from the client when they can be read', () => {
    const mine = [entry('other', { 'f:data': { 'f:a': {} } })];
    const next = configMap({ a: '1', b: '2' }, { metadata: { managedFields: mine } });
    assert.deepEqual(entries(write(created, next)), mine);
    const bad = [{ ...mine[0]!, fieldsType: 'V2' }];
    const refused = configMap({ a: '1', b: '2' }, { metadata: { managedFields: bad } });
    assert.deepEqual(entries(write(created, refused)), entries(created));
    const inStatus = write(created, next, { subresource: 'status' });
    assert.deepEqual(entries(inStatus), entries(created));
  });

  it('lose entries of versions that are not served', () => {
    const old = [entry('old', fieldsOf('data.a'), { apiVersion: 'v0' })];
    const live = configMap({ a: '1' }, { metadata: { managedFields: old } });
    const out = write(live, configMap({ a: '1', b: '2' }));
    assert.deepEqual(entries(out), [entry('m', fieldsOf('data.b'))]);
  });

  it('keep at most ten updaters, the oldest merged', () => {
    let object = created;
    for (let i = 1; i <= 11; i++) {
      const next = configMap({ ...object.data, [`k${i}`]: 'x' });
      object = write(object, next, { manager: `m${i}`, now: time(i) });
    }
    const list = entries(object)!;
    assert.equal(list.length, 10);
    assert.deepEqual(list[0], {
      ...entry('ancient-changes', fieldsOf('data', 'data.a', 'data.b', 'data.k1', 'data.k2')),
      time: time(2),
    });
    assert.equal(list.at(-1)!.manager, 'm11');
  });

  it('are given up for an object whose lists cannot be followed', () => {
    const metadata = { finalizers: [null] } as unknown as KubeObject['metadata'];
    assert.equal(
      entries(write(created, configMap({ a: '1' }, { metadata: metadata! }))),
      undefined,
    );
  });

  it('never name a field that is not there, whatever is written', () => {
    const data = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'));
    const writes = fc.array(fc.tuple(fc.constantFrom('x', 'y', 'z'), fc.option(data)), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(writes, (list) => {
        let object: ConfigMap | undefined;
        for (const [i, [manager, value]] of list.entries()) {
          const next = configMap(value ?? undefined);
          object = write(object, next, { manager, now: time(i) });
          const owners = new Set<string>();
          for (const e of entries(object) ?? []) {
            forEachPath(e.fieldsV1 as FieldSet, (path) => {
              let at: unknown = object;
              for (const element of path) at = (at as Record<string, unknown>)[element.slice(2)];
              assert.notEqual(at, undefined, path.join('/'));
              owners.add(path.join('/'));
            });
          }
        }
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});
