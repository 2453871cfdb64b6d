/** `/flagz`: the flags that a component runs with (KEP-4828). */
import type { ZPage } from './z-page.ts';

/** `flags`: by name, as they are written on a command line. */
export function flagz(component: string, flags: Readonly<Record<string, string>>): ZPage {
  const sorted = Object.keys(flags)
    .sort()
    .map((name) => [name, flags[name]!] as const);
  return {
    kind: 'Flagz',
    component,
    text: () => sorted.map(([name, value]) => `${name}=${value}\n`).join(''),
    fields: () => ({ flags: Object.fromEntries(sorted) }),
  };
}
