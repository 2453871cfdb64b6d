/** DefaultTolerationSeconds: pods stay five minutes on a node that is not ready or unreachable. */
import type { Pod, Toleration } from '../../machinery/schema/wire.ts';
import type { AdmissionPlugin } from './admission.ts';
import { isCore } from './refusal.ts';

const keys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const tolerationSeconds = 300;

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: (a) => (a.operation === 'CREATE' || a.operation === 'UPDATE') && isCore(a, 'pods'),
  admit(a) {
    const spec = (a.object as Pod).spec!;
    const given = spec.tolerations ?? [];
    const missing = keys.filter((key) => !given.some((t) => concerns(t, key)));
    if (missing.length === 0) return;
    const added = missing.map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds,
    }));
    spec.tolerations = [...given, ...added];
  },
};

function concerns(t: Toleration, key: string): boolean {
  return (!t.key || t.key === key) && (!t.effect || t.effect === 'NoExecute');
}
