/**
 * Holds the import direction: machinery <- client <- components; the API server uses machinery
 * only; components never import each other. Prints each offence and exits 1 when there is one.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const allowed: Record<string, readonly string[]> = {
  machinery: ['machinery'],
  client: ['machinery', 'client'],
  apiserver: ['machinery', 'apiserver'],
  'controller-manager': ['machinery', 'client', 'controller-manager'],
  scheduler: ['machinery', 'client', 'scheduler'],
  kubelet: ['machinery', 'client', 'kubelet'],
  proxy: ['machinery', 'client', 'proxy'],
  dns: ['machinery', 'client', 'dns'],
  // Process wiring: the command line hosts every component.
  cli: ['*'],
  hack: ['*'],
  conformance: ['*'],
};

let offences = 0;
for (const [folder, targets] of Object.entries(allowed)) {
  for (const file of globSync(`${folder}/**/*.ts`)) {
    const text = readFileSync(file, 'utf8');
    for (const m of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
      const target = normalize(join(dirname(file), m[1]!)).split('/')[0]!;
      if (targets.includes('*') || targets.includes(target)) continue;
      console.error(`${file}: ${folder} must not import from ${target} (${m[1]})`);
      offences++;
    }
  }
}
process.exit(offences > 0 ? 1 : 0);
