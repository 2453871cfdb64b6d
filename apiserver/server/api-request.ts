/** One request on its way through the chain. What is not asked for is not parsed. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FieldSelectorError, parseFieldSelector } from '../../machinery/meta/fields.ts';
import { badRequest, StatusError } from '../../machinery/meta/status-error.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { UserInfo } from '../registry/resource.ts';
import { parseQuery } from './query.ts';
import { parseRequestInfo, type RequestInfo } from './request-info.ts';

const noQuery = new URLSearchParams();
const anonymous: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Largest body of a request, as the real server limits it. */
export const maxBodyBytes = 3 * 1024 * 1024;

export class ApiRequest {
  readonly raw: IncomingMessage;
  readonly method: string;
  /** Decoded path, without query. */
  readonly path: string;
  /** Without the question mark. */
  readonly queryText: string;
  readonly info: RequestInfo;
  /** Of the audit log and the `Audit-Id` header. */
  readonly auditId: string;
  user: UserInfo = anonymous;
  /** What the audit log will tell of it; undefined: nothing. */
  audit: AuditTrail | undefined;
  /** When it came, by the process's own clock, in milliseconds. */
  readonly receivedMs = performance.now();
  /** Texts for `Warning: 299` headers, in order. */
  warnings: string[] | undefined;
  /** Headers of the answer, whatever it will be. */
  answerHeaders: Readonly<Record<string, string>> | undefined;
  /** How long it may take; undefined: as long as it likes. */
  timeoutMs: number | undefined;
  /** How long a watch lasts at the least that names no time; 0: as long as its client likes. */
  watchMs = 0;
  /** It took too long and has been answered: what comes now is for nobody. */
  overdue = false;
  /** Tells that a watch has shown what there was. */
  started: (() => void) | undefined;
  readonly #response: ServerResponse | undefined;
  #query: URLSearchParams | undefined;
  #abort: AbortController | undefined;

  /**
   * Throws BadRequest for a path that cannot be decoded. A request for an upgrade has no response:
   * it lasts as long as its connection.
   */
  constructor(raw: IncomingMessage, response?: ServerResponse) {
    this.raw = raw;
    this.#response = response;
    this.auditId = this.header('audit-id') || randomUUID();
    this.method = raw.method ?? 'GET';
    const url = raw.url ?? '/';
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    this.queryText = mark < 0 ? '' : url.slice(mark + 1);
    this.path = path.includes('%') ? decodePath(path) : path;
    this.info = parseRequestInfo(this.method, this.path, {
      watch: this.queryText.includes('watch') && isTrue(this.query.get('watch')),
      selectedName: this.queryText.includes('fieldSelector=')
        ? selectedName(this.query.get('fieldSelector') ?? '')
        : undefined,
    });
  }

  get query(): URLSearchParams {
    this.#query ??= this.queryText === '' ? noQuery : parseQuery(this.queryText);
    return this.#query;
  }

  header(name: string): string | undefined {
    const value = this.raw.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  warn(text: string): void {
    this.warnings ??= [];
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }

  /** The client went away. */
  get gone(): boolean {
    return (this.#response ?? this.raw.socket).destroyed;
  }

  /** Calls back when the client goes away or the answer is complete, until told to forget it. */
  onGone(run: () => void): () => void {
    const ending = this.#response ?? this.raw.socket;
    ending.once('close', run);
    return () => void ending.off('close', run);
  }

  /** Aborts when the client goes away, or when the answer is complete. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      // A connection serves many requests: what listens to it would stay.
      const ending = this.#response ?? this.raw.socket;
      ending.once('close', () => abort.abort());
      if (ending.destroyed) abort.abort();
    }
    return this.#abort.signal;
  }

  /** The whole body. Throws 413 when it is larger than the limit, 400 when it breaks off. */
  readBody(limitBytes = maxBodyBytes): Promise<Buffer> {
    const { raw } = this;
    const announced = Number(raw.headers['content-length'] ?? 0);
    if (announced > limitBytes) return Promise.reject(tooLarge(limitBytes));
    if (raw.destroyed && !raw.readableEnded) return Promise.reject(brokenOff());
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      raw.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > limitBytes) {
          raw.removeAllListeners('data');
          raw.resume();
          reject(tooLarge(limitBytes));
          return;
        }
        chunks.push(chunk);
      });
      raw.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
      raw.once('error', () => reject(brokenOff()));
      raw.once('close', () => {
        if (!raw.readableEnded) reject(brokenOff());
      });
    });
  }
}

function brokenOff(): StatusError {
  return badRequest('the body of the request broke off');
}

function tooLarge(limit: number): StatusError {
  return new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw badRequest(`invalid URL escape in path`);
  }
}

/** A flag in a query as the API reads it: all is true but `0` and `false`, a bare `watch` as well. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

function selectedName(selector: string): string | undefined {
  try {
    return parseFieldSelector(selector).exactValue('metadata.name') || undefined;
  } catch (e) {
    // What is wrong with it is told when the list is made.
    if (e instanceof FieldSelectorError) return undefined;
    throw e;
  }
}
