/** Configuration files of apiserver.config.k8s.io: one YAML or JSON document that says what it is. */
import { decodeYaml } from '../../machinery/codec/yaml.ts';
import { quote } from '../../machinery/meta/field-error.ts';
import { object, type Shape, text } from './shape.ts';

const group = 'apiserver.config.k8s.io';
const versions = ['v1', 'v1beta1', 'v1alpha1'];

/**
 * Reads a document of `kind`. Throws an Error of one line: malformed, of another kind, with fields
 * that nobody knows.
 */
export function readDocument<F extends Readonly<Record<string, Shape<unknown>>>>(
  bytes: Uint8Array,
  kind: string,
  fields: F,
) {
  if (bytes.length === 0) throw new Error('empty config data');
  const { value, duplicates } = decodeYaml(bytes);
  const problems: string[] = duplicates.map((d) => `duplicate field ${quote(d)}`);
  const shape = object({ ...fields, apiVersion: text, kind: text });
  const { apiVersion = '', kind: own = '' } = (value ?? {}) as {
    apiVersion?: unknown;
    kind?: unknown;
  };
  if (own !== kind || !versions.some((v) => apiVersion === `${group}/${v}`)) {
    throw new Error(
      `expected ${kind} of ${group}/v1, got ${own || 'no kind'} of ${apiVersion || 'no apiVersion'}`,
    );
  }
  const read = shape(value, '', problems);
  if (problems.length > 0 || read === undefined) {
    throw new Error(`strict decoding error: ${problems.join(', ')}`);
  }
  return read;
}
