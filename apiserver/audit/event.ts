/** An event of the audit log, and how it is written (audit.k8s.io/v1 Event). */
import { quote } from '../../machinery/meta/field-error.ts';
import { formatMicroTime } from '../../machinery/meta/times.ts';
import type { AuditLevel, AuditStage } from './policy.ts';

export interface AuditUser {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What a request is about. */
export interface ObjectReference {
  resource?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  apiGroup?: string;
  apiVersion?: string;
  resourceVersion?: string;
  subresource?: string;
}

export interface ResponseStatus {
  readonly metadata: object;
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: object;
  readonly code?: number;
}

/** One stage of one request. Sinks keep it: it is never changed. */
export interface AuditEvent {
  readonly level: AuditLevel;
  readonly auditID: string;
  readonly stage: AuditStage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: AuditUser;
  readonly impersonatedUser?: AuditUser;
  readonly authenticationMetadata?: { readonly impersonationConstraint: string };
  readonly sourceIPs: readonly string[];
  readonly userAgent: string;
  readonly objectRef?: ObjectReference;
  readonly responseStatus?: ResponseStatus;
  /** JSON texts, of one line. */
  readonly requestObject?: string;
  readonly responseObject?: string;
  /** Milliseconds since 1970, with fractions. */
  readonly receivedMs: number;
  readonly stageMs: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The event without its kind, as it stands in an EventList. */
export function itemJson(e: AuditEvent): string {
  const parts: string[] = [];
  const add = (name: string, value: unknown) => parts.push(`"${name}":${JSON.stringify(value)}`);
  add('level', e.level);
  add('auditID', e.auditID);
  add('stage', e.stage);
  add('requestURI', e.requestURI);
  add('verb', e.verb);
  add('user', e.user);
  if (e.impersonatedUser !== undefined) add('impersonatedUser', e.impersonatedUser);
  if (e.authenticationMetadata !== undefined) {
    add('authenticationMetadata', e.authenticationMetadata);
  }
  if (e.sourceIPs.length > 0) add('sourceIPs', e.sourceIPs);
  if (e.userAgent !== '') add('userAgent', e.userAgent);
  if (e.objectRef !== undefined) add('objectRef', e.objectRef);
  if (e.responseStatus !== undefined) add('responseStatus', e.responseStatus);
  if (e.requestObject !== undefined) parts.push(`"requestObject":${e.requestObject}`);
  if (e.responseObject !== undefined) parts.push(`"responseObject":${e.responseObject}`);
  add('requestReceivedTimestamp', formatMicroTime(e.receivedMs));
  add('stageTimestamp', formatMicroTime(e.stageMs));
  if (Object.keys(e.annotations).length > 0) add('annotations', sorted(e.annotations));
  return `{${parts.join(',')}}`;
}

/** The event as one line of a log, without its end. */
export function eventJson(e: AuditEvent): string {
  return `{"kind":"Event","apiVersion":"audit.k8s.io/v1",${itemJson(e).slice(1)}`;
}

/** The old format: one line of text. */
export function legacyText(e: AuditEvent): string {
  const list = (values: readonly string[]) => values.map(quote).join(',');
  const { username = '', groups = [] } = e.user;
  const acting = e.impersonatedUser;
  const shown: [string, string][] = [
    ['id', e.auditID],
    ['stage', e.stage],
    ['ip', e.sourceIPs[0] ?? '<unknown>'],
    ['method', e.verb],
    ['user', username === '' ? '<none>' : username],
    ['groups', username === '' || groups.length === 0 ? '<none>' : list(groups)],
    ['as', acting === undefined ? '<self>' : (acting.username ?? '')],
    ['asgroups', acting?.groups === undefined ? '<lookup>' : list(acting.groups)],
    ['user-agent', e.userAgent],
    ['namespace', e.objectRef?.namespace ?? '<none>'],
    ['uri', e.requestURI],
  ];
  const status = e.responseStatus;
  const response = status === undefined ? '<deferred>' : String(status.code ?? 0);
  const texts = shown.map(([name, value]) => `${name}=${quote(value)}`).join(' ');
  return `${nanoTime(e.receivedMs)} AUDIT: ${texts} response="${response}"`;
}

/** As Go prints it: without zeros at the end of the fraction. */
function nanoTime(ms: number): string {
  return formatMicroTime(ms).replace(/\.?0+Z$/, 'Z');
}

function sorted(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)));
}
