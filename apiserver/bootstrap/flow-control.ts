/**
 * Default flow schemas and priority levels kept up to date: the mandatory ones always, the suggested
 * ones as long as nobody has taken them over.
 */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type { KubeObject, PriorityLevelConfiguration } from '../../machinery/schema/wire.ts';

const autoUpdate = 'apf.kubernetes.io/autoupdate-spec';
/** Without these requests could not be told apart at all. */
const mandatory = new Set(['exempt', 'catch-all']);

type Configuration = KubeObject & { spec?: unknown };

/** The object brought up to date; undefined when it is. `expected` carries its defaults. */
export function reviseFlowControl<T extends Configuration>(
  expected: T,
  existing: T,
): T | undefined {
  const meta = existing.metadata ?? {};
  const says = parseBool(meta.annotations?.[autoUpdate]);
  const follows = mandatory.has(meta.name ?? '') || (says ?? meta.generation === 1);
  const spec = specFor(expected, existing);
  const specDiffers = follows && !deepEqual(existing.spec, spec);
  if (says === follows && !specDiffers) return undefined;
  return {
    ...existing,
    metadata: { ...meta, annotations: { ...meta.annotations, [autoUpdate]: String(follows) } },
    ...(specDiffers ? { spec: expected.spec } : {}),
  };
}

/** What the specification is compared with: the seats of `exempt` are anybody's to set. */
function specFor(expected: Configuration, existing: Configuration): unknown {
  const { spec } = expected as PriorityLevelConfiguration;
  const own = (existing as PriorityLevelConfiguration).spec?.exempt;
  if (expected.metadata?.name !== 'exempt' || spec?.exempt === undefined || own === undefined) {
    return expected.spec;
  }
  const { nominalConcurrencyShares, lendablePercent } = own;
  return {
    ...spec,
    exempt: {
      ...(nominalConcurrencyShares === undefined ? {} : { nominalConcurrencyShares }),
      ...(lendablePercent === undefined ? {} : { lendablePercent }),
    },
  };
}

/** Whether an object was one of the server's own once and is none of them any more. */
export function isLeftOver(existing: Configuration, wanted: ReadonlySet<string>): boolean {
  const { name = '', annotations } = existing.metadata ?? {};
  return !wanted.has(name) && parseBool(annotations?.[autoUpdate]) === true;
}

function parseBool(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  return undefined;
}
