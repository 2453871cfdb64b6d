/** AdmissionReview, both ways (admission.k8s.io/v1 and v1beta1, whose fields are the same). */
import { versionAndKind } from '../../../machinery/codec/body.ts';
import { convert } from '../../../machinery/codec/decode.ts';
import { DecodeError } from '../../../machinery/codec/decode-context.ts';
import { JsonSyntaxError } from '../../../machinery/codec/json-text.ts';
import { decodeYaml } from '../../../machinery/codec/yaml.ts';
import { quote } from '../../../machinery/meta/field-error.ts';
import type { Status } from '../../../machinery/meta/status-error.ts';
import { kindType } from '../../../machinery/schema/schema.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import { apiVersionOf } from '../../registry/served-resource.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { type KindName, requestKind, requestOptions } from '../request-kind.ts';
import type { Invocation } from './invocation.ts';
import type { ShownObjects } from './versions.ts';

/** The versions of reviews that are spoken. */
export type ReviewVersion = 'v1' | 'v1beta1';

const group = 'admission.k8s.io';
const scheme = 'k8s.io/apiserver/pkg/util/webhook/client.go:71';

/** The first version of a webhook's list that is spoken here. */
export function reviewVersionOf(versions: readonly string[]): ReviewVersion | undefined {
  return versions.find((v) => v === 'v1' || v === 'v1beta1');
}

/** The text of the review that a webhook is sent. */
export function reviewText(
  version: ReviewVersion,
  uid: string,
  a: AdmissionAttributes,
  { resource, kind }: Invocation,
  { object, oldObject }: ShownObjects,
): string {
  const named = (field: string, text: string) => (text === '' ? {} : { [field]: text });
  const { user } = a;
  const own = requestKind(a);
  const { group: g, version: v, resource: r } = a;
  const request = {
    uid,
    kind: { group: kind.group, version: kind.version, kind: kind.kind },
    resource: { group: resource.group, version: resource.version, resource: resource.resource },
    ...named('subResource', a.subresource),
    requestKind: { group: own.group, version: own.version, kind: own.kind },
    requestResource: { group: g, version: v, resource: r },
    ...named('requestSubResource', a.subresource),
    ...named('name', a.name),
    ...named('namespace', a.namespace),
    operation: a.operation,
    userInfo: {
      ...named('username', user.name),
      ...named('uid', user.uid ?? ''),
      ...(user.groups.length === 0 ? {} : { groups: user.groups }),
      ...(Object.keys(user.extra ?? {}).length === 0 ? {} : { extra: user.extra }),
    },
    object: laidOut(object, kind),
    oldObject: laidOut(oldObject, kind),
    dryRun: a.dryRun,
    options: requestOptions(a),
  };
  return `${JSON.stringify({ kind: 'AdmissionReview', apiVersion: `${group}/${version}`, request })}\n`;
}

/** Kind and apiVersion first: plugins and bodies need not have put them there. */
function laidOut(object: KubeObject | undefined, named: KindName): KubeObject | null {
  if (object === undefined) return null;
  const { kind: _kind, apiVersion: _version, ...rest } = object;
  return { kind: named.kind, apiVersion: apiVersionOf(named.group, named.version), ...rest };
}

/** What a webhook has answered. */
export interface Verdict {
  readonly allowed: boolean;
  readonly result: Partial<Status> | undefined;
  /** JSON patch as text; '' for none. */
  readonly patch: string;
  readonly patchType: string;
  readonly auditAnnotations: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** A review of a webhook as it was received. */
export interface ReceivedReview {
  readonly apiVersion: string;
  readonly kind: string;
  readonly response: ReceivedResponse | undefined;
}

interface ReceivedResponse {
  readonly uid?: string;
  readonly allowed?: boolean;
  readonly status?: Partial<Status>;
  readonly patch?: string;
  readonly patchType?: string;
  readonly auditAnnotations?: Record<string, string>;
  readonly warnings?: string[];
}

/** Reads an answer. Throws an Error with the text of the real server's decoder. */
export function readReview(body: Buffer, version: ReviewVersion): ReceivedReview {
  const value = parse(body);
  const { apiVersion, kind } = versionAndKind(value);
  const wanted = `${group}/${version}`;
  const named = apiVersion || wanted;
  const known = kind || 'AdmissionReview';
  if (kind === 'Status' && apiVersion === 'v1') throw unconverted('v1.Status', version);
  if (known !== 'AdmissionReview' || !spoken(named)) {
    throw new Error(
      `no kind ${quote(known)} is registered for version ${quote(named)} in scheme ${quote(scheme)}`,
    );
  }
  if (named !== wanted) throw unconverted(`${named.slice(group.length + 1)}.${known}`, version);
  const type = kindType(`${group}/v1`, 'AdmissionReview')!;
  const { object } = convert(value ?? {}, type, false, false);
  return { apiVersion, kind, response: object['response'] as ReceivedResponse | undefined };
}

function spoken(apiVersion: string): boolean {
  return apiVersion === `${group}/v1` || apiVersion === `${group}/v1beta1`;
}

function unconverted(from: string, version: ReviewVersion): Error {
  return new Error(`converting (${from}) to (${version}.AdmissionReview): unknown conversion`);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // Webhooks may write YAML.
  }
  try {
    return decodeYaml(body).value;
  } catch (e) {
    if (!(e instanceof JsonSyntaxError)) throw e;
    throw new DecodeError(`couldn't get version/kind; json parse error: ${e.message}`);
  }
}

/** Checks an answer. Throws an Error that says what is wrong with it. */
export function verdictOf(
  { apiVersion, kind, response }: ReceivedReview,
  version: ReviewVersion,
  uid: string,
  mutating: boolean,
): Verdict {
  if (response === undefined) throw new Error('webhook response was absent');
  const { patch = '', patchType } = response;
  if (version === 'v1') {
    if ((response.uid ?? '') !== uid) {
      throw new Error(`expected response.uid=${quote(uid)}, got ${quote(response.uid ?? '')}`);
    }
    if (apiVersion !== `${group}/v1` || kind !== 'AdmissionReview') {
      throw new Error(
        `expected webhook response of ${group}/v1, Kind=AdmissionReview, got ${shown(apiVersion)}, Kind=${kind}`,
      );
    }
    checkPatch(patch, patchType, mutating);
  }
  const patches = mutating && patch !== '';
  return {
    allowed: response.allowed === true,
    result: response.status,
    patch: patches ? Buffer.from(patch, 'base64').toString('utf8') : '',
    // Of the older version, nobody has ever looked at the type.
    patchType: patches ? (version === 'v1' ? patchType! : 'JSONPatch') : '',
    auditAnnotations: response.auditAnnotations ?? {},
    warnings: response.warnings ?? [],
  };
}

/** Group and version, where there are any. */
function shown(apiVersion: string): string {
  return apiVersion === '' || apiVersion.includes('/') ? apiVersion || '/' : `/${apiVersion}`;
}

function checkPatch(patch: string, patchType: string | undefined, mutating: boolean): void {
  if (!mutating) {
    if (patch !== '') throw new Error('validating webhook may not return response.patch');
    if (patchType !== undefined) {
      throw new Error('validating webhook may not return response.patchType');
    }
    return;
  }
  if (patch !== '' && patchType === undefined) {
    throw new Error('webhook returned response.patch but not response.patchType');
  }
  if (patch === '' && patchType !== undefined) {
    throw new Error('webhook returned response.patchType but not response.patch');
  }
  if (patchType === '') throw new Error('webhook returned invalid response.patchType of ""');
}
