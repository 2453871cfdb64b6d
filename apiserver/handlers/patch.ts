/** PATCH: JSON patch, merge patch and strategic merge patch; `apply.ts` has server-side apply. */

import { kindProblem, versionAndKind } from '../../machinery/codec/body.ts';
import { convert, type Typed } from '../../machinery/codec/decode.ts';
import { DecodeError } from '../../machinery/codec/decode-context.ts';
import { fromUnstructured } from '../../machinery/codec/from-unstructured.ts';
import { parseJson } from '../../machinery/codec/json.ts';
import { JsonSyntaxError } from '../../machinery/codec/json-text.ts';
import { deepCopy } from '../../machinery/meta/copy.ts';
import * as fe from '../../machinery/meta/field-error.ts';
import {
  badRequest,
  conflict,
  invalid,
  notFound,
  StatusError,
} from '../../machinery/meta/status-error.ts';
import {
  applyJsonPatch,
  decodeJsonPatch,
  type JsonPatchOperation,
} from '../../machinery/patch/json-patch.ts';
import { applyMergePatch as mergePatch } from '../../machinery/patch/merge-patch.ts';
import {
  applyStrategicMergePatch,
  strategicPatchText,
} from '../../machinery/patch/strategic-merge-patch.ts';
import { applyDefaults } from '../../machinery/schema/defaults.ts';
import { registeredKind } from '../../machinery/schema/registered-kind.ts';
import type { KubeObject, ObjectMeta, Scale } from '../../machinery/schema/wire.ts';
import { ensureNamespace } from '../registry/object-store/namespace.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { type RenderContext, renderObject } from '../server/rendering.ts';
import { applier, applyCborType, applyType, type Change, isApply } from './apply.ts';
import { expectedOf } from './create.ts';
import type { Expected } from './decode-body.ts';
import { manageFields, noteReset } from './field-manager.ts';
import { mediaTypeOf } from './media-type.ts';
import { type WriteServices, writeUpdate } from './update.ts';
import { type WriteOptions, writeOptions } from './write-options.ts';
import { checkName, dedupOwnerReferences, managerOf } from './write-request.ts';

const jsonType = 'application/json-patch+json';
const mergeType = 'application/merge-patch+json';
const strategicType = 'application/strategic-merge-patch+json';
const patchTypes = [jsonType, mergeType, strategicType, applyType];

/** Answers a patch of an object, its status or another face of it. */
export async function patch(
  request: ApiRequest,
  c: RenderContext,
  services: WriteServices,
): Promise<ApiResponse> {
  const { resource } = c;
  const { info } = request;
  const type = patchTypeOf(request);
  const bytes = await request.readBody();
  const apply = isApply(type);
  const options = writeOptions(request.query, 'PatchOptions', apply);
  request.audit?.requestPatch(bytes);
  const warn = (text: string) => request.warn(text);
  const manager = managerOf(options.fieldManager, request.header('user-agent'));
  const make = () =>
    apply
      ? applier(bytes, type, resource, options, info.subresource, warn)
      : patcher(bytes, type, expectedOf(resource), options, warn);
  // Only where there is something to change is the patch read.
  let change: Change | undefined;
  const outcome = await writeUpdate(request, resource, services, {
    dryRun: options.dryRun,
    ...(apply && info.subresource === '' ? { forceCreate: true } : {}),
    make(live) {
      if (live === undefined && !apply) {
        throw notFound({ group: resource.group, resource: resource.definition.plural }, info.name);
      }
      change ??= make();
      const next = change(live);
      next.metadata ??= {};
      if (live === undefined && next.metadata.uid) {
        throw conflict(
          { group: resource.group, resource: resource.definition.plural },
          info.name,
          `uid mismatch: the provided object specified uid ${next.metadata.uid}, and no existing object was found`,
        );
      }
      ensureNamespace(resource.definition.namespaced ? info.namespace : '', next.metadata);
      checkName(next, info.name);
      dedupOwnerReferences(next, warn, false);
      if (!apply) manageFields(resource, live, next, manager, info.subresource);
      return Promise.resolve(next);
    },
  });
  return renderObject(c, outcome.object, outcome.created ? 201 : 200);
}

/** The media type of a patch. Throws 415. */
export function patchTypeOf(request: ApiRequest): string {
  const type = mediaTypeOf(request.header('content-type'));
  if (patchTypes.includes(type) || type === applyCborType) return type;
  throw new StatusError('UnsupportedMediaType', '415: Unsupported Media Type', {});
}

/** JSON, merge and strategic merge patch as a function of the live object. */
function patcher(
  bytes: Buffer,
  type: string,
  expected: Expected,
  options: WriteOptions,
  warn: (text: string) => void,
): Change {
  const validated = options.fieldValidation !== 'Ignore';
  const { value, duplicates } = parsePatch(bytes, type);
  let strictErrors = validated ? duplicates.map((d) => `duplicate field ${fe.quote(d)}`) : [];
  if (type === jsonType) {
    const { operations, strictErrors: problems } = decodeJsonPatch(value, validated);
    strictErrors = [...strictErrors.map((s) => `json patch ${s}`), ...problems];
    return (live) => {
      const patch = () => applyJsonPatch(deepCopy(live!), operations);
      const shown = () => JSON.stringify(touched(patch(), asTree(operations)));
      return decodePatched(patch(), expected, options, strictErrors, warn, shown);
    };
  }
  if (type === strategicType) {
    return (live) => {
      const merged = applyStrategicMergePatch(forMerge(live!), value, expected.type);
      const shown = () => strategicPatchText(forMerge(live!), value, expected.type);
      // The real server reads no text here, and looks at no kind.
      const read = () => fromUnstructured(merged, expected.type);
      return decodePatched(merged, expected, options, strictErrors, warn, shown, read);
    };
  }
  return (live) => {
    const shown = () => {
      const { value: sent } = parsePatch(bytes, type);
      return JSON.stringify(touched(mergePatch(forMerge(live!), sent, validated), sent));
    };
    const merged = mergePatch(forMerge(live!), value, validated);
    return decodePatched(merged, expected, options, strictErrors, warn, shown);
  };
}

/** Patch bodies are read as JSON whatever they patch; their own 400 says so. */
function parsePatch(bytes: Buffer, type: string): { value: unknown; duplicates: string[] } {
  try {
    const { value, duplicates } = parseJson(bytes, false);
    return { value, duplicates: [...duplicates] };
  } catch (e) {
    if (!(e instanceof JsonSyntaxError)) throw e;
    throw badRequest(type === strategicType ? e.message : `error decoding patch: ${e.message}`);
  }
}

/** A copy that a merge may change: it replaces managedFields, if at all, as a whole. */
function forMerge(live: KubeObject): KubeObject {
  const managedFields = live.metadata?.managedFields;
  if (managedFields === undefined) return deepCopy(live);
  const copy = deepCopy({ ...live, metadata: { ...live.metadata, managedFields: [] } });
  (copy.metadata as ObjectMeta).managedFields = managedFields;
  return copy;
}

/**
 * The patched document, which decoding changes, as a typed object with defaults; what does not fit
 * is the real 422, with the document as `shown` gives it.
 */
function decodePatched(
  document: unknown,
  expected: Expected,
  options: WriteOptions,
  earlier: readonly string[],
  warn: (text: string) => void,
  shown: () => string,
  read?: () => Typed,
): KubeObject {
  const refuse = (why: string) =>
    invalid({ group: '', resource: '' }, '', [
      fe.invalidValue(fe.FieldPath.of('patch'), shown(), why),
    ]);
  const strict = options.fieldValidation !== 'Ignore';
  // What the real server reads is the text, which is not in the order of the document.
  const inTextOrder = (errors: string[]) =>
    read !== undefined || errors.length < 2
      ? errors
      : readAsKind(JSON.parse(shown()), expected).strictErrors;
  // Decoding takes empty lists out.
  const sent = (document as KubeObject).metadata?.managedFields;
  const resets = Array.isArray(sent) && sent.length === 0;
  let object: KubeObject;
  let strictErrors: string[];
  try {
    const typed = read?.() ?? readAsKind(document, expected);
    object = typed.object as KubeObject;
    strictErrors = strict ? [...earlier, ...inTextOrder(typed.strictErrors)] : [];
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e;
    throw refuse(e.message);
  }
  if (strictErrors.length > 0) {
    if (options.fieldValidation === 'Strict') {
      throw refuse(`strict decoding error: ${strictErrors.join(', ')}`);
    }
    for (const s of strictErrors) warn(s);
  }
  if (resets) noteReset(object);
  object.kind = expected.kind;
  object.apiVersion = expected.apiVersion;
  applyDefaults(expected.apiVersion, expected.kind, object);
  return object;
}

/** What a decoder makes of the document, which must be of the kind. Throws DecodeError. */
function readAsKind(document: unknown, expected: Expected): Typed {
  const { apiVersion, kind } = versionAndKind(document);
  if (apiVersion === '') return readAsNothing(document);
  const named = [apiVersion || expected.apiVersion, kind || expected.kind] as const;
  const wrong = kindProblem(...named, expected);
  if (wrong !== undefined) {
    // What does not fit the other kind either comes first.
    const other = registeredKind(...named);
    if (other !== undefined) convert(deepCopy(document), other, false, false);
    throw new DecodeError(wrong);
  }
  return convert(document, expected.type, true, false);
}

/**
 * A document that lost its version is read as the kind's form inside the real server, which knows
 * no field by the names of any version.
 */
function readAsNothing(document: unknown): Typed {
  const names = Object.keys(document as object).filter((k) => k !== 'kind' && k !== 'apiVersion');
  const strictErrors = names.sort().map((name) => `unknown field ${fe.quote(name)}`);
  return { object: {}, strictErrors };
}

/**
 * The patched document as the real server's patch library prints it: what the patch went through
 * has its keys sorted, the rest is as it was.
 */
function touched(value: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return value;
  if (Array.isArray(value)) return value.map((v, i) => touched(v, patch[i]));
  if (!isMap(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([k, v]) => [k, touched(v, patch[k])]));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The paths of a JSON patch as the document that a merge patch would be. */
function asTree(operations: readonly JsonPatchOperation[]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const { path } of operations) {
    let at = root;
    for (const key of (path ?? '').split('/').slice(1, -1)) {
      const next = (at[key] ?? {}) as Record<string, unknown>;
      at[key] = next;
      at = next;
    }
  }
  return root;
}

/** A patch of a Scale that is no apply: `before` with the patch applied. */
export function patchScale(
  bytes: Buffer,
  type: string,
  before: Scale,
  expected: Expected,
  options: WriteOptions,
  warn: (text: string) => void,
): Scale {
  return patcher(bytes, type, expected, options, warn)(before as KubeObject) as Scale;
}
