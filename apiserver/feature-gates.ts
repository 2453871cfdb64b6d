/** `--feature-gates`: every gate of v1.36 stands as it does by default, and cannot be moved. */
import { readFileSync } from 'node:fs';

interface Gates {
  readonly on: readonly string[];
  readonly off: readonly string[];
  /** Read by other components only: the API server takes any value. */
  readonly elsewhere: readonly string[];
}

/** Throws an Error with one line for people for an unknown gate, or one that is to be moved. */
export function checkFeatureGates(pairs: readonly string[]): void {
  if (pairs.length === 0) return;
  const file = new URL('feature-gates.json', import.meta.url);
  const gates = JSON.parse(readFileSync(file, 'utf8')) as Gates;
  for (const pair of pairs) {
    const [full = '', text = ''] = pair.split('=');
    // Gates of the component `kube` may be named with it.
    const name = full.trim().replace(/^kube:/, '');
    const value = /^(1|t|T|true|TRUE|True)$/.test(text.trim());
    if (!value && !/^(0|f|F|false|FALSE|False)$/.test(text.trim())) {
      throw new Error(`--feature-gates: invalid value of ${pair}: neither true nor false`);
    }
    if (gates.elsewhere.includes(name)) continue;
    const standsOn = gates.on.includes(name);
    const known = standsOn || gates.off.includes(name) || name === 'AllAlpha' || name === 'AllBeta';
    if (!known) throw new Error(`--feature-gates: unrecognized feature gate: ${name}`);
    if (value === standsOn) continue;
    throw new Error(
      `--feature-gates: ${name} is ${standsOn ? 'on' : 'off'} here and cannot be turned ${value ? 'on' : 'off'}`,
    );
  }
}
