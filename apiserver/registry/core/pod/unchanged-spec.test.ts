/** Updates that leave the spec of a pod alone. */
import assert from 'node:assert/strict';
import { noteEmptied } from '../../../../machinery/meta/emptied.ts';
import type { Pod } from '../../../../machinery/schema/wire.ts';
import { noteSound } from '../../sound-objects.ts';
import { validatePodUpdate } from './pod-update.ts';

/** With a name that no check of the spec lets through. */
const pod = (annotations: Record<string, string>): Pod =>
  ({
    metadata: { name: 'a', namespace: 'n', annotations },
    spec: { containers: [{ name: 'A_', image: 'x' }], nodeName: 'node' },
  }) as unknown as Pod;

const fields = (next: Pod, prev: Pod) => validatePodUpdate(next, prev).map((e) => e.field);

describe('an update of a pod with the same spec', () => {
  it('is checked as a whole when the stored one is not known to be sound', () => {
    assert.ok(fields(pod({}), pod({})).includes('spec.containers[0].name'));
  });

  it('is checked for what has changed when it is', () => {
    const prev = pod({});
    noteSound(prev);
    assert.deepEqual(fields(pod({}), prev), []);
    const cost = { 'controller.kubernetes.io/pod-deletion-cost': 'much' };
    const at = 'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]';
    assert.deepEqual(new Set(fields(pod(cost), prev)), new Set([at]));
  });

  it('is checked as a whole when the spec differs, be it by something empty', () => {
    const prev = pod({});
    noteSound(prev);
    const other = pod({});
    other.spec!.containers[0]!.image = 'y';
    assert.ok(fields(other, prev).includes('spec.containers[0].name'));
    const empty = pod({});
    noteEmptied(empty.spec!, ['ephemeralContainers']);
    assert.ok(fields(empty, prev).includes('spec.containers[0].name'));
  });
});
