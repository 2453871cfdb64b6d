/** Environment variables of containers and where their values come from. */

import {
  type FieldError,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { member } from '../../../../machinery/meta/member.ts';
import {
  isConfigMapKey,
  isRelaxedEnvVarName,
  nameIsDnsSubdomain,
} from '../../../../machinery/meta/names.ts';
import { parseQuantity } from '../../../../machinery/meta/quantity.ts';
import type { EnvFromSource, EnvVar } from '../../../../machinery/schema/wire.ts';
import { invalidFor, validateDnsLabel, validateQualifiedName } from '../field-checks.ts';
import { validateNoBacksteps } from '../volume/paths.ts';

type ValueSource = NonNullable<EnvVar['valueFrom']>;
/** Points at a field of the pod. */
export type ObjectFieldSelector = NonNullable<ValueSource['fieldRef']>;
/** Points at a resource of a container. */
export type ResourceFieldSelector = NonNullable<ValueSource['resourceFieldRef']>;

const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** Fields that the downward API knows at all, in variables or files. */
const downwardFields = new Set([
  ...envFields,
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);

const resourceFields = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

export function validateEnv(vars: readonly EnvVar[], at: FieldPath): FieldError[] {
  return vars.flatMap((v, i) => {
    const name = v.name ?? '';
    const here = at.index(i);
    return [
      ...(name === ''
        ? [required(here.child('name'))]
        : invalidFor(here.child('name'), name, isRelaxedEnvVarName(name))),
      ...validateValueFrom(v, here.child('valueFrom')),
    ];
  });
}

function validateValueFrom(v: EnvVar, at: FieldPath): FieldError[] {
  const source = v.valueFrom;
  if (source === undefined) return [];
  const errors: FieldError[] = [];
  let sources = 0;
  const count = (problems: FieldError[]): void => {
    sources++;
    errors.push(...problems);
  };
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  if (fieldRef) count(validateFieldSelector(fieldRef, envFields, at.child('fieldRef')));
  if (resourceFieldRef) {
    count(validateResourceSelector(resourceFieldRef, at.child('resourceFieldRef'), false));
  }
  if (configMapKeyRef) count(validateKeySelector(configMapKeyRef, at.child('configMapKeyRef')));
  if (secretKeyRef) count(validateKeySelector(secretKeyRef, at.child('secretKeyRef')));
  if (fileKeyRef) count(validateFileKey(fileKeyRef, at.child('fileKeyRef')));
  if (sources === 0) {
    const text =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalidValue(at, '', text));
  } else if (v.value) {
    errors.push(invalidValue(at, '', 'may not be specified when `value` is not empty'));
  } else if (sources > 1) {
    errors.push(invalidValue(at, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

/** A selector of the pod's own fields; `fields` are the ones allowed here, sorted. */
export function validateFieldSelector(
  selector: ObjectFieldSelector,
  fields: readonly string[],
  at: FieldPath,
): FieldError[] {
  const { apiVersion, fieldPath } = selector;
  if (!apiVersion) return [required(at.child('apiVersion'))];
  if (!fieldPath) return [required(at.child('fieldPath'))];
  const refuse = (why: string): FieldError[] => [
    invalidValue(at.child('fieldPath'), fieldPath, `error converting fieldPath: ${why}`),
  ];
  if (apiVersion !== 'v1') return refuse(`unsupported pod version: ${apiVersion}`);
  const subscripted = /^(.+?)\['(.*)'\]$/s.exec(fieldPath);
  if (subscripted !== null) {
    const [, path = '', key = ''] = subscripted;
    if (path === 'metadata.annotations') return validateQualifiedName(key.toLowerCase(), at);
    if (path === 'metadata.labels') return validateQualifiedName(key, at);
    return refuse(`field label does not support subscript: ${fieldPath}`);
  }
  const path = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  if (!downwardFields.has(path)) return refuse(`field label not supported: ${fieldPath}`);
  return fields.includes(path) ? [] : [notSupported(at.child('fieldPath'), path, fields)];
}

/** A selector of a container's resource; in a volume the container must be named. */
export function validateResourceSelector(
  selector: ResourceFieldSelector,
  at: FieldPath,
  volume: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const resource = selector.resource ?? '';
  const hugePages = /^(requests|limits)\.hugepages-/.test(resource);
  if (volume && !selector.containerName) errors.push(required(at.child('containerName')));
  else if (resource === '') errors.push(required(at.child('resource')));
  else if (!resourceFields.includes(resource) && !hugePages) {
    errors.push(notSupported(at.child('resource'), resource, resourceFields));
  }
  const text = divisorProblem(resource, selector.divisor, hugePages);
  if (text !== undefined) errors.push(invalidValue(at.child('divisor'), resource, text));
  return errors;
}

const sizes = '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei';
const sizeSet = new Set(sizes.split(', '));
const sizeResourceNames: Readonly<Record<string, string>> = {
  memory: 'memory',
  'ephemeral-storage': 'local ephemeral storage',
};

function divisorProblem(
  resource: string,
  divisor: string | undefined,
  hugePages: boolean,
): string | undefined {
  const parsed = parseQuantity(divisor || '0');
  if (parsed.isZero()) return undefined;
  const text = parsed.toString();
  const name = resource.replace(/^(requests|limits)\./, '');
  if (name === 'cpu') {
    if (text === '1m' || text === '1') return undefined;
    return "only divisor's values 1m and 1 are supported with the cpu resource";
  }
  const shown = hugePages ? 'hugepages' : member(sizeResourceNames, name);
  if (shown === undefined || sizeSet.has(text)) return undefined;
  return `only divisor's values ${sizes} are supported with the ${shown} resource`;
}

function validateKeySelector(s: { name?: string; key: string }, at: FieldPath): FieldError[] {
  const name = s.name ?? '';
  const errors = invalidFor(at.child('name'), name, nameIsDnsSubdomain(name, false));
  if (!s.key) errors.push(required(at.child('key')));
  else errors.push(...invalidFor(at.child('key'), s.key, isConfigMapKey(s.key)));
  return errors;
}

function validateFileKey(s: NonNullable<ValueSource['fileKeyRef']>, at: FieldPath): FieldError[] {
  return [
    ...(s.key
      ? invalidFor(at.child('key'), s.key, isRelaxedEnvVarName(s.key))
      : [required(at.child('key'))]),
    ...(s.volumeName
      ? validateDnsLabel(s.volumeName, at.child('volumeName'))
      : [required(at.child('volumeName'))]),
    ...(s.path ? validateNoBacksteps(s.path, at.child('path')) : [required(at.child('path'))]),
  ];
}

export function validateEnvFrom(vars: readonly EnvFromSource[], at: FieldPath): FieldError[] {
  return vars.flatMap((v, i) => {
    const here = at.index(i);
    const errors = v.prefix
      ? invalidFor(here.child('prefix'), v.prefix, isRelaxedEnvVarName(v.prefix))
      : [];
    if (v.configMapRef) {
      errors.push(...validateSourceName(v.configMapRef.name, here.child('configMapRef')));
    }
    if (v.secretRef) errors.push(...validateSourceName(v.secretRef.name, here.child('secretRef')));
    if (!v.configMapRef && !v.secretRef) {
      errors.push(invalidValue(at, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (v.configMapRef && v.secretRef) {
      errors.push(invalidValue(at, '', 'may not have more than one field specified at a time'));
    }
    return errors;
  });
}

function validateSourceName(name: string | undefined, at: FieldPath): FieldError[] {
  if (!name) return [required(at.child('name'))];
  return invalidFor(at.child('name'), name, nameIsDnsSubdomain(name, true));
}
