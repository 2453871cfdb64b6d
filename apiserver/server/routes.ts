/** Which verbs the real server's router has routes for at a path of a resource. */
import type { ServedResource } from '../registry/served-resource.ts';
import type { RequestInfo } from './request-info.ts';

/** Resources have no routes for HEAD and OPTIONS. */
const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** `none`: there is no such path; `other`: it has routes, of other methods. */
export type Routed = 'none' | 'other' | 'there';

export function routed(info: RequestInfo, method: string, resource: ServedResource): Routed {
  const connects = resource.subresources.get(info.subresource)?.connects;
  const { verbs, scoped } = verbsAt(info, resource);
  if (!scoped || verbs.length === 0) return 'none';
  if (connects !== undefined) return connects.includes(method) ? 'there' : 'other';
  if (info.legacyWatch) return method === 'GET' ? 'there' : 'other';
  return methods.has(method) && verbs.includes(info.verb) ? 'there' : 'other';
}

function verbsAt(
  info: RequestInfo,
  { definition, subresources }: ServedResource,
): { verbs: readonly string[]; scoped: boolean } {
  const { namespaced, plural } = definition;
  const everywhere = namespaced && info.namespace === '';
  const foreign = !namespaced && info.namespace !== '' && plural !== 'namespaces';
  const own: readonly string[] = definition.verbs;
  const some = (...wanted: string[]) => own.filter((v) => wanted.includes(v));
  if (info.verb === 'proxy' || foreign) return { verbs: [], scoped: false };
  if (info.legacyWatch) {
    const scoped = info.subresource === '' && !(everywhere && info.named);
    return { verbs: some('watch'), scoped };
  }
  if (info.subresource !== '') {
    const below = subresources.get(info.subresource)?.below === true;
    const scoped = !everywhere && (info.rest === '' || below);
    return { verbs: verbsOfSubresource(info.subresource, definition, subresources), scoped };
  }
  if (info.named) return { verbs: some('get', 'update', 'patch', 'delete'), scoped: !everywhere };
  if (everywhere) return { verbs: some('list', 'watch'), scoped: true };
  return { verbs: some('list', 'watch', 'create', 'deletecollection'), scoped: true };
}

const changes = ['get', 'patch', 'update'];

function verbsOfSubresource(
  name: string,
  definition: ServedResource['definition'],
  subresources: ServedResource['subresources'],
): readonly string[] {
  if (name === 'scale' && definition.scale !== undefined) return changes;
  const face = definition.faces[name];
  if (face !== undefined) return face.verbs;
  if (name === 'status' && definition.status !== false) return changes;
  return subresources.get(name)?.verbs ?? [];
}
