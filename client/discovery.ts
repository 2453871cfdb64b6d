/**
 * What the server serves: asked for as one aggregated document per root (KEP-3352), or group by
 * group where the server has none.
 */
import type { KubeObject } from '../machinery/schema/wire.ts';
import type { Client, Resource } from './client.ts';

export interface ServedResource {
  readonly resource: Resource;
  readonly verbs: ReadonlySet<string>;
}

export interface Discovery {
  /** Each kind once, in the version its group prefers. No subresources. */
  readonly resources: readonly ServedResource[];
  /** Groups that could not be asked (an extension server that is away): `group/version: why`. */
  readonly failures: readonly string[];
}

const aggregated =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

interface GroupDiscoveryList {
  kind?: string;
  items?: {
    metadata?: { name?: string };
    versions?: {
      version?: string;
      freshness?: string;
      resources?: {
        resource?: string;
        scope?: string;
        responseKind?: { kind?: string };
        verbs?: string[];
      }[];
    }[];
  }[];
}

interface GroupList {
  versions?: string[];
  groups?: {
    name?: string;
    versions?: { groupVersion?: string; version?: string }[];
    preferredVersion?: { groupVersion?: string };
  }[];
}

interface ResourceList {
  resources?: { name?: string; kind?: string; namespaced?: boolean; verbs?: string[] }[];
}

/** Asks the server. Throws when it cannot be reached at all. */
export async function discover(client: Client, signal?: AbortSignal): Promise<Discovery> {
  const found = new Map<string, ServedResource>();
  const failures: string[] = [];
  const add = (apiVersion: string, plural: string, served: Omit<Found, 'plural'>): void => {
    const slash = apiVersion.indexOf('/');
    const id = `${plural}.${slash < 0 ? '' : apiVersion.slice(0, slash)}`;
    // Versions come in the order of preference: the first that has the kind stays.
    if (plural.includes('/') || found.has(id)) return;
    const { kind, namespaced, verbs } = served;
    found.set(id, {
      resource: { apiVersion, kind, plural, namespaced },
      verbs: new Set(verbs),
    });
  };
  const options = { accept: aggregated, ...(signal === undefined ? {} : { signal }) };
  for (const root of ['/api', '/apis']) {
    const answer = (await client.raw('GET', root, undefined, options)) as GroupDiscoveryList &
      GroupList;
    if (answer.kind === 'APIGroupDiscoveryList') readAggregated(answer, add, failures);
    else await readByGroup(client, root, answer, add, failures, signal);
  }
  return { resources: [...found.values()], failures };
}

interface Found {
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

type Add = (apiVersion: string, plural: string, served: Omit<Found, 'plural'>) => void;

function readAggregated(list: GroupDiscoveryList, add: Add, failures: string[]): void {
  for (const group of list.items ?? []) {
    const name = group.metadata?.name ?? '';
    for (const { version = '', freshness, resources } of group.versions ?? []) {
      const apiVersion = name === '' ? version : `${name}/${version}`;
      if (freshness === 'Stale') {
        failures.push(`${apiVersion}: stale GroupVersion discovery: ${apiVersion}`);
      }
      for (const { resource = '', scope, responseKind, verbs = [] } of resources ?? []) {
        const kind = responseKind?.kind ?? '';
        add(apiVersion, resource, { kind, namespaced: scope === 'Namespaced', verbs });
      }
    }
  }
}

async function readByGroup(
  client: Client,
  root: string,
  list: GroupList,
  add: Add,
  failures: string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const versions = list.versions ?? (list.groups ?? []).flatMap(versionsOf);
  for (const apiVersion of versions) {
    try {
      const path = `${root}/${apiVersion}`;
      const options = signal === undefined ? {} : { signal };
      const answer = (await client.raw('GET', path, undefined, options)) as ResourceList;
      for (const { name = '', kind = '', namespaced = false, verbs = [] } of answer.resources ??
        []) {
        add(apiVersion, name, { kind, namespaced, verbs });
      }
    } catch (e) {
      failures.push(`${apiVersion}: ${e instanceof Error ? e.message : String(e)}`);
    }
  }
}

function versionsOf(group: NonNullable<GroupList['groups']>[number]): string[] {
  const preferred = group.preferredVersion?.groupVersion;
  const all = (group.versions ?? []).map((v) => v.groupVersion ?? '');
  return preferred === undefined ? all : [preferred, ...all.filter((v) => v !== preferred)];
}

/** The aggregated document of `/api` or `/apis` for a list of kinds, as fakes answer it. */
export function discoveryDocument(
  root: '/api' | '/apis',
  resources: readonly Resource<KubeObject>[],
  verbs: readonly string[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'watch'],
): object {
  const versions = new Set(resources.map((r) => r.apiVersion));
  const items = [...versions]
    .filter((v) => v.includes('/') === (root === '/apis'))
    .map((apiVersion) => {
      const slash = apiVersion.indexOf('/');
      return {
        metadata: { name: slash < 0 ? '' : apiVersion.slice(0, slash) },
        versions: [
          {
            version: apiVersion.slice(slash + 1),
            freshness: 'Current',
            resources: resources
              .filter((r) => r.apiVersion === apiVersion)
              .map((r) => ({
                resource: r.plural,
                scope: r.namespaced ? 'Namespaced' : 'Cluster',
                responseKind: { group: '', version: '', kind: r.kind },
                verbs,
              })),
          },
        ],
      };
    });
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', items };
}
