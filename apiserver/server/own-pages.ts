/** The pages on which the API server tells of itself. */
import { flagz } from '../../machinery/pages/flagz.ts';
import { statusz } from '../../machinery/pages/statusz.ts';
import type { ZPage } from '../../machinery/pages/z-page.ts';

const component = 'apiserver';

/** By path. `flags`: by name; `runtime`: what the server runs on; `paths`: those of `/`. */
export function ownPages(
  flags: Readonly<Record<string, string>>,
  runtime: string,
  paths: readonly string[],
): Readonly<Record<string, ZPage>> {
  const startedMs = performance.timeOrigin;
  return {
    '/flagz': flagz(component, flags),
    '/statusz': statusz({ component, startedMs, runtime, paths, now: () => Date.now() }),
  };
}
