/** Configuration of kubelets from a ConfigMap: removed as a feature, still checked where stored. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../../machinery/meta/field-error.ts';
import {
  isConfigMapKey,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
} from '../../../../machinery/meta/names.ts';
import type { NodeSpec, NodeStatus } from '../../../../machinery/schema/wire.ts';
import { internalForm } from '../../internal-form.ts';
import { invalidFor } from '../field-checks.ts';

type ConfigSource = NonNullable<NodeSpec['configSource']>;
type ConfigMapSource = NonNullable<ConfigSource['configMap']>;

/** `spec.configSource`: names a map, not one version of it. */
export function validateConfigSource(source: ConfigSource, at: FieldPath): FieldError[] {
  return validateOnly(source, at, (map, here) => {
    const errors: FieldError[] = [];
    if (map.uid) errors.push(forbiddenField(here.child('uid'), 'uid must not be set in spec'));
    if (map.resourceVersion) {
      const text = 'resourceVersion must not be set in spec';
      errors.push(forbiddenField(here.child('resourceVersion'), text));
    }
    return errors;
  });
}

/** `status.config`: versions of the map. */
export function validateConfigStatus(
  config: NonNullable<NodeStatus['config']>,
  at: FieldPath,
): FieldError[] {
  return (['assigned', 'active', 'lastKnownGood'] as const).flatMap((name) => {
    const source = config[name];
    if (source === undefined) return [];
    return validateOnly(source, at.child(name), (map, here) =>
      (['uid', 'resourceVersion'] as const)
        .filter((f) => !map[f])
        .map((f) => required(here.child(f))),
    );
  });
}

function validateOnly(
  source: ConfigSource,
  at: FieldPath,
  check: (map: ConfigMapSource, at: FieldPath) => FieldError[],
): FieldError[] {
  const map = source.configMap;
  if (map === undefined) {
    const shown = internalForm('core/v1.NodeConfigSource', source);
    return [invalidValue(at, shown, 'exactly one reference subfield must be non-nil')];
  }
  const here = at.child('configMap');
  const named = (
    field: 'namespace' | 'name' | 'kubeletConfigKey',
    problems: (value: string) => string[],
  ): FieldError[] => {
    const value = map[field];
    const path = here.child(field);
    return value ? invalidFor(path, value, problems(value)) : [required(path)];
  };
  return [
    ...check(map, here),
    ...named('namespace', (v) => nameIsDnsLabel(v, false)),
    ...named('name', (v) => nameIsDnsSubdomain(v, false)),
    ...named('kubeletConfigKey', isConfigMapKey),
  ];
}
