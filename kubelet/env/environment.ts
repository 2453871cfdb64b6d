/** The environment of a container, from every source, in upstream's order of precedence. */

import { StatusError } from '../../machinery/meta/status-error.ts';
import type { ConfigMap, Container, Secret, Service } from '../../machinery/schema/wire.ts';
import type { NodePod } from '../pods/pod.ts';
import { type DownwardFacts, fieldValue, resourceValue } from './downward.ts';
import { expand, lookup } from './expansion.ts';
import { serviceVariables } from './service-env.ts';

/** Where referenced objects come from. Both throw StatusError NotFound for what is not there. */
export interface ObjectSource {
  configMap(namespace: string, name: string): Promise<ConfigMap>;
  secret(namespace: string, name: string): Promise<Secret>;
}

export interface EnvironmentInput {
  readonly pod: NodePod;
  readonly container: Container;
  readonly facts: DownwardFacts;
  /** All services of the cluster. */
  readonly services: readonly Service[];
  readonly objects: ObjectSource;
  /** The value of `key` in a file of a volume, '' when the key is not there. */
  readonly fileKey: (volume: string, path: string, key: string) => Promise<string>;
}

/** A missing object or key that was marked optional. */
const absent = Symbol('absent');

function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'NotFound';
}

async function optionally<T>(
  optional: boolean | undefined,
  get: () => Promise<T>,
): Promise<T | typeof absent> {
  try {
    return await get();
  } catch (error) {
    if (optional && isNotFound(error)) return absent;
    throw error;
  }
}

/** Secrets carry base64. */
export function decodeSecretValue(value: string): Buffer {
  return Buffer.from(value, 'base64');
}

/** Resolves every variable; throws what is shown as CreateContainerConfigError. */
export async function environmentOf(input: EnvironmentInput): Promise<Map<string, string>> {
  const { pod, container } = input;
  const links = pod.spec.enableServiceLinks ?? true;
  const services = serviceVariables(input.services, pod.metadata.namespace, links);
  const own = await fromSources(input);
  const read = lookup(own, services);
  for (const variable of container.env ?? []) {
    const literal = variable.value ?? '';
    if (literal !== '') {
      own.set(variable.name, expand(literal, read));
      continue;
    }
    const value = variable.valueFrom === undefined ? '' : await resolve(variable.valueFrom, input);
    if (value !== absent) own.set(variable.name, value);
  }
  return new Map([...services, ...own]);
}

async function fromSources({
  pod,
  container,
  objects,
}: EnvironmentInput): Promise<Map<string, string>> {
  const { namespace } = pod.metadata;
  const out = new Map<string, string>();
  for (const source of container.envFrom ?? []) {
    const prefix = source.prefix ?? '';
    if (source.configMapRef !== undefined) {
      const { name = '', optional } = source.configMapRef;
      const map = await optionally(optional, () => objects.configMap(namespace, name));
      if (map === absent) continue;
      for (const [k, v] of Object.entries(map.data ?? {})) out.set(prefix + k, v);
    } else if (source.secretRef !== undefined) {
      const { name = '', optional } = source.secretRef;
      const secret = await optionally(optional, () => objects.secret(namespace, name));
      if (secret === absent) continue;
      for (const [k, v] of Object.entries(secret.data ?? {})) {
        out.set(prefix + k, decodeSecretValue(v).toString());
      }
    }
  }
  return out;
}

type ValueSource = NonNullable<NonNullable<Container['env']>[number]['valueFrom']>;

async function resolve(
  from: ValueSource,
  { pod, container, facts, objects, fileKey }: EnvironmentInput,
): Promise<string | typeof absent> {
  const { namespace } = pod.metadata;
  if (from.fieldRef) return fieldValue(from.fieldRef.fieldPath, pod, facts);
  if (from.resourceFieldRef) return resourceValue(from.resourceFieldRef, pod, container, facts);
  if (from.configMapKeyRef) {
    const { name = '', key, optional } = from.configMapKeyRef;
    const map = await optionally(optional, () => objects.configMap(namespace, name));
    if (map === absent) return absent;
    const value = map.data?.[key];
    if (value !== undefined) return value;
    if (optional) return absent;
    throw new Error(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
  }
  if (from.secretKeyRef) {
    const { name = '', key, optional } = from.secretKeyRef;
    const secret = await optionally(optional, () => objects.secret(namespace, name));
    if (secret === absent) return absent;
    const value = secret.data?.[key];
    if (value !== undefined) return decodeSecretValue(value).toString();
    if (optional) return absent;
    throw new Error(`couldn't find key ${key} in Secret ${namespace}/${name}`);
  }
  if (from.fileKeyRef) {
    const { volumeName, path, key, optional } = from.fileKeyRef;
    const value = await fileKey(volumeName, path, key);
    if (value !== '') return value;
    if (optional) return absent;
    throw new Error(`environment variable key ${JSON.stringify(key)} not found in file ${path}`);
  }
  return '';
}
