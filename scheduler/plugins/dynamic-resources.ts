/** DynamicResources: devices claimed by ResourceClaims, which this scheduler cannot allocate. */
import type { Plugin } from '../framework.ts';
import { skip, unresolvable } from '../status.ts';

const name = 'DynamicResources';
const unsupported = unresolvable(
  name,
  'the pod uses resource claims, and this scheduler does not allocate devices',
);

/** Says so instead of placing the pod without its devices. */
export const dynamicResources = {
  name,
  wakesOn: [],
  preFilter: (_state, pod) =>
    (pod.pod.spec?.resourceClaims?.length ?? 0) > 0 ? unsupported : skip,
} satisfies Plugin;
