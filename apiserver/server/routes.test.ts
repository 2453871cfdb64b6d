import assert from 'node:assert/strict';
import type { ServedResource } from '../registry/served-resource.ts';
import { parseRequestInfo } from './request-info.ts';
import { routed } from './routes.ts';

const all = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** As much of a resource as routes are made from. */
function resource(plural: string, namespaced: boolean, verbs = all): ServedResource {
  const definition = { plural, namespaced, verbs, status: {}, faces: {}, scale: undefined };
  const subresources = new Map([
    ['log', { verbs: ['get'] }],
    ['proxy', { verbs: ['get'], below: true, connects: ['GET', 'OPTIONS'] }],
    ['exec', { verbs: ['create', 'get'], connects: ['GET', 'POST'] }],
  ]);
  return { definition, subresources } as unknown as ServedResource;
}

const pods = resource('pods', true);
const nodes = resource('nodes', false);
const reviews = resource('reviews', false, ['create']);
const bindings = resource('bindings', true, ['create']);

describe('routes of resources', () => {
  const cases: [method: string, path: string, of: ServedResource, expected: string][] = [
    ['GET', 'pods', pods, 'there'],
    ['POST', 'pods', pods, 'other'],
    ['GET', 'pods/a', pods, 'none'],
    ['POST', 'namespaces/x/pods', pods, 'there'],
    ['PUT', 'namespaces/x/pods', pods, 'other'],
    ['HEAD', 'namespaces/x/pods', pods, 'other'],
    ['DELETE', 'namespaces/x/pods', pods, 'there'],
    ['POST', 'namespaces/x/pods/a', pods, 'other'],
    ['PATCH', 'namespaces/x/pods/a', pods, 'there'],
    ['GET', 'namespaces/x/pods/a/status', pods, 'there'],
    ['DELETE', 'namespaces/x/pods/a/status', pods, 'other'],
    ['GET', 'namespaces/x/pods/a/status/b', pods, 'none'],
    ['GET', 'namespaces/x/pods/a/nothing', pods, 'none'],
    ['GET', 'namespaces/x/pods/a/log', pods, 'there'],
    ['PUT', 'namespaces/x/pods/a/exec', pods, 'other'],
    ['OPTIONS', 'namespaces/x/pods/a/proxy/b/c', pods, 'there'],
    ['GET', 'watch/namespaces/x/pods/a', pods, 'there'],
    ['GET', 'watch/pods/a', pods, 'none'],
    ['POST', 'watch/pods', pods, 'other'],
    ['GET', 'watch/namespaces/x/pods/a/log', pods, 'none'],
    ['GET', 'proxy/namespaces/x/pods/a', pods, 'none'],
    ['GET', 'namespaces/x/nodes', nodes, 'none'],
    ['DELETE', 'nodes/a', nodes, 'there'],
    ['POST', 'reviews', reviews, 'there'],
    ['GET', 'reviews', reviews, 'other'],
    ['GET', 'reviews/a', reviews, 'none'],
    ['GET', 'watch/reviews', reviews, 'none'],
    ['GET', 'bindings', bindings, 'none'],
    ['GET', 'namespaces/x/bindings', bindings, 'other'],
  ];
  for (const [method, path, of, expected] of cases) {
    it(`${method} ${path}`, () => {
      const query = { watch: false, selectedName: undefined };
      const info = parseRequestInfo(method, `/api/v1/${path}`, query);
      assert.equal(routed(info, method, of), expected);
    });
  }
});
