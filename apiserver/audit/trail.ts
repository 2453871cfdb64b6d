/**
 * What is known of one audited request, stage by stage. Parts of the server that learn something
 * add it; each stage sends what is known then.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { formatDuration } from '../../machinery/meta/times.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { AccessAttributes } from '../auth/authorizer.ts';
import type { UserInfo } from '../registry/resource.ts';
import { answerObject, withoutManagedFields } from './answer-object.ts';
import type { AuditEvent, AuditUser, ObjectReference, ResponseStatus } from './event.ts';
import type { AuditStage, RequestAudit } from './policy.ts';
import type { AuditSink } from './sink.ts';
import { sourceIps } from './source-ips.ts';

/** What a trail is about. */
export interface AuditedCall {
  readonly raw: IncomingMessage;
  readonly auditId: string;
  readonly attributes: Omit<AccessAttributes, 'user'>;
  /** Undefined: nobody was authenticated. */
  readonly user: UserInfo | undefined;
  /** Whether it lasts: its answer is told of when it starts, too. */
  readonly longRunning: boolean;
  readonly receivedMs: number;
}

/** How long a request takes is told of those that take longer. */
const slowMs = 500;
const totalKey = 'apiserver.latency.k8s.io/total';
const maxUserAgent = 1024;

export class AuditTrail {
  readonly #audit: RequestAudit;
  readonly #call: AuditedCall;
  readonly #sink: AuditSink;
  readonly #now: () => number;
  readonly #annotations: Record<string, string> = {};
  readonly #reference: ObjectReference | undefined;
  readonly #userAgent: string;
  #impersonated: AuditUser | undefined;
  #constraint = '';
  #requestObject: string | undefined;
  #responseObject: string | undefined;
  #status: ResponseStatus | undefined;
  #started = false;

  constructor(audit: RequestAudit, call: AuditedCall, sink: AuditSink, now: () => number) {
    this.#audit = audit;
    this.#call = call;
    this.#sink = sink;
    this.#now = now;
    const agent = call.raw.headers['user-agent'] ?? '';
    this.#userAgent =
      agent.length > maxUserAgent ? `${agent.slice(0, maxUserAgent)}...TRUNCATED` : agent;
    this.#reference = call.attributes.resourceRequest ? referenceOf(call.attributes) : undefined;
  }

  /**
   * Adds what somebody found out; the first value of a key stays. `level`: for those who are told
   * so much at the least.
   */
  annotate(key: string, value: string, level: 'Metadata' | 'Request' = 'Metadata'): void {
    if (level === 'Request' && this.#audit.level === 'Metadata') return;
    if (!Object.hasOwn(this.#annotations, key)) this.#annotations[key] = value;
  }

  /** Whom the request acts as; `constraint`: the verb that allowed it, '' for the old way. */
  impersonated(user: UserInfo, constraint: string): void {
    this.#impersonated = auditUser(user);
    this.#constraint = constraint;
  }

  /** The object that was sent, with defaults; read before admission changes it. */
  requestObject(object: KubeObject): void {
    const reference = this.#reference;
    const { namespace, name, uid, resourceVersion } = object.metadata ?? {};
    if (reference !== undefined) {
      fill(reference, 'namespace', namespace);
      fill(reference, 'name', name);
      fill(reference, 'uid', uid);
      fill(reference, 'resourceVersion', resourceVersion);
    }
    if (this.#audit.level === 'Metadata') return;
    const { kind, apiVersion, ...rest } = object;
    const whole = { kind, apiVersion, ...rest };
    const shown = this.#audit.omitManagedFields ? withoutManagedFields(whole) : whole;
    this.#requestObject = JSON.stringify(shown);
  }

  /** The patch as it was sent; one that is no JSON is shown as text. */
  requestPatch(bytes: Buffer): void {
    if (this.#audit.level === 'Metadata') return;
    const text = bytes.toString('utf8');
    try {
      this.#requestObject = JSON.stringify(JSON.parse(text));
    } catch {
      this.#requestObject = JSON.stringify(text);
    }
  }

  /** The answer that is about to be sent as a whole; most need not be looked at. */
  answered(code: number, contentType: string, body: () => Buffer): void {
    const whole = this.#audit.level === 'RequestResponse';
    if (whole || mayBeStatus(this.#call, code)) {
      const object = answerObject(contentType, body());
      if (object?.kind === 'Status') this.#status = statusOf(object.value());
      if (whole) this.#responseObject = object?.json(this.#audit.omitManagedFields);
    }
    this.head(code);
  }

  /** Sends the first stage; false when it could not be kept and the request must not go on. */
  received(): boolean | Promise<boolean> {
    return this.#process('RequestReceived', this.#call.receivedMs);
  }

  /** Follows an answer that writes itself. */
  followAnswer(response: ServerResponse): void {
    const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
    response.writeHead = (...args: unknown[]) => {
      this.head(args[0] as number);
      return writeHead(...args);
    };
  }

  /** Follows a connection that is taken over: its first line tells how it went. */
  followConnection(socket: Duplex): void {
    const write = socket.write;
    socket.write = ((chunk: unknown, ...rest: unknown[]) => {
      socket.write = write;
      const line = /^HTTP\/1\.1 (\d{3})/.exec(
        typeof chunk === 'string'
          ? chunk
          : Buffer.from(chunk as Uint8Array).toString('latin1', 0, 12),
      );
      this.head(line === null ? 101 : Number(line[1]));
      return (write as (...args: unknown[]) => boolean).call(socket, chunk, ...rest);
    }) as typeof write;
  }

  /** The answer starts. */
  head(code: number): void {
    if (this.#started) return;
    this.#started = true;
    const { metadata = {}, ...rest } = this.#status ?? {};
    this.#status = { metadata, ...rest, code };
    if (this.#call.longRunning) void this.#process('ResponseStarted', this.#now());
  }

  /** The request has ended; `code`: of its answer, 0 when there was none. */
  async complete(code: number): Promise<void> {
    if (!this.#started && code > 0) this.head(code);
    if (!this.#started) {
      this.#status = { metadata: {}, status: 'Success', message: 'Connection closed early' };
      this.head(200);
    }
    if (this.#call.user === undefined) return;
    const nowMs = this.#now();
    const tookMs = nowMs - this.#call.receivedMs;
    if (tookMs > slowMs) this.annotate(totalKey, formatDuration(tookMs));
    await this.#process('ResponseComplete', nowMs);
  }

  /** The request has ended in a failure of the server's own. */
  async panic(error: unknown): Promise<void> {
    this.#status = {
      metadata: {},
      status: 'Failure',
      message: `APIServer panic'd: ${error instanceof Error ? error.message : String(error)}`,
      reason: 'InternalError',
      code: 500,
    };
    await this.#process('Panic', this.#now());
  }

  #process(stage: AuditStage, stageMs: number): boolean | Promise<boolean> {
    if (this.#audit.omitStages.has(stage)) return true;
    return this.#sink.process([this.#event(stage, stageMs)]);
  }

  #event(stage: AuditStage, stageMs: number): AuditEvent {
    const { raw, auditId, attributes, user, receivedMs } = this.#call;
    return {
      level: this.#audit.level,
      auditID: auditId,
      stage,
      requestURI: raw.url ?? '',
      verb: attributes.verb,
      user: user === undefined ? {} : auditUser(user),
      ...(this.#impersonated === undefined ? {} : { impersonatedUser: this.#impersonated }),
      ...(this.#constraint === ''
        ? {}
        : { authenticationMetadata: { impersonationConstraint: this.#constraint } }),
      sourceIPs: sourceIps(raw.headers, raw.socket.remoteAddress),
      userAgent: this.#userAgent,
      ...(this.#reference === undefined ? {} : { objectRef: { ...this.#reference } }),
      ...(this.#status === undefined ? {} : { responseStatus: this.#status }),
      ...(this.#requestObject === undefined ? {} : { requestObject: this.#requestObject }),
      ...(this.#responseObject === undefined ? {} : { responseObject: this.#responseObject }),
      receivedMs,
      stageMs,
      annotations: { ...this.#annotations },
    };
  }
}

/** Only some answers can be a Status. */
function mayBeStatus({ attributes: { verb, subresource } }: AuditedCall, code: number): boolean {
  return code >= 400 || verb.startsWith('delete') || (verb === 'create' && subresource !== '');
}

function statusOf(value: Readonly<Record<string, unknown>>): ResponseStatus {
  const { status, message, reason, details, code } = value as unknown as ResponseStatus;
  return {
    metadata: {},
    ...(status === undefined ? {} : { status }),
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    ...(code === undefined ? {} : { code }),
  };
}

function referenceOf(a: AuditedCall['attributes']): ObjectReference {
  const reference: ObjectReference = {};
  fill(reference, 'resource', a.resource);
  fill(reference, 'namespace', a.namespace);
  fill(reference, 'name', a.name);
  fill(reference, 'apiGroup', a.group);
  fill(reference, 'apiVersion', a.version);
  fill(reference, 'subresource', a.subresource);
  return reference;
}

function fill(r: ObjectReference, field: keyof ObjectReference, value: string | undefined): void {
  if (r[field] === undefined && value !== undefined && value !== '') r[field] = value;
}

function auditUser({ name, uid, groups, extra = {} }: UserInfo): AuditUser {
  return {
    ...(name === '' ? {} : { username: name }),
    ...(uid === undefined || uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}
