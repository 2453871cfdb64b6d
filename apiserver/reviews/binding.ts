/** v1 Binding posted to the collection: the pod that it names is put on a node. */
import type { Binding } from '../../machinery/schema/wire.ts';
import { bind, created } from '../subresources/pod-binding.ts';
import type { Review, ReviewEnvironment } from './review.ts';

export function binding(env: ReviewEnvironment): Review {
  return async (object, { context }) => {
    await bind(env.catalog, object as Binding, context);
    return created;
  };
}
