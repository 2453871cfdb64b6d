/**
 * The environment of all expressions in the API, as v1.36 has it. That of its predecessor is the
 * same: what one release takes, the one before it could read.
 */
import { createRequire } from 'node:module';
import type { CelEnvironment } from '../environment.ts';

const require = createRequire(import.meta.url);

let made: CelEnvironment | undefined;

/**
 * Made when it is first asked for. It has no variables: extend it. The language is loaded then, too:
 * servers without any expression are to start without it (60 ms, 15 MB).
 */
export function kubernetesEnvironment(): CelEnvironment {
  made ??= (require('./all-libraries.ts') as typeof import('./all-libraries.ts')).makeEnvironment();
  return made;
}
