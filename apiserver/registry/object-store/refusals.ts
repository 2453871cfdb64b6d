/** What writes of objects are refused with, in the words of the real server's registry. */
import type { FieldError } from '../../../machinery/meta/field-error.ts';
import {
  alreadyExists,
  conflict,
  invalid,
  notFound,
  StatusError,
} from '../../../machinery/meta/status-error.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { StoredObject } from '../../storage/cache/stored-object.ts';
import type { ResourceDefinition, WriteContext } from '../resource.ts';

/** The text of a lost optimistic lock. */
export const optimisticLockMessage =
  'the object has been modified; please apply your changes to the latest version and try again';

/** As the request calls it: two groups may share what is stored. */
function named(
  { group, plural }: ResourceDefinition,
  ctx: WriteContext | undefined,
): { group: string; resource: string } {
  const slash = ctx?.requestVersion?.indexOf('/') ?? -1;
  return { group: slash < 0 ? group : ctx!.requestVersion!.slice(0, slash), resource: plural };
}

/** There is no such object. */
export function isMissing(d: ResourceDefinition, name: string, ctx?: WriteContext): StatusError {
  return notFound(named(d, ctx), name);
}

/**
 * The name is taken; `there` is by whom, where that is known. Who sent a generateName may try again,
 * whether the name came from it or not.
 */
export function isTaken(
  d: ResourceDefinition,
  name: string,
  generateName: string | undefined,
  there: StoredObject | undefined,
  ctx: WriteContext,
): StatusError {
  let e = alreadyExists(named(d, ctx), name);
  if (generateName) {
    const text = `${e.message}, the server was not able to generate a unique name for the object`;
    e = new StatusError('AlreadyExists', text, { ...e.details, retryAfterSeconds: 1 });
  }
  if (there?.object<KubeObject>().metadata?.deletionTimestamp === undefined) return e;
  return new StatusError('AlreadyExists', `object is being deleted: ${e.message}`, e.details);
}

/** Another writer came between what the client read and what it writes. */
export function isModified(d: ResourceDefinition, name: string, ctx: WriteContext): StatusError {
  return conflict(named(d, ctx), name, optimisticLockMessage);
}

/** Other writers always came first. */
export function isContended(d: ResourceDefinition, name: string, ctx: WriteContext): StatusError {
  return conflict(named(d, ctx), name, 'too many writers of this object; try again');
}

/** The object at `key` has another uid, `has`, than the request asks for; '' when it is not there. */
export function isAnother(
  d: ResourceDefinition,
  name: string,
  key: string,
  asked: string,
  has: string,
  ctx: WriteContext,
): StatusError {
  return conflict(
    named(d, ctx),
    name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, ` +
      `AdditionalErrorMsg: Precondition failed: UID in precondition: ${asked}, UID in object meta: ${has}`,
  );
}

/** The object breaks rules of its kind. */
export function isInvalid(
  d: ResourceDefinition,
  object: KubeObject,
  errors: FieldError[],
): StatusError {
  return invalid({ group: d.group, resource: d.kind }, object.metadata?.name ?? '', errors);
}

/** An update must say which version it changes. */
export function needsVersion(
  d: ResourceDefinition,
  name: string,
  error: FieldError,
  ctx: WriteContext,
): StatusError {
  return invalid(named(d, ctx), name, [error]);
}
