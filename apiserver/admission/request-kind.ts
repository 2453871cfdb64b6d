/** What a request is about, as reviews and expressions name it. */
import { normalize } from '../../machinery/codec/decode.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { AdmissionAttributes, Operation } from './admission.ts';

/** A kind with its group version. */
export interface KindName {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** The kind of the request's object. */
export function requestKind({ group, version, kind, kindVersion }: AdmissionAttributes): KindName {
  if (kindVersion === undefined) return { group, version, kind };
  const slash = kindVersion.indexOf('/');
  return {
    group: slash < 0 ? '' : kindVersion.slice(0, slash),
    version: kindVersion.slice(slash + 1),
    kind,
  };
}

const optionsKinds: Readonly<Partial<Record<Operation, string>>> = {
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: 'DeleteOptions',
};

/** The request's options as an object of meta.k8s.io/v1; null for connections, which have none. */
export function requestOptions({
  operation,
  options,
}: Pick<AdmissionAttributes, 'operation' | 'options'>): Record<string, unknown> | null {
  const kind = optionsKinds[operation];
  if (kind === undefined) return null;
  const { kind: _kind, apiVersion: _version, ...fields } = structuredClone(options);
  const type = kindType('v1', kind)!;
  return { kind, apiVersion: 'meta.k8s.io/v1', ...normalize(fields, type) };
}
