/** Creates: names, preparation, validation, the write. */
import { randomUUID } from 'node:crypto';
import { normalizeInPlace } from '../../../machinery/codec/decode.ts';
import { deepCopy } from '../../../machinery/meta/copy.ts';
import type { FieldError } from '../../../machinery/meta/field-error.ts';
import { nameIsDnsSubdomain, nameIsPathSegment } from '../../../machinery/meta/names.ts';
import {
  validateKubeFinalizers,
  validateObjectMeta,
} from '../../../machinery/meta/object-meta-validation.ts';
import { simpleNameGenerator } from '../../../machinery/meta/random.ts';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import type { KubeObject, ObjectMeta } from '../../../machinery/schema/wire.ts';
import type { StoredObject } from '../../storage/cache/stored-object.ts';
import type { Finish, ResourceDefinition, WriteContext } from '../resource.ts';
import { ensureNamespace } from './namespace.ts';
import { isInvalid } from './refusals.ts';
import type { StoredObjects } from './stored-objects.ts';

const maxGenerateNameAttempts = 8;

/** Admission of a new object, after validation. */
export type AdmitCreate = (object: KubeObject) => Promise<void>;

/** Stores a new object; changes `object` in place. A generated name that is taken is made again. */
export async function createObject(
  objects: StoredObjects,
  object: KubeObject,
  ctx: WriteContext,
  admit: AdmitCreate | undefined,
): Promise<StoredObject> {
  const generated = !object.metadata?.name && Boolean(object.metadata?.generateName);
  for (let attempt = 1; ; attempt++) {
    const last = !generated || attempt === maxGenerateNameAttempts;
    const candidate = last ? object : deepCopy(object);
    try {
      return await createOnce(objects, candidate, ctx, admit);
    } catch (e) {
      if (!(e instanceof StatusError) || e.reason !== 'AlreadyExists' || last) throw e;
    }
  }
}

async function createOnce(
  objects: StoredObjects,
  object: KubeObject,
  ctx: WriteContext,
  admit: AdmitCreate | undefined,
): Promise<StoredObject> {
  const finish = await prepareCreate(objects, object, ctx, admit);
  let stored = false;
  try {
    refuseVersion(object, ctx);
    const result = await objects.add(object, ctx);
    stored = true;
    return result;
  } finally {
    await finish?.(stored && !ctx.dryRun);
  }
}

/**
 * Makes `object` what is to be stored, in place, and checks it. What is returned must be called
 * when the write has happened or failed.
 */
export async function prepareCreate(
  { definition: d, type }: StoredObjects,
  object: KubeObject,
  ctx: WriteContext,
  admit: AdmitCreate | undefined,
): Promise<Finish | undefined> {
  object.metadata ??= {};
  const meta = object.metadata;
  meta.creationTimestamp = ctx.now;
  meta.uid = randomUUID();
  if (!meta.name && meta.generateName) {
    meta.name = d.plainGenerateName ? meta.generateName : simpleNameGenerator(meta.generateName);
  }
  const finish = await d.beginCreate?.(object, ctx);
  try {
    ensureNamespace(d.namespaced ? ctx.namespace : '', meta);
    if (d.status !== false && !d.createWithStatus) clearStatus(object);
    if (d.generationOf !== undefined) meta.generation = 1;
    d.prepareForCreate?.(object, ctx);
    normalizeInPlace(object, type);
    const errors = [
      ...(d.metadataLast ? [] : validateNewMeta(d, meta)),
      ...(d.validate?.(object, ctx) ?? []),
    ];
    // A rule of the kind's own may let through a name that cannot stand in a path.
    if (errors.length === 0 && (d.metadataLast || d.nameRule !== undefined)) {
      const { namespaced } = d;
      errors.push(...validateObjectMeta(meta, { namespaced, nameFn: nameIsPathSegment }));
    }
    if (errors.length > 0) throw isInvalid(d, object, errors);
    for (const w of d.warnings?.(object, undefined) ?? []) ctx.warn(w);
    d.canonicalize?.(object);
    await admit?.(object);
  } catch (e) {
    await finish?.(false);
    throw e;
  }
  return finish;
}

function validateNewMeta(
  { namespaced, nameRule = nameIsDnsSubdomain, anyFinalizer }: ResourceDefinition,
  meta: ObjectMeta,
): FieldError[] {
  const errors = validateObjectMeta(meta, { namespaced, nameFn: nameRule });
  return anyFinalizer ? errors : [...errors, ...validateKubeFinalizers(meta.finalizers)];
}

/** What is to be created has no version yet; a text that is none is passed over, as in a dry run. */
function refuseVersion(object: KubeObject, { dryRun }: WriteContext): void {
  const version = object.metadata?.resourceVersion;
  if (version === undefined) return;
  if (!dryRun && /^\d*[1-9]\d*$/.test(version)) {
    throw new StatusError('', 'resourceVersion should not be set on objects to be created');
  }
  delete object.metadata!.resourceVersion;
}

function clearStatus(object: KubeObject & { status?: unknown }): void {
  if (object.status !== undefined) object.status = {};
}
