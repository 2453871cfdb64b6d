/** Ownership of the number of replicas through a Scale and back. */
import assert from 'node:assert/strict';
import type { ManagedFieldsEntry } from '../../machinery/schema/wire.ts';
import { objectEntries, scaleEntries } from './scale-ownership.ts';

const scaled = { apiVersion: 'apps/v1', replicasPath: ['spec', 'replicas'] };
const replicas = { 'f:spec': { 'f:replicas': {} } };
const more = { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } };

function entry(manager: string, fieldsV1: object, extra: object = {}): ManagedFieldsEntry {
  const head = { manager, operation: 'Update', apiVersion: 'apps/v1' };
  return { ...head, time: '2026-01-01T00:00:00Z', fieldsType: 'FieldsV1', fieldsV1, ...extra };
}

const inScale = { apiVersion: 'autoscaling/v1', subresource: 'scale' };

describe('ownership of scales', () => {
  it('shows who owns the replicas, and nothing else', () => {
    const entries = [
      entry('a', more),
      entry('b', { 'f:spec': { 'f:paused': {} } }),
      entry('c', replicas, { apiVersion: 'example.com/v1' }),
    ];
    assert.deepEqual(scaleEntries(entries, scaled), [
      entry('a', replicas, { apiVersion: 'autoscaling/v1' }),
    ]);
    assert.equal(scaleEntries(undefined, scaled), undefined);
  });

  it('moves them to who wrote the Scale', () => {
    const after = objectEntries([entry('a', more)], [entry('hpa', replicas, inScale)], scaled);
    const { time: _, ...written } = entry('hpa', replicas, { subresource: 'scale' });
    assert.deepEqual(after, [written, entry('a', { 'f:spec': { 'f:paused': {} } })]);
  });

  it('drops the entry that owned only them', () => {
    assert.equal(objectEntries([entry('a', replicas)], undefined, scaled), undefined);
  });

  it('leaves an applier that is not disturbed as it is', () => {
    const applier = { operation: 'Apply' };
    const entries = [entry('a', more, applier)];
    const written = [entry('a', replicas, { ...applier, apiVersion: 'autoscaling/v1' })];
    assert.deepEqual(objectEntries(entries, written, scaled), entries);
  });

  it('leaves out what the writer owns beside them', () => {
    const status = entry('hpa', { 'f:status': { 'f:replicas': {} } }, inScale);
    assert.deepEqual(objectEntries([entry('a', more)], [status], scaled), [
      entry('a', { 'f:spec': { 'f:paused': {} } }),
    ]);
  });

  it('follows the path of the object', () => {
    const custom = { apiVersion: 'example.com/v1', replicasPath: ['spec', 'size'] };
    const own = { 'f:spec': { 'f:size': {} } };
    const entries = [entry('a', own, { apiVersion: 'example.com/v1' })];
    const shown = [entry('a', replicas, { apiVersion: 'autoscaling/v1' })];
    assert.deepEqual(scaleEntries(entries, custom), shown);
  });
});
