/** What the catalog serves, as OpenAPI documents it. */
import type { Catalog } from '../registry/catalog.ts';
import { subresourcesOf } from '../server/discovery.ts';
import type { ServedGroupVersion } from './document-v3.ts';

/** All group versions of the catalog with their resources, in its order. */
export function servedGroupVersions(catalog: Catalog): ServedGroupVersion[] {
  return catalog.groups.flatMap(({ name: group, versions }) =>
    versions.map((version) => ({
      group,
      version,
      resources: catalog.inGroupVersion(group, version).map((r) => {
        const { definition: d } = r;
        return {
          plural: d.plural,
          kind: d.kind,
          listKind: d.listKind,
          namespaced: d.namespaced,
          verbs: d.verbs,
          // Of namespaces, which are held, the real server's document has the Status.
          deleteReturnsObject: d.deleteReturnsObject && d.deletionHold === undefined,
          subresources: subresourcesOf(r),
        };
      }),
    })),
  );
}
