/**
 * authorization.k8s.io/v1 SubjectAccessReview, SelfSubjectAccessReview and LocalSubjectAccessReview:
 * may they.
 */
import * as fe from '../../machinery/meta/field-error.ts';
import { badRequest, invalid } from '../../machinery/meta/status-error.ts';
import type {
  KubeObject,
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SubjectAccessReview,
} from '../../machinery/schema/wire.ts';
import type { AccessAttributes } from '../auth/authorizer.ts';
import type { UserInfo } from '../registry/resource.ts';
import type { Review, ReviewEnvironment } from './review.ts';
import { type ReviewSelectors, selectorsOf } from './review-selectors.ts';
import { validateAccess, validateEmptyMetadata } from './validate-access.ts';

type AccessSpec = NonNullable<SubjectAccessReview['spec']>;

export function subjectAccessReview(env: ReviewEnvironment): Review {
  return async (object) => {
    const review = object as SubjectAccessReview;
    refuse([...validateAccess(review.spec, true), ...validateEmptyMetadata(review, [])]);
    return answer(env, review, userOf(review.spec), review.spec);
  };
}

export function selfSubjectAccessReview(env: ReviewEnvironment): Review {
  return async (object, { user }) => {
    const review = object as SelfSubjectAccessReview;
    refuse([...validateAccess(review.spec, false), ...validateEmptyMetadata(review, [])]);
    return answer(env, review, user, review.spec);
  };
}

export function localSubjectAccessReview(env: ReviewEnvironment): Review {
  return async (object, { namespace }) => {
    const review = object as LocalSubjectAccessReview;
    const { spec } = review;
    const errors = [
      ...validateAccess(spec, true),
      ...validateEmptyMetadata(review, ['namespace'], 'must be empty except for namespace'),
    ];
    const asked = spec.resourceAttributes;
    if (asked !== undefined && (asked.namespace ?? '') !== (review.metadata?.namespace ?? '')) {
      errors.push(
        fe.invalidValue(
          fe.FieldPath.of('spec', 'resourceAttributes', 'namespace'),
          asked.namespace ?? '',
          'must match metadata.namespace',
        ),
      );
    }
    if (spec.nonResourceAttributes !== undefined) {
      const { path = '', verb = '' } = spec.nonResourceAttributes;
      errors.push(
        fe.invalidValue(
          fe.FieldPath.of('spec', 'nonResourceAttributes'),
          { Path: path, Verb: verb },
          'disallowed on this kind of request',
        ),
      );
    }
    refuse(errors);
    if ((asked?.namespace ?? '') !== namespace) {
      throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
    }
    return answer(env, review, userOf(spec), spec);
  };
}

function refuse(errors: readonly fe.FieldError[]): void {
  if (errors.length === 0) return;
  // The real server names no kind here.
  throw invalid({ group: 'authorization.k8s.io', resource: '' }, '', errors);
}

function userOf(spec: AccessSpec): UserInfo {
  return {
    name: spec.user ?? '',
    ...(spec.uid === undefined ? {} : { uid: spec.uid }),
    groups: spec.groups ?? [],
    ...(spec.extra === undefined ? {} : { extra: spec.extra }),
  };
}

async function answer(
  env: ReviewEnvironment,
  review: KubeObject & { status?: unknown },
  user: UserInfo,
  spec: Pick<AccessSpec, 'resourceAttributes' | 'nonResourceAttributes'>,
): Promise<KubeObject> {
  const { problems, ...selectors }: ReviewSelectors =
    spec.resourceAttributes === undefined ? { problems: [] } : selectorsOf(spec.resourceAttributes);
  const decision = await env.authorizer.authorize({ ...attributesOf(user, spec), ...selectors });
  const errors = decision.error === undefined ? problems : [decision.error, ...problems];
  review.status = {
    allowed: decision.decision === 'allow',
    ...(decision.decision === 'deny' ? { denied: true } : {}),
    ...(decision.reason === '' ? {} : { reason: decision.reason }),
    ...(errors.length === 0 ? {} : { evaluationError: errors.join('; ') }),
  };
  return review;
}

function attributesOf(
  user: UserInfo,
  spec: Pick<AccessSpec, 'resourceAttributes' | 'nonResourceAttributes'>,
): AccessAttributes {
  const r = spec.resourceAttributes;
  const none = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  if (r === undefined) {
    const { verb = '', path = '' } = spec.nonResourceAttributes ?? {};
    return { user, verb, path, resourceRequest: false, ...none };
  }
  return {
    user,
    verb: r.verb ?? '',
    resourceRequest: true,
    group: r.group ?? '',
    // Unless it is named, the question is about every version.
    version: r.version || '*',
    resource: r.resource ?? '',
    subresource: r.subresource ?? '',
    namespace: r.namespace ?? '',
    name: r.name ?? '',
    path: '',
  };
}
