/**
 * Selectors of devices (resource.k8s.io): expressions over `device`, which must be cheap whatever
 * device they meet. What they may cost is worked out from the sizes that the API allows.
 */
import type { CelEnvironment, Compiled } from '../environment.ts';
import { fixed, type Range, type SizeEstimator } from '../estimate.ts';
import { Issues } from '../issues.ts';
import type { Program } from '../program.ts';
import { bindings } from '../standard/bindings.ts';
import { anyType, boolType, mapType, objectType, stringType } from '../types.ts';
import { CelError } from '../values.ts';
import { declaredTypes } from './declared-types.ts';
import { kubernetesEstimator } from './estimated-costs.ts';
import { kubernetesEnvironment } from './kubernetes.ts';
import { quantityType } from './quantity.ts';

/** A selector that can be run. */
export interface DeviceSelector {
  readonly program: Program;
  readonly checked: Compiled;
  /** The most that it may cost. */
  readonly maxCost: number;
}

/** Why a selector cannot be used; `internal`: it checks, but cannot be run. */
export interface DeviceSelectorProblem {
  readonly problem: string;
  readonly internal?: true;
}

const deviceName = 'kubernetes.DRADevice';
const fields = {
  driver: stringType,
  allowMultipleAllocations: boolType,
  attributes: mapType(stringType, mapType(stringType, anyType)),
  capacity: mapType(stringType, mapType(stringType, quantityType)),
};

const maxDriver = 63;
const maxDomain = 63;
const maxId = 32;
const maxEntries = 32;
const maxAttributeValue = 64;

let environment: CelEnvironment | undefined;

/** Compiles a selector. */
export function compileDeviceSelector(text: string): DeviceSelector | DeviceSelectorProblem {
  environment ??= kubernetesEnvironment().extend({
    libraries: [bindings],
    types: declaredTypes({ [deviceName]: fields }),
    variables: { device: objectType(deviceName) },
  });
  const checked = environment.compile(text);
  if (checked instanceof Issues) return { problem: `compilation failed: ${checked}` };
  const { outputType } = checked;
  if (outputType.kind !== 'any' && (outputType.kind !== 'bool' || outputType.nullable)) {
    return { problem: `must evaluate to bool or the unknown type, not ${outputType}` };
  }
  const program = environment.program(checked);
  if (program instanceof CelError) {
    return { problem: `program instantiation failed: ${program}`, internal: true };
  }
  const { max } = environment.estimateCost(checked, kubernetesEstimator(deviceSizes));
  return { program, checked, maxCost: max };
}

/** By the way to a value: the names of its parents, `@keys` and `@values` of maps. */
const deviceSizes: SizeEstimator = {
  size({ path }): Range | undefined {
    const [variable, field, ...inner] = path ?? [];
    if (variable !== 'device') return undefined;
    switch (field) {
      case undefined:
        return fixed(0);
      case 'driver':
        return inner.length === 0 ? upTo(maxDriver) : undefined;
      case 'allowMultipleAllocations':
        return inner.length === 0 ? upTo(1) : undefined;
      case 'attributes':
        return mapSize(inner, maxAttributeValue, true);
      case 'capacity':
        // Quantities have no size.
        return mapSize(inner, 0, false);
      default:
        return undefined;
    }
  },
};

function upTo(max: number): Range {
  return { min: 0, max };
}

/** Of the maps by domain and name; `named`: a name stands for the value of any entry. */
function mapSize(path: readonly string[], ofValue: number, named: boolean): Range | undefined {
  const [domain, name, ...more] = path;
  if (domain === undefined) return upTo(maxEntries);
  if (domain === '@keys') return name === undefined ? upTo(maxDomain) : undefined;
  if (domain !== '@values' && domain !== '@items') return undefined;
  if (name === undefined) return upTo(maxEntries);
  if (more.length > 0) return undefined;
  if (name === '@keys') return upTo(maxId);
  return name === '@values' || name === '@items' || named ? upTo(ofValue) : undefined;
}
