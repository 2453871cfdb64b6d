/**
 * The spec of a CustomResourceDefinition as the real server looks at it: what all versions have in
 * common stands at the top, and errors name it there.
 */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import type { CustomResourceDefinition } from '../../../machinery/schema/wire.ts';
import type { JsonSchema } from './json-schema.ts';

type WireSpec = CustomResourceDefinition['spec'];
type WireVersion = NonNullable<WireSpec['versions']>[number];

/** What a version may have of its own. */
interface Parts {
  /** undefined: absent; a schema inside may be absent too. */
  readonly schema: { readonly openAPIV3Schema?: JsonSchema } | undefined;
  readonly subresources: WireVersion['subresources'] | undefined;
  readonly columns: NonNullable<WireVersion['additionalPrinterColumns']>;
  readonly selectableFields: NonNullable<WireVersion['selectableFields']>;
}

/** A version with what is its own. */
export interface CrdVersion extends Parts {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated: boolean;
  readonly deprecationWarning: string | undefined;
}

/** A spec; its own parts are those that all versions share. */
export interface CrdSpec extends Parts {
  readonly group: string;
  readonly scope: string;
  readonly names: WireSpec['names'];
  /** The first version's name. */
  readonly version: string;
  readonly versions: readonly CrdVersion[];
  readonly conversion: WireSpec['conversion'] | undefined;
  readonly preserveUnknownFields: boolean;
}

const noParts: Parts = {
  schema: undefined,
  subresources: undefined,
  columns: [],
  selectableFields: [],
};

/** The view of a spec. */
export function crdSpec(spec: WireSpec): CrdSpec {
  const versions = (spec.versions ?? []).map(versionOf);
  const first = versions[0];
  const common: Parts = {
    schema: shared(versions, 'schema'),
    subresources: shared(versions, 'subresources'),
    columns: shared(versions, 'columns') ?? [],
    selectableFields: shared(versions, 'selectableFields') ?? [],
  };
  return {
    group: spec.group ?? '',
    scope: spec.scope ?? '',
    names: spec.names ?? {},
    version: first?.name ?? '',
    versions: versions.map((v) => ({
      ...v,
      ...Object.fromEntries(
        partNames.filter((n) => isShared(versions, n)).map((n) => [n, noParts[n]]),
      ),
    })),
    conversion: spec.conversion ?? undefined,
    preserveUnknownFields: spec.preserveUnknownFields === true,
    ...common,
  };
}

const partNames = ['schema', 'subresources', 'columns', 'selectableFields'] as const;

function versionOf(v: WireVersion): CrdVersion {
  return {
    name: v.name ?? '',
    served: v.served === true,
    storage: v.storage === true,
    deprecated: v.deprecated === true,
    deprecationWarning: v.deprecationWarning ?? undefined,
    schema: (v.schema as CrdVersion['schema'] | null) ?? undefined,
    subresources: v.subresources ?? undefined,
    columns: v.additionalPrinterColumns ?? [],
    selectableFields: v.selectableFields ?? [],
  };
}

function isShared(versions: readonly CrdVersion[], name: (typeof partNames)[number]): boolean {
  return versions.every((v) => deepEqual(v[name] ?? null, versions[0]![name] ?? null));
}

function shared<N extends (typeof partNames)[number]>(
  versions: readonly CrdVersion[],
  name: N,
): Parts[N] | undefined {
  return isShared(versions, name) ? versions[0]?.[name] : undefined;
}

/** Every schema of a definition, the shared one first. */
export function schemasOf(spec: CrdSpec): JsonSchema[] {
  return [spec.schema, ...spec.versions.map((v) => v.schema)]
    .map((s) => s?.openAPIV3Schema)
    .filter((s) => s !== undefined && s !== null);
}

/** A version's subresources, its own or the shared ones. */
export function subresourcesOf(spec: CrdSpec, version: CrdVersion): Parts['subresources'] {
  const own = spec.versions.some((v) => v.subresources !== undefined);
  return own ? version.subresources : spec.subresources;
}
