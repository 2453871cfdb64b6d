/** What a webhook's patch makes of an object. */
import { convert } from '../../../machinery/codec/decode.ts';
import { parseJson } from '../../../machinery/codec/json.ts';
import { semanticEqual } from '../../../machinery/meta/equality.ts';
import { quote } from '../../../machinery/meta/field-error.ts';
import { internalError } from '../../../machinery/meta/status-error.ts';
import {
  applyJsonPatch,
  decodeJsonPatch,
  type JsonPatchOperation,
} from '../../../machinery/patch/json-patch.ts';
import { applyDefaults } from '../../../machinery/schema/defaults.ts';
import { kindType, type StructType } from '../../../machinery/schema/schema.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import { CallFailure } from './failures.ts';
import type { Verdict } from './review.ts';

const scheme = 'pkg/api/legacyscheme/scheme.go:30';

/** The kind of an object that is patched. */
export interface PatchedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Where it is not that of the schema table. */
  readonly type?: StructType | undefined;
}

export interface Patched {
  readonly object: KubeObject;
  /** Whether it is another one now. */
  readonly changed: boolean;
  readonly operations: readonly JsonPatchOperation[];
}

/**
 * The patched object, with defaults, in normal form; undefined when there is no patch. Throws
 * CallFailure for a patch that cannot be read, StatusError 500 for one that cannot be applied.
 */
export function patched(
  webhook: string,
  { patch, patchType }: Verdict,
  object: KubeObject | undefined,
  { apiVersion, kind, type = kindType(apiVersion, kind) }: PatchedKind,
): Patched | undefined {
  if (patch === '') return undefined;
  const operations = readPatch(webhook, patch);
  if (operations.length === 0) return undefined;
  if (object === undefined) {
    throw internalError(
      `admission webhook ${quote(webhook)} attempted to modify the object, which is not supported for this operation`,
    );
  }
  if (patchType !== 'JSONPatch') {
    throw new CallFailure(webhook, `unsupported patch type ${quote(patchType)}`, 400);
  }
  if (type === undefined) throw internalError(`no type of ${apiVersion} ${kind}`);
  const next = asInternal(() => {
    const raw = applyJsonPatch(object, operations) as KubeObject;
    checkKind(raw, apiVersion, kind);
    return convert(raw, type, false, false).object as KubeObject;
  });
  next.kind = kind;
  next.apiVersion = apiVersion;
  const changed = !semanticEqual({ kind: 'struct', type }, object, next);
  applyDefaults(apiVersion, kind, next);
  return { object: layOut(next, type), changed, operations };
}

function readPatch(webhook: string, text: string): readonly JsonPatchOperation[] {
  try {
    const { value } = parseJson(Buffer.from(text, 'utf8'), false);
    return decodeJsonPatch(value, false).operations;
  } catch (e) {
    const why = `received undecodable patch in webhook response: ${(e as Error).message}`;
    throw new CallFailure(webhook, why, 503, { cause: e });
  }
}

function asInternal<T>(run: () => T): T {
  try {
    return run();
  } catch (e) {
    // Why a patch does not apply stands behind the text that clients of patches get.
    const { cause, message } = e as Error;
    throw internalError(cause instanceof Error ? cause.message : message, e);
  }
}

/** A patch may make something else of an object, which then cannot be taken for what it was. */
function checkKind(raw: KubeObject, apiVersion: string, kind: string): void {
  const named = { apiVersion: raw.apiVersion || apiVersion, kind: raw.kind || kind };
  if (named.apiVersion === apiVersion && named.kind === kind) return;
  const other = kindType(named.apiVersion, named.kind);
  if (other === undefined) {
    throw new Error(
      `no kind ${quote(named.kind)} is registered for version ${quote(named.apiVersion)} in scheme ${quote(scheme)}`,
    );
  }
  convert(structuredClone(raw), other, false, false);
  const version = (v: string) => v.slice(v.indexOf('/') + 1);
  throw new Error(
    `converting (${version(named.apiVersion)}.${named.kind}) to (${version(apiVersion)}.${kind}): unknown conversion`,
  );
}

/** Kind and apiVersion first, whatever a patch has moved; defaults in their places. */
function layOut(object: KubeObject, type: StructType): KubeObject {
  const { kind, apiVersion, ...rest } = object;
  const whole = { kind, apiVersion, ...rest } as KubeObject;
  return convert(whole, type, false, false).object as KubeObject;
}
