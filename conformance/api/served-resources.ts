/** What a server under test serves, as its discovery says. */
import type { Api } from './api.ts';
import type { FuzzResource } from './fuzz-requests.ts';

interface Discovered {
  resources: { name: string; kind: string; namespaced: boolean; verbs: string[] }[];
  groups: { versions: { groupVersion: string }[] }[];
}

/** All resources, without subresources, that have all these verbs. */
export async function servedResources(api: Api, ...verbs: string[]): Promise<FuzzResource[]> {
  const read = async (path: string) =>
    JSON.parse((await api.send('GET', path)).body.toString()) as Discovered;
  const groups = (await read('/apis')).groups;
  const versions = ['v1', ...groups.flatMap((g) => g.versions.map((v) => v.groupVersion))];
  const out: FuzzResource[] = [];
  for (const apiVersion of versions) {
    const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
    for (const { name, kind, namespaced, verbs: can } of (await read(root)).resources) {
      if (name.includes('/') || !verbs.every((v) => can.includes(v))) continue;
      out.push({ apiVersion, plural: name, kind, namespaced });
    }
  }
  return out;
}
