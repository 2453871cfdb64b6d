/** AlwaysPullImages: nobody runs an image on the strength of another's pull. */
import { errorText, FieldPath, notSupported } from '../../machinery/meta/field-error.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { isCore, refused } from './refusal.ts';

const policy = 'Always';

export const alwaysPullImages: AdmissionPlugin = {
  name: 'AlwaysPullImages',
  handles: concerns,
  admit(a) {
    const pod = a.object as Pod;
    for (const { container } of containersOf(pod)) container.imagePullPolicy = policy;
    for (const { image } of pod.spec!.volumes ?? []) if (image) image.pullPolicy = policy;
  },
  /** Another plugin may have changed it back. */
  validate(a) {
    const pod = a.object as Pod;
    for (const { container, path } of containersOf(pod)) {
      require(a, path.child('imagePullPolicy'), container.imagePullPolicy);
    }
    const volumes = FieldPath.of('spec').child('volumes');
    (pod.spec!.volumes ?? []).forEach(({ image }, i) => {
      if (image) require(a, volumes.index(i).child('image', 'pullPolicy'), image.pullPolicy);
    });
  },
};

function require(a: AdmissionAttributes, path: FieldPath, value: string | undefined): void {
  if (value === policy) return;
  throw refused(a, errorText(notSupported(path, value ?? '', [policy])));
}

function concerns(a: AdmissionAttributes): boolean {
  if (!isCore(a, 'pods')) return false;
  if (a.operation === 'CREATE') return true;
  if (a.operation !== 'UPDATE') return false;
  const known = new Set(containersOf(a.oldObject as Pod).map(({ container }) => container.image));
  return containersOf(a.object as Pod).some(({ container }) => !known.has(container.image));
}

interface Placed {
  readonly container: { image?: string; imagePullPolicy?: string };
  readonly path: FieldPath;
}

function containersOf({ spec }: Pod): Placed[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((field) => {
    const path = FieldPath.of('spec').child(field);
    return (spec?.[field] ?? []).map((container, i) => ({ container, path: path.index(i) }));
  });
}
