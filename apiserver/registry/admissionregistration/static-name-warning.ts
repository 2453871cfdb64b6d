/** Names kept for configurations that the real server can read from files. */
import type { KubeObject } from '../../../machinery/schema/wire.ts';

const suffix = '.static.k8s.io';

/** The warning of a name that is kept for configuration files. */
export function staticNameWarnings(object: KubeObject): string[] {
  if (object.metadata?.name?.endsWith(suffix) !== true) return [];
  return [
    `metadata.name: names ending with "${suffix}" are reserved for static manifest-based ` +
      'configurations and cannot be managed via the API',
  ];
}
