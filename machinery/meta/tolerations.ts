/** Which taints a pod tolerates. API: core/v1 Taint, Toleration. */
import type { Taint, Toleration } from '../schema/wire.ts';

/** True when the toleration covers the taint. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? '') {
    case '':
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '');
    case 'Exists':
      return true;
    default:
      // Lt and Gt belong to an alpha feature that is off.
      return false;
  }
}

/** True when any of the tolerations covers the taint. */
export function isTolerated(tolerations: readonly Toleration[], taint: Taint): boolean {
  for (const toleration of tolerations) if (tolerates(toleration, taint)) return true;
  return false;
}

/** The first taint that keeps the pod off the node (NoSchedule, NoExecute). */
export function untoleratedTaint(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
): Taint | undefined {
  for (const taint of taints) {
    if (taint.effect !== 'NoSchedule' && taint.effect !== 'NoExecute') continue;
    if (!isTolerated(tolerations, taint)) return taint;
  }
  return undefined;
}
