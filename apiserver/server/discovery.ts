/** Discovery: /api, /apis and below, plain and aggregated (apidiscovery.k8s.io). */
import { createHash } from 'node:crypto';
import type { Catalog } from '../registry/catalog.ts';
import type { ApiGroup } from '../registry/groups.ts';
import { apiVersionOf, type ServedResource } from '../registry/served-resource.ts';

interface SubresourceInfo {
  readonly name: string;
  readonly kind: string;
  /** Of the kind, where it is not the resource's own. */
  readonly group: string;
  readonly version: string;
  readonly verbs: readonly string[];
}

/** What a resource serves below its objects, by name. */
export function subresourcesOf(r: ServedResource): SubresourceInfo[] {
  const { definition } = r;
  const out: SubresourceInfo[] = [];
  const own = { kind: definition.kind, group: r.group, version: r.version };
  if (definition.status !== false) {
    out.push({ name: 'status', ...own, verbs: ['get', 'patch', 'update'] });
  }
  if (definition.scale !== undefined) {
    const verbs = ['get', 'patch', 'update'];
    out.push({ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs });
  }
  for (const [name, face] of Object.entries(definition.faces)) {
    out.push({ name, ...own, verbs: face.verbs });
  }
  for (const s of r.subresources.values()) {
    const slash = s.apiVersion?.indexOf('/') ?? -1;
    const foreign = s.apiVersion === undefined ? undefined : s.apiVersion;
    out.push({
      name: s.name,
      kind: s.kind,
      group: foreign === undefined ? r.group : slash < 0 ? '' : foreign.slice(0, slash),
      version: foreign === undefined ? r.version : foreign.slice(slash + 1),
      verbs: s.verbs,
    });
  }
  return out.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** GET /apis/GROUP/VERSION. */
export function apiResourceList(catalog: Catalog, group: string, version: string): object {
  const resources: object[] = [];
  for (const r of catalog.inGroupVersion(group, version)) {
    const { definition: d } = r;
    resources.push({
      name: d.plural,
      singularName: d.singular,
      namespaced: d.namespaced,
      kind: d.kind,
      verbs: d.verbs,
      ...(d.shortNames.length > 0 ? { shortNames: d.shortNames } : {}),
      ...(d.categories.length > 0 ? { categories: d.categories } : {}),
      ...(d.verbs.includes('get') && d.plural !== 'componentstatuses'
        ? { storageVersionHash: storageVersionHash(r) }
        : {}),
    });
    for (const s of subresourcesOf(r)) {
      const foreign = s.group !== r.group || s.version !== r.version;
      resources.push({
        name: `${d.plural}/${s.name}`,
        singularName: '',
        namespaced: d.namespaced,
        ...(foreign ? { group: s.group, version: s.version } : {}),
        kind: s.kind,
        verbs: s.verbs,
      });
    }
  }
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(group, version),
    resources,
  };
}

/** The first eight bytes of a SHA-256 over the stored group version kind, as base64. */
function storageVersionHash(r: ServedResource): string {
  const { definition: d } = r;
  const stored = d.storageVersion ?? `${d.group}/${d.version}/${d.kind}`;
  return createHash('sha256').update(stored).digest().subarray(0, 8).toString('base64');
}

/** One group of GET /apis. */
export function apiGroup(group: ApiGroup): object {
  const versions = group.versions.map((version) => ({
    groupVersion: apiVersionOf(group.name, version),
    version,
  }));
  return { name: group.name, versions, preferredVersion: versions[0] };
}

/** GET /apis. */
export function apiGroupList(catalog: Catalog): object {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: catalog.groups.filter((g) => g.name !== '').map(apiGroup),
  };
}

/** GET /api. */
export function apiVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** GET /api or /apis as APIGroupDiscoveryList. */
export function aggregated(catalog: Catalog, core: boolean, version: string): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: catalog.groups
      .filter((g) => (g.name === '') === core)
      .map((g) => ({
        metadata: g.name === '' ? {} : { name: g.name },
        versions: g.versions.map((v) => ({
          version: v,
          resources: catalog.inGroupVersion(g.name, v).map(discoveryResource),
          freshness: 'Current',
        })),
      })),
  };
}

function discoveryResource(r: ServedResource): object {
  const { definition: d } = r;
  const subresources = subresourcesOf(r).map((s) => {
    const foreign = s.group !== r.group || s.version !== r.version;
    return {
      subresource: s.name,
      responseKind: {
        group: foreign ? s.group : '',
        version: foreign ? s.version : '',
        kind: s.kind,
      },
      verbs: s.verbs,
    };
  });
  return {
    resource: d.plural,
    responseKind: { group: '', version: '', kind: d.kind },
    scope: d.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: d.singular,
    verbs: d.verbs,
    ...(d.shortNames.length > 0 ? { shortNames: d.shortNames } : {}),
    ...(d.categories.length > 0 ? { categories: d.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
