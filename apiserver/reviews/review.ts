/** The seam of reviews: kinds that are answered when they are created, and never stored. */
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { AuthenticationSetup } from '../auth/authentication.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { UserInfo, WriteContext } from '../registry/resource.ts';

export interface ReviewRequest {
  readonly user: UserInfo;
  /** Of the path; '' for cluster-scoped kinds. */
  readonly namespace: string;
  /** Of the request, RFC 3339. */
  readonly now: string;
  /** For those that write. */
  readonly context: WriteContext;
}

/** Fills in the status of `object`, in place, and returns it. Throws StatusError. */
export type Review = (object: KubeObject, request: ReviewRequest) => Promise<KubeObject>;

/** What reviews are made from. */
export interface ReviewEnvironment {
  readonly authorizer: Authorizer;
  readonly authentication: AuthenticationSetup;
  readonly catalog: Catalog;
}
