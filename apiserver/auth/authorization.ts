/** The authorizers of a server, in the order of `--authorization-mode`. */
import type { ApiServerOptions } from '../options.ts';
import type { ResourceAccess } from '../registry/resource.ts';
import type { Authorizer } from './authorizer.ts';
import { systemMasters } from './system-masters.ts';

export function createAuthorizers(
  _options: ApiServerOptions,
  _access: ResourceAccess,
): readonly Authorizer[] {
  return [systemMasters];
}
