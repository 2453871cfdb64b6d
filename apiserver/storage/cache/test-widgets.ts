/** A kind for tests of the cache: no stored value of it was written by another server. */
import type { CacheSpec } from './stored-object.ts';

export const widgets: CacheSpec = {
  name: 'widgets',
  prefix: '/registry/widgets',
  namespaced: true,
  kind: 'Widget',
  apiVersion: 'v1',
  selectableFields: {},
  indexedFields: [],
  decode: () => {
    throw new Error('not a widget');
  },
};
